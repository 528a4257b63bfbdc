from .schema import Config as Config
from .load import load_config as load_config, save_config as save_config, template as template
from .edit import edit_config as edit_config
