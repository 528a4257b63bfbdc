from .project import make_project as make_project, real_data as real_data, skip_reason as skip_reason
