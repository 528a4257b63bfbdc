"""Settings of the `training` section that no notebook shows: each must do what its name says."""
import pytest

from lightning_pose_nb import make_project, train
from lightning_pose_nb.training.fit import read_log

QUICK = {  # 16 frames: 2 steps an epoch
    'data.image_resize_dims.height': 64,
    'data.image_resize_dims.width': 96,
    'model.backbone': 'test_resnet',
    'training.max_epochs': 2,
    'training.check_val_every_n_epoch': 1,
    'training.log_every_n_steps': 1,
    'training.train_batch_size': 8,
    'training.train_prob': 0.67,
    'training.val_prob': 0.12,
    'training.accelerator': 'cpu',
    'eval.predict_vids_after_training': False,
}


@pytest.fixture(scope='module')
def config(tmp_path_factory):
    "A small sample project."
    folder = tmp_path_factory.mktemp('sample')/'mouse'
    return make_project(folder, n_frames=24, n_videos=2, n_video_frames=30)


@pytest.mark.parametrize(('changes', 'epochs', 'steps'), [
    ({}, 2, 4),
    ({'training.max_epochs': None, 'training.max_steps': 5}, 3, 5),
    ({'training.accumulate_grad_batches': 2}, 2, 2),
    ({'training.limit_train_batches': 1}, 2, 2),
    ({'training.train_frames': 5}, 2, 2),
    ({'training.precision': 'bf16-mixed'}, 2, 4),
    ({'training.imgaug_hflip': True, 'training.imgaug': 'dlc-top-down'}, 2, 4),
    ({'training.cache_images': False, 'training.imgaug': 'dlc-lr'}, 2, 4),
    ({'training.optimizer': 'AdamW', 'training.weight_averaging': None}, 2, 4),
    ({'model.heatmap_loss_type': 'kl', 'data.downsample_factor': 1}, 2, 4),
    ({'model.heatmap_loss_type': 'js', 'data.downsample_factor': 3}, 2, 4),
], ids=lambda v: ', '.join(v) if isinstance(v, dict) else None)
def test_a_run_has_the_length_it_should_have(config, tmp_path, changes, epochs, steps):
    settings = QUICK | changes
    given = {}
    for key, value in settings.items():
        if value is not None or 'averaging' in key: given[key] = value
    model = train(config, tmp_path/'model', given, progress=False)
    about = model.model.about
    assert (about['epochs'], about['steps']) == (epochs, steps)
    assert read_log(model.folder)['val_pixel_error'].dropna().between(0, 300).all()


def test_early_stopping_stops(config, tmp_path):
    still = {
        'training.optimizer_params.learning_rate': 1e-12,
        'training.weight_averaging': None,
        'training.max_epochs': 20,
        'training.early_stopping': True,
        'training.early_stop_patience': 2,
    }
    model = train(config, tmp_path/'model', QUICK | still, progress=False)
    assert model.model.about['epochs'] < 20


def test_extra_checkpoints_are_kept(config, tmp_path):
    settings = QUICK | {'training.ckpt_every_n_epochs': 1}
    model = train(config, tmp_path/'model', settings, progress=False)
    assert len(list((model.folder/'checkpoints').glob('*.ckpt'))) == 2


def test_workers_prepare_the_same_batches(config, tmp_path):
    weights = []
    for n in (0, 2):
        run = train(config, tmp_path/str(n), QUICK | {'training.num_workers': n}, progress=False)
        weights.append((run.folder/'weights.safetensors').read_bytes())
    assert weights[0] == weights[1]


def test_loggers(config, tmp_path):
    "The CSV log is always written, TensorBoard's only if it is named."
    quick = QUICK | {'training.max_epochs': 1, 'training.loggers': ['csv']}
    train(config, tmp_path/'model', quick, progress=False)
    assert read_log(tmp_path/'model').shape[0]
    assert not (tmp_path/'model'/'tb_logs').exists()
