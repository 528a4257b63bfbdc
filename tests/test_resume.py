"""A training that is interrupted within an epoch ends with the same weights, byte for byte."""
import pytest
import torch
from pytorch_lightning.callbacks import Callback

from lightning_pose_nb.config.load import load_config
from lightning_pose_nb.data.multiview_labels import project_labels
from lightning_pose_nb.datasets.frame_errors import FILE as FRAME_ERRORS
from lightning_pose_nb.models.folder import WEIGHTS, load_description
from lightning_pose_nb.synthetic.project import make_project
from lightning_pose_nb.training.checkpoints import RESUME
from lightning_pose_nb.training.fit import fit_model, read_log
from lightning_pose_nb.training.provenance import largest_difference

SMALL = {
    'data.image_resize_dims.height': 64, 'data.image_resize_dims.width': 64,
    'model.backbone': 'test_resnet', 'model.backbone_pretrained': False,
    'training.max_epochs': 2, 'training.min_epochs': None, 'training.unfreezing_epoch': 1,
    'training.train_prob': 0.75, 'training.val_prob': 0.25, 'training.train_batch_size': 3,
    'training.check_val_every_n_epoch': 1, 'training.log_every_n_steps': 1,
    'training.lr_scheduler_params.multisteplr.milestones': [1],
    'training.checkpoint_every_seconds': 0.001, 'training.accelerator': 'cpu'}
VIDEO = {
    'model.losses_to_use': ['temporal'], 'training.imgaug': 'dlc',
    'callbacks.anneal_weight.freeze_until_epoch': 0, 'callbacks.anneal_weight.increase_factor': 0.5}
TAUGHT = VIDEO | {'model.losses_to_use': ['temporal', 'ema_teacher'], 'losses.ema_teacher.prob_threshold': 0.,
                  'losses.ema_teacher.log_weight': 0.}
KINDS = {  # settings; places (epoch, batch) at which the process dies, and epoch and batches of the last save
    'accumulated': ({'training.accumulate_grad_batches': 2}, {(0, 3): (0, 2), (1, 2): (1, 2)}),
    'validated within the epoch': ({'training.val_check_interval': 0.5}, {(0, 2): (0, 1), (1, 3): (1, 3)}),
    'regression': ({'model.model_type': 'regression'}, {(0, 2): (0, 2), (1, 0): (0, 5)}),
    'steps and workers': (
        {'training.max_epochs': None, 'training.max_steps': 9, 'training.num_workers': 1}, {(1, 2): (1, 2)}),
    'context and video': (VIDEO | {'model.model_type': 'heatmap_mhcrnn', 'training.train_frames': 9}, {(0, 6): (0, 6)}),
    'EMA teacher': (TAUGHT | {'training.train_frames': 9}, {(0, 6): (0, 6), (1, 3): (1, 3)}),
    'hard frames': ({'training.oversample': 'error', 'training.num_workers': 1}, {(0, 2): (0, 2), (1, 2): (1, 2)}),
    'hard frames and video': (
        VIDEO | {'training.oversample': 'error', 'training.train_frames': 9}, {(0, 6): (0, 6), (1, 3): (1, 3)}),
    'hard frames of calibrated views': (
        {'data.cameras': 2, 'training.oversample': 'error', 'training.imgaug': 'dlc'}, {(1, 1): (1, 1)}),
    'calibrated views': ({'data.cameras': 2, 'training.imgaug': 'dlc'}, {(1, 1): (1, 1)}),
}


class Dies(Callback):
    "Raises after a batch, as if the process had been killed then."

    def __init__(self, epoch, batch):
        self.place = (epoch, batch)

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        if (trainer.current_epoch, batch_idx) == self.place:
            raise OSError('somebody tripped over the cable')


class Noise(Callback):
    "Moves a weight at random in each step, where dropout would do so: random numbers must go on, too."

    def on_before_optimizer_step(self, trainer, module, optimizer):
        weight = next(module.network.head.parameters())
        with torch.no_grad():
            weight += 1e-3*torch.randn_like(weight)


@pytest.fixture(scope='module')
def projects(tmp_path_factory):
    "A project of one camera, and one of two calibrated cameras."
    place = tmp_path_factory.mktemp('projects')
    few = dict(n_frames=20, n_videos=1, n_video_frames=30, n_test_videos=0, seed=1)
    return {0: make_project(place/'one', **few), 2: make_project(place/'two', cameras=2, **few)}


@pytest.mark.parametrize('kind', KINDS)
def test_same_weights(kind, projects, tmp_path):
    "Killed in the middle of epochs and continued, a run has the weights, the log and the choice of one that was not."
    settings, places = KINDS[kind]
    cfg = load_config(projects[settings.get('data.cameras', 0)],
                      SMALL | {key: value for key, value in settings.items() if key != 'data.cameras'})
    labels = project_labels(cfg)

    def train(name, *callbacks, resume=False):
        fit_model(cfg, labels, tmp_path/name, resume=resume, progress=False, callbacks=(Noise(), *callbacks))

    train('whole')
    for number, (place, last) in enumerate(places.items()):
        with pytest.raises(OSError, match='cable'):
            train('killed', Dies(*place), resume=number > 0)
        saved = torch.load(tmp_path/'killed'/RESUME, weights_only=True)
        batches = saved['loops']['fit_loop']['epoch_loop.batch_progress']['current']
        assert (saved['epoch'], batches['ready']) == last
    train('killed', resume=True)
    one, other = tmp_path/'whole', tmp_path/'killed'
    ends = [torch.load(folder/RESUME, weights_only=True)['state_dict'] for folder in (one, other)]
    assert largest_difference(*ends) == 0
    assert (one/WEIGHTS).read_bytes() == (other/WEIGHTS).read_bytes()
    assert (one/FRAME_ERRORS).read_bytes() == (other/FRAME_ERRORS).read_bytes()
    for fact in ('epochs', 'steps', 'best_epoch', 'val_pixel_error'):
        assert load_description(one)[1][fact] == load_description(other)[1][fact]
    columns = ['step', 'train_supervised_loss', 'val_pixel_error']
    columns += [f'train_{loss}_loss' for loss in cfg.model.losses_to_use]
    assert read_log(one)[columns].equals(read_log(other)[columns])
    assert read_log(one)[columns].notna().any().all()
