"""Other programs: what goes out to them and comes in from them."""
from .._names import public_names

__getattr__, __dir__, __all__ = public_names(__name__, __file__)
