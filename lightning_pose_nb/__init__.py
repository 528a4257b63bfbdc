"""Animal pose estimation from a notebook: label frames, write one config, get trajectories to trust."""
import os

__version__ = "0.1.0"

# Threads of one computation that wait for each other must not burn processor time while they do: on a machine that is shared,
# or limited to less than its cores, they would take it from the very thread they are waiting for (here: 7 times slower).
# OpenMP reads this when torch is first imported; a value the user has set stands.
os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')

# The names a user types. Each is imported when it is first asked for, so that importing the package costs nothing.
_HOMES = {'train': 'api', 'TrainedModel': 'api', 'load_config': 'config.load', 'make_project': 'synthetic.project', 'check_project': 'project.checks', 'ConfigEditor': 'widgets.config_editor',
          'PoseViewer': 'widgets.pose_viewer', 'LabelBook': 'labeling.label_book', 'label_book': 'project.create', 'start_project': 'project.create', 'suggest_frames': 'labeling.frame_suggestions',
          'TrainingMonitor': 'widgets.training_monitor', 'start_training': 'widgets.training_monitor', 'write_report': 'report'}
__all__ = ['ConfigEditor', 'LabelBook', 'PoseViewer', 'TrainedModel', 'TrainingMonitor', 'check_project', 'label_book', 'load_config', 'make_project',
           'start_project', 'start_training', 'suggest_frames', 'train', 'write_report']


def __getattr__(name: str) -> object:
    "Import a public name from the module that owns it."
    from importlib import import_module
    if name not in _HOMES: raise AttributeError(f'lightning_pose_nb has no {name!r}; it has {", ".join(__all__)}')
    return getattr(import_module(f'{__name__}.{_HOMES[name]}'), name)
