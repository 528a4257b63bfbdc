from .exporting import export_project as export_project, formats as formats
