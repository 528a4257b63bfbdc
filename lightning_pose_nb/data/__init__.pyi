from .labels import Labels as Labels, read_labels as read_labels, write_labels as write_labels
from .predictions import (
    Predictions as Predictions,
    read_predictions as read_predictions,
    write_predictions as write_predictions,
)
from .frame_names import frame_number as frame_number, neighbour_paths as neighbour_paths
from .multiview_labels import project_labels as project_labels
from .context_frames import extract_context as extract_context
from .bounding_boxes import BoxOptions as BoxOptions
from .crops import boxes_from_table as boxes_from_table, crop_labels as crop_labels, crop_video as crop_video
