from .choice import RUNTIMES as RUNTIMES
