from .images import (
    VideoError as VideoError,
    image_size as image_size,
    read_image as read_image,
)
from .io import VideoWriter as VideoWriter, find_videos as find_videos
from .sequential import probe as probe, read_batches as read_batches, read_frames as read_frames
from .random_access import VideoReader as VideoReader
from .clips import read_clips as read_clips
from .dali import dali_missing as dali_missing, read_clips_dali as read_clips_dali
from .backends import machine_reason as machine_reason
