from .metrics import (
    calibration as calibration,
    pca_errors as pca_errors,
    pixel_error as pixel_error,
    read_metric as read_metric,
    summarise as summarise,
    temporal_norm as temporal_norm,
)
from .evaluate import evaluate_labels as evaluate_labels, evaluate_video as evaluate_video
from .time_series import FrameSignals as FrameSignals
from .model_comparison import (
    RunErrors as RunErrors,
    Tolerances as Tolerances,
    animal_length as animal_length,
    compare_models as compare_models,
    pck as pck,
)
