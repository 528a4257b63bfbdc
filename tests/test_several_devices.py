"""A training in two processes is that of one: same weights, same log, one owner of the folder, one message."""
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from devices import Dies, Double
from pytorch_lightning.callbacks import Callback

from lightning_pose_nb import train
from lightning_pose_nb.config.load import load_config
from lightning_pose_nb.core.errors import ProjectError
from lightning_pose_nb.data.multiview_labels import project_labels
from lightning_pose_nb.datasets.frame_errors import FILE as FRAME_ERRORS
from lightning_pose_nb.models.folder import WEIGHTS, load_description
from lightning_pose_nb.synthetic.project import make_project
from lightning_pose_nb.training import several_devices
from lightning_pose_nb.training.checkpoints import RESUME
from lightning_pose_nb.training.fit import fit_model, read_log
from lightning_pose_nb.training.provenance import largest_difference

SMALL = {
    'data.image_resize_dims.height': 64, 'data.image_resize_dims.width': 64,
    'model.backbone': 'test_resnet', 'model.backbone_pretrained': False,
    'training.max_epochs': 3, 'training.min_epochs': None, 'training.unfreezing_epoch': 1,
    'training.train_prob': 0.6, 'training.val_prob': 0.4, 'training.train_frames': 13,
    'training.train_batch_size': 4, 'training.val_batch_size': 4,
    'training.check_val_every_n_epoch': 1, 'training.log_every_n_steps': 1, 'training.oversample': 'error',
    'training.lr_scheduler_params.multisteplr.milestones': [1],
    'training.checkpoint_every_seconds': 0.001, 'training.accelerator': 'cpu'}
TURNED = {'training.imgaug': {'Affine': {'p': 1, 'kwargs': {'rotate': [-20, 20]}}}}
VIDEO = TURNED | {
    'model.losses_to_use': ['pca_singleview', 'unimodal_mse', 'ema_teacher'], 'training.limit_train_batches': 4,
    'data.columns_for_singleview_pca': [0, 1, 2], 'dali.base.train.sequence_length': 7,
    'callbacks.anneal_weight.freeze_until_epoch': 0, 'callbacks.anneal_weight.increase_factor': 0.5,
    **{f'losses.{loss}.log_weight': 0. for loss in ('pca_singleview', 'unimodal_mse', 'ema_teacher')},
    **{f'losses.{loss}.prob_threshold': 0. for loss in ('unimodal_mse', 'ema_teacher')}}


@pytest.fixture(scope='module')
def config(tmp_path_factory):
    "A small project; 13 training frames: the last batch of an epoch has one, and one process none."
    place = tmp_path_factory.mktemp('projects')
    return make_project(place/'mouse', n_frames=22, n_videos=1, n_video_frames=30, n_test_videos=0, seed=1)


def test_killed_and_continued_with_other_numbers_of_processes(config, tmp_path):
    """Weights, choices and log are those of one process: batches and clips are shared, their means are those of all,
    and a run that loses a process goes on with one, and then with two."""
    def train(name, processes, *callbacks, resume=False):
        cfg = load_config(config, SMALL | VIDEO | {'training.num_gpus': processes})
        fit_model(cfg, project_labels(cfg), tmp_path/name, resume, False, (Double(), *callbacks))

    train('one', 1)
    message = 'process 2 of 2: ValueError: somebody tripped over the cable .*continue with resume=True'
    with pytest.raises(ProjectError, match=message): train('two', 2, Dies(1, 1, 1))
    assert not (tmp_path/'two'/WEIGHTS).exists()
    with pytest.raises(ValueError, match='cable'): train('two', 1, Dies(0, 1, 2), resume=True)
    train('two', 2, resume=True)
    one, two = tmp_path/'one', tmp_path/'two'
    assert sorted(path.name for path in tmp_path.iterdir()) == ['one', 'two']  # no lock is left
    ends = [torch.load(folder/RESUME, weights_only=True)['state_dict'] for folder in (one, two)]
    assert largest_difference(*ends) < 1e-9
    assert (one/FRAME_ERRORS).read_bytes() == (two/FRAME_ERRORS).read_bytes()
    for fact in ('epochs', 'steps', 'best_epoch'):
        assert load_description(one)[1][fact] == load_description(two)[1][fact]
    columns = ['train_supervised_loss', 'total_loss', 'val_pixel_error', 'val_supervised_loss']
    logs = [read_log(folder)[columns].apply(lambda column: column.dropna().to_numpy()) for folder in (one, two)]
    for column in columns: np.testing.assert_allclose(logs[0][column], logs[1][column], rtol=1e-5)
    assert load_description(two)[0].training.num_gpus == 2


