"""Text of tables, and their numbers at the speed of a C reader."""
from .._names import public_names

__getattr__, __dir__, __all__ = public_names(__name__, __file__)
