"""Faults while something is trained: see `bad_training` for what is expected."""
import json
import resource
import shutil
import subprocess
import sys
import warnings
from itertools import chain, combinations
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from bad_training import SETUP
from pytorch_lightning.callbacks import Callback
from torch import nn

from lightning_pose_nb.config.load import load_config
from lightning_pose_nb.core.errors import ProjectError
from lightning_pose_nb.core.locks import owned
from lightning_pose_nb.data.labels import read_labels
from lightning_pose_nb.models.folder import ABOUT, CONFIG, WEIGHTS, load_model, save_weights
from lightning_pose_nb.synthetic.project import make_project
from lightning_pose_nb.training.checkpoints import BEST, RESUME, ResumeCheckpoint
from lightning_pose_nb.training.fit import fit_model, prepare_folder

SMALL = {
    'data.image_resize_dims.height': 64, 'data.image_resize_dims.width': 64,
    'model.backbone': 'test_resnet', 'model.backbone_pretrained': False,
    'training.max_epochs': 2, 'training.min_epochs': None, 'training.unfreezing_epoch': 0,
    'training.train_prob': 0.7, 'training.val_prob': 0.3, 'training.train_batch_size': 7,
    'training.check_val_every_n_epoch': 1, 'training.log_every_n_steps': 1, 'training.imgaug': 'none',
    'training.lr_scheduler_params.multisteplr.milestones': [1],
    'training.checkpoint_every_seconds': 0.001, 'training.accelerator': 'cpu'}


@pytest.fixture(scope='module')
def config(tmp_path_factory):
    "A project of twenty labelled frames."
    few = dict(n_frames=20, n_videos=1, n_video_frames=30, n_test_videos=0, seed=1)
    return make_project(tmp_path_factory.mktemp('project'), **few)


class Project:
    "Trains into folders beside each other."

    def __init__(self, config, place):
        self.config = config
        self.place = place
        self.labels = read_labels(load_config(config).data.csv_paths[0])

    def cfg(self, **settings):
        return load_config(self.config, SMALL | {key.replace('__', '.'): value for key, value in settings.items()})

    def train(self, name, *callbacks, resume=False, labels=None, **settings):
        folder = self.place/name
        fit_model(self.cfg(**settings), labels or self.labels, folder, resume, False, callbacks)
        return folder, json.loads((folder/ABOUT).read_text())


@pytest.fixture
def project(config, tmp_path):
    return Project(config, tmp_path)


class Poison(Callback):
    "The weights are lost in a step."

    def __init__(self, epoch, batch=0):
        self.place = (epoch, batch)

    def on_train_batch_start(self, trainer, module, batch, batch_idx):
        if (trainer.current_epoch, batch_idx) == self.place:
            with torch.no_grad():
                next(module.network.head.parameters()).mul_(torch.nan)


class Memory(Callback):
    "Holds so many images."

    def __init__(self, most):
        self.most = most

    def on_fit_start(self, trainer, module):
        for network in (module.network, module.eval_network):
            network.normalise.register_forward_pre_hook(self.look)

    def look(self, first_layer, args):
        if len(args[0]) > self.most:
            raise torch.OutOfMemoryError('out of memory')


def test_two_trainings(project):
    with owned(project.place/'model', 'training'):
        with pytest.raises(ProjectError, match='training by process'):
            project.train('model')
    assert not (project.place/'model').exists()


def set_up(folder, cfg_text):
    "What a killed set-up leaves."
    folder.mkdir()
    for name in SETUP:
        if name in ('logs', 'tb_logs'): (folder/name).mkdir()
        else: (folder/name).write_text('{"half of' if name.endswith('json') else cfg_text)
    return folder


