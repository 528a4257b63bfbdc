"""Many trainings and predictions: a manifest of jobs, done on this machine or on a cluster."""
from .._names import public_names

__getattr__, __dir__, __all__ = public_names(__name__, __file__)
