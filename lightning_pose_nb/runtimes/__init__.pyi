from .browser import write_page as write_page
from .choice import RUNTIMES as RUNTIMES, has_amx as has_amx
from .example_frames import training_frames as training_frames, video_frames as video_frames
from .export import EXPORT_FORMATS as EXPORT_FORMATS, ExportedModel as ExportedModel, export_model as export_model
