"""Predict videos, images and label tables with a trained model."""
from .._names import public_names

__getattr__, __dir__, __all__ = public_names(__name__, __file__)