def test_callback_that_cannot_be_sent(config, tmp_path):
    "It is refused before another process starts."
    class Local(Callback):
        "Of this function, and of no module."

    cfg = load_config(config, SMALL | {'training.num_gpus': 2})
    with pytest.raises(ProjectError, match=r'Local.*first_process_only'):
        fit_model(cfg, project_labels(cfg), tmp_path/'run', False, False, (Local(),))


def free_port():
    "A port that nobody uses."
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        return free.getsockname()[1]


def variables(rank, port):
    "What torchrun tells one of two processes."
    return {'RANK': str(rank), 'LOCAL_RANK': str(rank), 'WORLD_SIZE': '2', 'LOCAL_WORLD_SIZE': '2',
            'MASTER_ADDR': '127.0.0.1', 'MASTER_PORT': str(port)}


def begin(words, folder, rank, port):
    "Start a command in one of two processes, as torchrun does."
    return subprocess.Popen(
        [sys.executable, '-c', 'from lightning_pose_nb.cli.main import main; main()', *map(str, words)], cwd=folder,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | variables(rank, port))


def launch(words, folder):
    "Start a command in two processes, as torchrun does; exit codes and what each of them said."
    port = free_port()
    running = [begin(words, folder, rank, port) for rank in range(2)]
    said = [process.communicate(timeout=300)[0] for process in running]
    return [process.returncode for process in running], said


def test_command_started_by_torchrun(config, tmp_path):
    "The first process speaks; the others say nothing, and have no folder of their own."
    changes = SMALL | {'training.max_epochs': 1, 'eval.predict_vids_after_training': False}
    words = [f'{key}={"null" if value is None else value}' for key, value in changes.items()]
    codes, said = launch(['train', config, *words], tmp_path)
    assert codes == [0, 0], said
    assert said[1] == ''
    assert '2 processes' in said[0]
    assert 'next: lpnb predict' in said[0]
    folders = [path.parent for path in Path(tmp_path).rglob(WEIGHTS)]
    assert len(folders) == 1
    assert load_description(folders[0])[0].training.num_gpus == 2


def test_script_that_is_the_second_process(config, tmp_path, monkeypatch):
    "It trains with the first, has the same model at the end, and learns why there is none if the first fails."
    monkeypatch.setattr(several_devices, '_LAUNCHED', [])
    changes = SMALL | VIDEO | {'training.max_epochs': 2, 'eval.predict_vids_after_training': False}
    whole = f'from lightning_pose_nb import train; train({str(config)!r}, "model", {changes!r})'
    broken = f'{whole}; train({str(config)!r}, "other", ["training.max_epoch=1"])'
    port = free_port()
    first = subprocess.Popen(
        [sys.executable, '-c', broken], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=os.environ | variables(0, port))
    for name, value in variables(1, port).items(): monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    model = train(config, 'model', changes, progress=False)
    with pytest.raises(ProjectError, match='max_epoch'): train(config, 'other', progress=False)
    said = first.communicate(timeout=300)[0]
    assert first.returncode == 1, said
    assert 'max_epochs' in said
    assert load_description(tmp_path/'model')[0].training.num_gpus == 2
    assert Path(model.model.folder).resolve() == (tmp_path/'model').resolve()
    assert not (tmp_path/'other').exists()
