from .manifest import Manifest as Manifest, read_manifest as read_manifest, write_manifest as write_manifest
from .states import States as States, describe_states as describe_states, jobs_view as jobs_view
from .local import run_local as run_local
from .sweeps import (
    compare_runs as compare_runs,
    plan_sweep as plan_sweep,
    plot_sweep as plot_sweep,
    sweep_table as sweep_table,
)
from .videos import Orders as Orders, Portions as Portions, plan_predictions as plan_predictions
from .slurm import ClusterSettings as ClusterSettings, read_settings as read_settings, submit_slurm as submit_slurm
from .ray import run_ray as run_ray
from .tuning import (
    TuningOptions as TuningOptions,
    plan_tuning as plan_tuning,
    plot_tuning as plot_tuning,
    tuning_table as tuning_table,
    write_tuning as write_tuning,
)
