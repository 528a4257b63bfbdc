"""Ensembles: keypoints of several models joined to one trajectory, and how far the models disagree."""
from .._names import public_names

__getattr__, __dir__, __all__ = public_names(__name__, __file__)
