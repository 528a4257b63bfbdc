"""Hyperparameter tuning: search spaces of config keys, studies of Optuna, pruned trials."""
from .._names import public_names

__getattr__, __dir__, __all__ = public_names(__name__, __file__)
