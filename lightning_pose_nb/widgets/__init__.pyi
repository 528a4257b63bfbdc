from .config_editor import ConfigEditor as ConfigEditor
from .scene import plot_view as plot_view
from .pose_viewer import PoseViewer as PoseViewer
from .training_monitor import (
    TrainingMonitor as TrainingMonitor,
    describe_run as describe_run,
    plot_samples as plot_samples,
    read_run as read_run,
    start_training as start_training,
)
from .live_view import LiveView as LiveView
from .jobs_view import JobLine as JobLine, JobsView as JobsView
