"""Cases of faults while something is trained, and of model folders that are damaged."""
from bad_input import Case

SETUP = ['model.json', 'config.yaml', 'subspaces.json', 'sources.json', 'progress.json', 'logs', 'tb_logs',
         '.weights.safetensors.host-1.part']  # what a run writes before its first save

_REFUSED = 'refused before anything is computed, with the process and its computer'
_BEGUN = 'training begins again, with or without --resume'
_GOOD = 'training stops with exit code 1; the last good weights are the model, the message says which and what to try'
_DAMAGED = 'a message names the file and the ways on: begin again, or from the best weights; nothing in it is run'

CASES = [
    Case('faults', 'two trainings into one folder', _REFUSED, 'refused'),
    Case('faults', 'a training killed while its folder is set up', _BEGUN, 'right', count=2*2**len(SETUP)),
    Case('faults', 'a training that fails before its first save', _BEGUN, 'right', count=2),
    Case('faults', 'a training killed within an epoch',
         'resumed, it ends with the same weights to the last bit', 'right', count=10,
         lost='checkpoint_every_seconds of work at most',
         lightning_pose='resumes at the last checkpoint of an epoch, with another data order'),
    Case('faults', 'learning diverges before the first validation', _GOOD, 'told',
         lost='what was learned since the last checkpoint', lightning_pose='trains on to the end with NaN'),
    Case('faults', 'learning diverges after a validation', _GOOD, 'told', lost='what was learned since the best validation'),
    Case('faults', 'learning diverges in the first steps',
         'training stops with exit code 1 and says so; there is no model, and the folder may be trained into again', 'told'),
    Case('faults', 'memory too small for a batch',
         'the batch passes through the network in parts, with the same losses; said once, and in model.json', 'told', count=2),
    Case('faults', 'memory too small for one image', 'a message names the sizes to try', 'refused'),
    Case('faults', 'the resume checkpoint is damaged or not ours', _DAMAGED, 'refused', count=5),
    Case('faults', 'the disk is full while weights or a checkpoint are written',
         'a message names the file; what stood there before is still there', 'told', count=2),
    Case('labels', 'no validation frame has a label',
         'the last weights are kept, the error is null in model.json, and a line says so', 'told',
         lightning_pose='a validation error of 0 chooses the first weights'),
    Case('labels', 'early stopping without validation labels', 'a message names the key before training', 'refused'),
    Case('names', 'a model_name that leads out of the model folder',
         'the logs stay within the model folder', 'right', count=5),
]
