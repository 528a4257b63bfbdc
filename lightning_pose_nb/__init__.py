"""Animal pose estimation from a notebook: label frames, write one config, get trajectories to trust

You film animals and want to know where their paws, ears and tails are in every frame. You label a few hundred frames, write one config file, and lightning_pose_nb trains a network and predicts your videos: from Python, from a notebook or from the command line, on the machine you have. It reads and writes the files of [Lightning Pose](https://github.com/paninski-lab/lightning-pose), so labels, configs and predictions move freely between the two."""

import os

from ._names import public_names

__version__ = "0.1.0"

# Threads of one computation that wait for each other must not burn processor time while they do: on a machine that is
# shared, or limited to less than its cores, they would take it from the very thread they are waiting for (here: 7 times
# slower). OpenMP reads this when torch is first imported; a value the user has set stands.
os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')

# The names a user types, listed in `__init__.pyi`. Each is imported when it is first asked for, so that importing the
# package costs nothing.
__getattr__, __dir__, __all__ = public_names(__name__, __file__)
