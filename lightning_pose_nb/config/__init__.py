"""One YAML file: its keys, its rules, reading, checking, changing and writing it."""
from .._names import public_names

__getattr__, __dir__, __all__ = public_names(__name__, __file__)
