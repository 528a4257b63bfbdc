"""Engines that compute a trained network, each compared with PyTorch before it is used."""
from .._names import public_names

__getattr__, __dir__, __all__ = public_names(__name__, __file__)
