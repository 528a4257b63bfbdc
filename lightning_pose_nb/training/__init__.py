"""Schedules, the LightningModule, fit, checkpoints, progress and what a training will cost."""
import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
