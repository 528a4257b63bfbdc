"""One YAML file: its keys, its rules, reading, checking, changing and writing it."""
import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
