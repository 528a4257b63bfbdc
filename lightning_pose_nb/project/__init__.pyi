from .checks import check_project as check_project, format_problems as format_problems
from .create import guess_values as guess_values, label_book as label_book, start_project as start_project
from .recommendation import recommend as recommend
