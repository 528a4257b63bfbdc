"""Files on S3, Google Cloud Storage and web servers: found, fetched to this computer, and pushed back when complete."""
from .._names import public_names

__getattr__, __dir__, __all__ = public_names(__name__, __file__)
