from .backbones import make_backbone as make_backbone
from .single_frame import Normalise as Normalise
from .networks import build_network as build_network
from .folder import load_model as load_model, pick_device as pick_device, save_model as save_model
