"""Predict while the camera runs: frames in, keypoints out, with bounded latency."""
from .._names import public_names

__getattr__, __dir__, __all__ = public_names(__name__, __file__)
