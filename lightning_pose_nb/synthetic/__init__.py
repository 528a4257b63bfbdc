"""The sample animal: projects with ground truth, made in seconds."""
from .._names import public_names

__getattr__, __dir__, __all__ = public_names(__name__, __file__)
