"""What comes in from other programs: projects, labels, images, videos."""
from .._names import public_names

__getattr__, __dir__, __all__ = public_names(__name__, __file__)
