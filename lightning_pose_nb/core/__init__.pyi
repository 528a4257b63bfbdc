from .errors import Problem as Problem, ProjectError as ProjectError
from .files import fingerprint as fingerprint, is_same_file as is_same_file, replacing as replacing
from .coordinates import (
    apply_matrix as apply_matrix,
    invert as invert,
    resize_images as resize_images,
    resize_matrix as resize_matrix,
)
from .heatmaps import decode_heatmaps as decode_heatmaps, target_heatmaps as target_heatmaps
from .mirror_names import flip_pairs as flip_pairs, mirror_name as mirror_name
from .locks import owned as owned
