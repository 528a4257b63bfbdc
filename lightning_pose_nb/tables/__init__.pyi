from .table_text import open_table as open_table
from .number_blocks import read_blocks as read_blocks
