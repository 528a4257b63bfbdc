from .augmentation import make_augmenter as make_augmenter
from .datamodule import PoseData as PoseData, make_split as make_split
