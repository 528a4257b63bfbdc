from .supervised import effective_weight as effective_weight
from .pose_subspace import fit_subspace as fit_subspace, load_subspaces as load_subspaces
from .objective import multiview_losses as multiview_losses
