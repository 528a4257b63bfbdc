from .style import PALETTE as PALETTE, keypoint_colours as keypoint_colours
from .keypoints import (
    plot_frames as plot_frames,
    plot_heatmap as plot_heatmap,
    plot_keypoints as plot_keypoints,
    plot_traces as plot_traces,
)
from .training import (
    loss_shares as loss_shares,
    plot_learning_curves as plot_learning_curves,
    plot_video_losses as plot_video_losses,
)
from .errors import plot_calibration as plot_calibration, plot_errors as plot_errors
from .comparisons import (
    compare_models as compare_models,
    plot_comparison as plot_comparison,
    plot_cumulative as plot_cumulative,
    plot_trajectories as plot_trajectories,
)
from .labeled_video import render_video as render_video
