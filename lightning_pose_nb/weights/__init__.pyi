from .files import find_weights as find_weights, read_tensors as read_tensors
