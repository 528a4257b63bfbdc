__version__: str

from .api import TrainedModel as TrainedModel, overview as overview, reproduce as reproduce, train as train
from .config.load import load_config as load_config
from .config.edit import edit_config as edit_config
from .synthetic.project import make_project as make_project
from .project.checks import check_project as check_project
from .project.create import label_book as label_book, start_project as start_project
from .data.labels import Labels as Labels, read_labels as read_labels
from .data.predictions import Predictions as Predictions, read_predictions as read_predictions
from .inference.batches import PredictOptions as PredictOptions
from .labeling.label_book import LabelBook as LabelBook
from .labeling.frame_suggestions import suggest_frames as suggest_frames
from .widgets.config_editor import ConfigEditor as ConfigEditor
from .widgets.pose_viewer import PoseViewer as PoseViewer
from .widgets.training_monitor import TrainingMonitor as TrainingMonitor, start_training as start_training
from .report import write_report as write_report
from .imports.importing import import_project as import_project
from .exports.exporting import export_project as export_project

from . import core as core
from . import config as config
from . import tables as tables
from . import weights as weights
from . import remote as remote
from . import video as video
from . import data as data
from . import cameras as cameras
from . import synthetic as synthetic
from . import datasets as datasets
from . import losses as losses
from . import models as models
from . import training as training
from . import inference as inference
from . import live as live
from . import evaluation as evaluation
from . import plots as plots
from . import labeling as labeling
from . import project as project
from . import widgets as widgets
from . import interop as interop
from . import imports as imports
from . import exports as exports
from . import cluster as cluster
