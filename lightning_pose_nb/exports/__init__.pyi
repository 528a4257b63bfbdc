from .catalogue import formats as formats
from .exporting import export_project as export_project
