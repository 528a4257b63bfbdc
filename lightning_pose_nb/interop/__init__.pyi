from .fiftyone import launch as launch, make_dataset as make_dataset, make_video_dataset as make_video_dataset
from .importing import import_project as import_project, import_projects as import_projects
