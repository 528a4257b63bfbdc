"""Supervised, unsupervised and multi-view losses, pose subspaces, and their weighted sum."""
from .._names import public_names

__getattr__, __dir__, __all__ = public_names(__name__, __file__)
