from .schedules import make_rates as make_rates
from .lightning_module import PoseModule as PoseModule
from .progress import read_progress as read_progress
from .fit import fit_model as fit_model, quiet as quiet, read_log as read_log
from .cost_estimate import (
    describe_forecast as describe_forecast,
    forecast as forecast,
    network_memory as network_memory,
)
