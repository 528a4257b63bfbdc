"""Unlabelled video through public names: a model, what it leaves behind, a run that is killed."""
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lightning_pose_nb import TrainedModel, check_project, make_project, train
from lightning_pose_nb.training.fit import read_log

LOSSES = ('temporal', 'pca_singleview', 'pca_multiview')
QUICK = {
    'data.image_resize_dims.height': 64,
    'data.image_resize_dims.width': 64,
    'data.columns_for_singleview_pca': [0, 1, 2, 3],
    'training.max_epochs': 4,
    'training.lr_scheduler_params.multisteplr.milestones': [3],
    'training.check_val_every_n_epoch': 2,
    'training.train_batch_size': 8,
    'training.accelerator': 'cpu',
    'training.log_every_n_steps': 1,
    'training.checkpoint_every_seconds': 0.01,
    'model.backbone': 'test_resnet',
    'model.losses_to_use': list(LOSSES),
    'callbacks.anneal_weight.freeze_until_epoch': 0,
    'callbacks.anneal_weight.increase_factor': 0.5,
}
FRAMES = 30


@pytest.fixture(scope='module')
def home(tmp_path_factory) -> Path:
    "A folder with a tiny project and a model trained on its labels and its videos."
    home = tmp_path_factory.mktemp('unlabelled')
    config = make_project(home/'mouse', n_frames=30, n_videos=2, n_video_frames=FRAMES)
    train(config, home/'model', overrides=QUICK, progress=False)
    return home


def test_epochs_have_ten_steps_and_losses_fade_in(home):
    log = read_log(home/'model')
    assert json.loads((home/'model'/'model.json').read_text())['steps'] == 40
    steps = log.dropna(subset=['total_loss'])
    assert steps.groupby('epoch').size().tolist() == [10]*4
    fade = steps.groupby('epoch')['total_unsupervised_importance'].mean()
    assert fade.tolist() == [0, 0.5, 1, 1]
    assert steps.loc[steps['epoch'] == 0, 'train_temporal_loss'].isna().all()
    for name in LOSSES:
        late = steps[steps['epoch'] > 1]
        weighted = late[f'train_{name}_loss']*late[f'{name}_weight']
        logged = late[f'train_{name}_loss_weighted']
        np.testing.assert_allclose(logged, weighted, rtol=1e-4, atol=1e-12)
        assert late[f'{name}_weight'].iloc[0] == pytest.approx(0.5*np.exp(-11))
    unsupervised = sum(late[f'train_{name}_loss_weighted'] for name in LOSSES)
    parts = late['train_supervised_loss']+unsupervised
    np.testing.assert_allclose(parts, late['total_loss'], rtol=1e-4)


def test_every_prediction_has_its_pca_errors(home):
    names = TrainedModel(home/'model', accelerator='cpu').keypoint_names
    for kind, known in (('pca_singleview', range(4)), ('pca_multiview', range(20))):
        video = pd.read_csv(home/'model'/'video_preds'/f'session0_{kind}_error.csv', index_col=0)
        assert list(video.columns) == names
        assert len(video) == FRAMES
        labelled = pd.read_csv(home/'model'/f'predictions_{kind}_error.csv', index_col=0)
        assert set(labelled['set']) == {'train', 'validation'}
        for values in (video, labelled.drop(columns='set')):
            complete = [i for i, name in enumerate(names) if values[name].notna().all()]
            assert complete == list(known)
            assert (values.iloc[:, list(known)].to_numpy() >= 0).all()


def test_pca_errors_need_no_training_data(home, tmp_path):
    shutil.copytree(home/'model', tmp_path/'laptop')
    video = shutil.copy(next((home/'mouse'/'videos_new').glob('*.mp4')), tmp_path/'clip.mp4')
    config = tmp_path/'laptop'/'config.yaml'
    config.write_text(config.read_text().replace(str(home/'mouse'), '/nowhere'))
    TrainedModel(tmp_path/'laptop', accelerator='cpu').predict_video(video, progress=False)
    assert (tmp_path/'laptop'/'video_preds'/'clip_pca_singleview_error.csv').is_file()


def test_a_model_without_video_has_them_too(home, tmp_path):
    supervised = {
        'model.losses_to_use': [],
        'training.max_epochs': 1,
        'training.lr_scheduler_params.multisteplr.milestones': [],
        'eval.predict_vids_after_training': False,
    }
    model = train(home/'mouse'/'config.yaml', tmp_path/'plain', QUICK | supervised, progress=False)
    assert set(model.model.subspaces) == {'pca_singleview', 'pca_multiview'}
    assert (tmp_path/'plain'/'predictions_pca_multiview_error.csv').is_file()


@pytest.mark.parametrize(('change', 'said'), [
    ({'data.video_dir': None}, 'data.video_dir'),
    ({'data.video_dir': 'vidoes'}, 'Did you mean'),
    ({'data.mirrored_column_matches': None}, 'pca_multiview'),
    ({'losses.temporal.epsilon': [1.0, 2.0]}, '2 numbers for 20 keypoints'),
    ({'callbacks.anneal_weight.freeze_until_epoch': 9}, 'stay off'),
    ({'training.train_frames': 5}, '8 frames or more'),
    ({'model.losses_to_use': ['temproal']}, 'temporal')])
def test_mistakes_are_found_before_training(home, change, said):
    problems = check_project(home/'mouse'/'config.yaml', QUICK | change)
    found = [p for p in problems if p.level == 'error']
    assert any(said in str(p) for p in found), found


def test_killed_and_continued_is_never_killed(home, tmp_path):
    folder = tmp_path/'killed'
    settings = QUICK | {'eval.predict_vids_after_training': False}
    changes = [f'{key}={json.dumps(value)}' for key, value in settings.items()]
    program = [sys.executable, '-c', 'from lightning_pose_nb.cli.main import main; main()', 'train']
    command = [*program, str(home/'mouse'/'config.yaml'), '--output-dir', str(folder), *changes]
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic()+120
    while run.poll() is None and time.monotonic() < deadline:
        if (folder/'resume.ckpt').exists(): break
        time.sleep(0.02)
    run.kill()
    run.wait()
    assert not (folder/'weights.safetensors').exists()
    done = subprocess.run([*command, '--resume'], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    undisturbed = (home/'model'/'weights.safetensors').read_bytes()
    assert (folder/'weights.safetensors').read_bytes() == undisturbed