@pytest.mark.parametrize('described', [False, True])
def test_killed_set_up(project, described):
    "Any subset of what setting up writes is begun again; files of somebody else are left alone."
    from lightning_pose_nb.models.folder import config_text, save_description
    cfg = project.cfg()
    whole = set_up(project.place/'whole', config_text(cfg))
    if described: save_description(whole, cfg, project.labels.keypoint_names, {'train': project.labels.images})
    for names in chain.from_iterable(combinations(SETUP, n) for n in range(len(SETUP)+1)):
        folder = project.place/'some'
        folder.mkdir()
        for name in names:
            if (whole/name).is_dir(): (folder/name).mkdir()
            else: shutil.copy(whole/name, folder/name)
        assert prepare_folder(cfg, project.labels, folder, resume=False) is None
        about = prepare_folder(cfg, project.labels, folder, resume=True)
        assert bool(about) == (described and {ABOUT, CONFIG} <= set(names))
        shutil.rmtree(folder)


@pytest.mark.parametrize('name', ['CollectedData.csv', 'config.yaml', 'notes.txt', 'calibrations'])
def test_files_of_others(project, name):
    folder = project.place/'others'
    folder.mkdir()
    (folder/name).write_text('mine')
    with pytest.raises(ProjectError, match='other files'):
        project.train('others')
    assert [path.name for path in folder.iterdir()] == [name]
    assert (folder/name).read_text() == 'mine'


