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
