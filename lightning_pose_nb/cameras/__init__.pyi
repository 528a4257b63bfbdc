from .calibration import (
    Camera as Camera,
    find_cameras as find_cameras,
    read_cameras as read_cameras,
    write_cameras as write_cameras,
)
from .calibration_import import import_calibration as import_calibration
from .triangulation import (
    read_points as read_points,
    reprojection_errors as reprojection_errors,
    triangulate as triangulate,
)
