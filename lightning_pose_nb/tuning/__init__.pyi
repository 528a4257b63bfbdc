from .search_space import SearchSpace as SearchSpace, parse_space as parse_space
