"""Files of trained weights: read without running code from them, and the names of other programs in them."""
from .._names import public_names

__getattr__, __dir__, __all__ = public_names(__name__, __file__)
