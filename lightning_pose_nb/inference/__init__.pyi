from .batches import PredictOptions as PredictOptions
from .videos import predict_video as predict_video
from .images import predict_images as predict_images
from .pieces import join_pieces as join_pieces, predict_piece as predict_piece
