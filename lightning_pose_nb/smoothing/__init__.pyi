from .ensembles import ensemble_predictions as ensemble_predictions, join_predictions as join_predictions
