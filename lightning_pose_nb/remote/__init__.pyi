from .urls import Url as Url, parse_url as parse_url
from .transfer import fetch as fetch, find_files as find_files