def test_failed_start(project):
    "A damaged image stops the start; when it is mended the same command trains."
    image = project.config.parent/project.labels.images[3]
    content = image.read_bytes()
    image.write_bytes(content[:len(content)//2])
    try:
        with pytest.raises(ProjectError, match=image.name):
            project.train('model')
    finally:
        image.write_bytes(content)
    (project.place/'model'/'.weights.safetensors.elsewhere-1.part').touch()
    _, about = project.train('model', training__max_epochs=1)
    assert about['epochs'] == 1


def test_diverged_at_once(project):
    "No weights are good: there is no model, and the folder is free."
    rate = {'training__optimizer_params__learning_rate': 1e300}
    with pytest.raises(ProjectError, match='learning_rate'):
        project.train('model', **rate)
    folder = project.place/'model'
    assert not any((folder/name).exists() for name in (WEIGHTS, BEST, RESUME))
    _, about = project.train('model', training__max_epochs=1)
    assert 'diverged' not in about
    assert np.isfinite(about['val_pixel_error'])


def test_diverged_later(project):
    "The weights of the best validation are the model."
    best, _ = project.train('best', training__max_epochs=1)
    with pytest.raises(ProjectError, match='best validation'):
        project.train('model', Poison(1, 1))
    model = load_model(project.place/'model')
    assert (best/WEIGHTS).read_bytes() == (project.place/'model'/WEIGHTS).read_bytes()
    assert model.about['best_epoch'] == 1
    assert 'epoch 2' in model.about['diverged']


def test_diverged_before_validation(project):
    "The weights of the last checkpoint are the model."
    with pytest.raises(ProjectError, match='last checkpoint'):
        project.train('model', Poison(1), training__check_val_every_n_epoch=2)
    model = load_model(project.place/'model')
    assert all(weight.isfinite().all() for weight in model.network.parameters())
    assert model.about['best_epoch'] is None


@pytest.mark.parametrize('settings', [{}, {'model__losses_to_use': ['temporal'], 'training__limit_train_batches': 2}])
def test_memory_too_small(project, settings):
    "Training and validation go on with fewer images at once, and say so in the model's folder."
    settings |= {'callbacks__anneal_weight__freeze_until_epoch': 0}
    with pytest.warns(UserWarning, match='3 at once'):
        folder, about = project.train('model', Memory(3), **settings)
    assert about['micro_batch'] in (2, 3)
    assert about['steps'] == 4
    assert np.isfinite(about['val_pixel_error'])
    assert load_model(folder)


def test_no_memory_at_all(project):
    with pytest.raises(ProjectError, match='image_resize_dims'), warnings.catch_warnings(action='ignore'):
        project.train('model', Memory(0))


def without_validation_labels(labels):
    "One frame has labels; it trains."
    few = labels[list(range(len(labels)))]
    few.xy = np.where(np.arange(len(labels))[:, None, None] == 2, labels.xy, np.nan)
    return few


def test_no_validation_labels(project):
    "The last weights, the EMA, are kept; there is no error."
    few = without_validation_labels(project.labels)
    folder, about = project.train('model', labels=few)
    assert about['val_pixel_error'] is None
    assert about['best_epoch'] is None
    assert not (folder/BEST).exists()
    last = torch.load(folder/RESUME, weights_only=True)['state_dict']
    for name, value in load_model(folder).network.state_dict().items():
        assert torch.equal(last[f'mean.module.{name}'], value)


def test_early_stopping_without_labels(project):
    with pytest.raises(ProjectError, match='early_stopping'):
        project.train('model', labels=without_validation_labels(project.labels), training__early_stopping=True)
    assert not (project.place/'model').exists()


def test_damaged_checkpoint(project):
    "The message says what to do; done so, training goes on."
    folder, _ = project.train('model')
    whole = (folder/RESUME).read_bytes()
    saved = torch.load(folder/RESUME, weights_only=True)
    strange = []
    for change in ({'state_dict': {}}, {'loops': {'fit_loop': 3}}, {'optimizer_states': [{'state': 1}]}):
        torch.save(saved | change, project.place/'strange.ckpt')
        strange.append((project.place/'strange.ckpt').read_bytes())
    for content in (whole[:len(whole)//2], b'', *strange):
        (folder/RESUME).write_bytes(content)
        with pytest.raises(ProjectError, match='Remove the file and continue'):
            project.train('model', resume=True, training__max_epochs=3)
    (folder/RESUME).write_bytes(whole)
    assert project.train('model', resume=True, training__max_epochs=3)[1]['epochs'] == 3


@pytest.mark.parametrize('name', ['../../x', '/x/y', 'a/../../../x', '..', 'C:\\x'])
def test_model_name(project, name):
    from lightning_pose_nb.training.fit import _loggers
    folder = project.place/'in'/'model'
    with pytest.raises(ProjectError, match='model_name'):
        project.cfg(model__model_name=name)
    cfg = project.cfg()  # a model folder of an earlier version may have one
    cfg = cfg.model_copy(update={'model': cfg.model.model_copy(update={'model_name': name})})
    for logger in _loggers(cfg, folder):
        assert folder in (project.place/logger.log_dir).resolve().parents


@pytest.fixture
def full_disk():
    "No file can grow beyond 100 kB."
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_full_disk(tmp_path, full_disk):
    "The file is named, and the old one is still there."
    network = nn.Linear(500, 500)
    trainer = SimpleNamespace(lightning_module=network, loggers=[], is_global_zero=True)
    trainer.save_checkpoint = lambda path: torch.save(network.state_dict(), path)
    for name in (WEIGHTS, RESUME): (tmp_path/name).write_text('old')
    with pytest.raises(ProjectError, match=WEIGHTS):
        save_weights(tmp_path, network)
    with pytest.raises(ProjectError, match=RESUME):
        ResumeCheckpoint(tmp_path).save(trainer)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {WEIGHTS: 'old', RESUME: 'old'}


REFUSED = '''
import resource, sys
from types import SimpleNamespace
from pytorch_lightning.loggers import TensorBoardLogger
from lightning_pose_nb.training.fit import _close_logs
board = TensorBoardLogger(sys.argv[1], 'run', 0, default_hp_metric=False)
board.log_metrics({'loss': 1.}, 0)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
for step in range(30): board.log_metrics({'loss': 1.}, step)
_close_logs(SimpleNamespace(loggers=[board]))
print('what we say of it', file=sys.stderr)
'''


def test_full_disk_is_told_once(tmp_path):
    "TensorBoard does not try again when the program ends, and has nothing to say behind our message."
    command = [sys.executable, '-W', 'ignore', '-c', REFUSED, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0
    assert ended.stderr == 'what we say of it\n'
