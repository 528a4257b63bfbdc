from .importing import import_project as import_project, import_projects as import_projects
from .anything import import_anything as import_anything
