"""Calibrated cameras: calibration files, triangulation, reprojection errors, points in 3D."""
from .._names import public_names

__getattr__, __dir__, __all__ = public_names(__name__, __file__)
