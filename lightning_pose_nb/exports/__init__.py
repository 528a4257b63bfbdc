"""What goes out to other programs: labels, predictions of videos and of images, 3D points."""
from .._names import public_names

__getattr__, __dir__, __all__ = public_names(__name__, __file__)
