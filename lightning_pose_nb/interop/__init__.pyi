from .fiftyone import launch as launch, make_dataset as make_dataset, make_video_dataset as make_video_dataset
