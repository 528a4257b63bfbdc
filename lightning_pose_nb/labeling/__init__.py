"""Frames to label, label tables that can be changed and undone, and which frame to label next."""
from .._names import public_names

__getattr__, __dir__, __all__ = public_names(__name__, __file__)
