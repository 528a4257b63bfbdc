"""The promise of the README, through public names: project, model, video, a folder that travels."""
import shutil
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lightning_pose_nb import TrainedModel, load_config, make_project, train

QUICK = {
    'data.image_resize_dims.height': 64,
    'data.image_resize_dims.width': 64,
    'training.max_epochs': 2,
    'training.min_epochs': 1,
    'training.lr_scheduler_params.multisteplr.milestones': [1],
    'training.check_val_every_n_epoch': 1,
    'training.accelerator': 'cpu',
    'model.model_name': 'first',
}
FRAMES = 30
LABELS = 24


@pytest.fixture(scope='module')
def home(tmp_path_factory) -> Path:
    "A folder with a tiny project and a model trained on it; nothing in it is needed twice."
    home = tmp_path_factory.mktemp('first_steps')
    config = make_project(home/'mouse', n_frames=LABELS, n_videos=1, n_video_frames=FRAMES)
    train(config, home/'model', overrides=QUICK, progress=False)
    return home


@pytest.fixture(scope='module')
def model(home: Path) -> TrainedModel:
    "The trained model, opened from its folder."
    return TrainedModel(home/'model', accelerator='cpu')


def read(csv: Path) -> pd.DataFrame:
    "A prediction table as pandas, and any user of Lightning Pose, reads it."
    return pd.read_csv(csv, header=[0, 1, 2], index_col=0)


def test_the_folder_holds_what_that_of_lightning_pose_holds(home):
    folder = home/'model'
    found = {p.relative_to(folder).as_posix() for p in folder.rglob('*') if p.is_file()}
    expected = {
        'config.yaml',
        'weights.safetensors',
        'predictions.csv',
        'predictions_pixel_error.csv',
        'video_preds/session0.csv',
        'video_preds/session0_temporal_norm.csv',
    }
    assert expected <= found
    assert any(p.startswith('tb_logs/first/version_0/events') for p in found), sorted(found)
    assert not [p for p in found if p.endswith(('.tmp', '.part', '.ckpt')) and p != 'resume.ckpt']
    assert load_config(folder/'config.yaml').data.size == (64, 64)


def coordinates(table: pd.DataFrame) -> np.ndarray:
    "x and y of every keypoint, (N, K, 2)."
    return np.stack([table.xs(axis, axis=1, level=2).to_numpy(float) for axis in 'xy'], -1)


def test_predictions_of_the_labelled_frames(home, model):
    table = read(home/'model'/'predictions.csv')
    names = load_config(home/'mouse'/'config.yaml').data.keypoint_names
    assert model.keypoint_names == names
    numbers = table.iloc[:, :-1]
    assert set(numbers.columns.get_level_values(0)) == {'heatmap_tracker'}
    expected = list(product(names, ('x', 'y', 'likelihood')))
    assert [column[1:] for column in numbers.columns] == expected
    assert set(table.iloc[:, -1]) <= {'train', 'validation', 'test', 'unused'}
    likelihood = table.xs('likelihood', axis=1, level=2).to_numpy(float)
    assert ((likelihood >= 0) & (likelihood <= 1)).all()


def test_pixel_errors_of_the_labelled_frames(home, model):
    table = read(home/'model'/'predictions.csv')
    labels = read(home/'mouse'/'CollectedData.csv')
    assert list(table.index) == list(labels.index)
    errors = pd.read_csv(home/'model'/'predictions_pixel_error.csv', index_col=0)
    assert list(errors.columns) == [*model.keypoint_names, 'set']
    distances = np.linalg.norm(coordinates(table.iloc[:, :-1])-coordinates(labels), axis=-1)
    np.testing.assert_allclose(errors[model.keypoint_names].to_numpy(float), distances, atol=1e-3)


def test_video(home, model):
    video = home/'mouse'/'videos'/'session0.mp4'
    table = model.predict_video(video, home/'elsewhere.csv', labeled_video=True, progress=False)
    assert table.xy.shape == (FRAMES, len(model.keypoint_names), 2)
    assert (home/'elsewhere.csv').is_file()
    assert (home/'elsewhere_temporal_norm.csv').is_file()
    assert list((home/'labeled_videos').glob('*_labeled.mp4'))
    frame = read(home/'elsewhere.csv')
    assert list(frame.index) == list(range(FRAMES))
    assert 'set' not in [c[-1] for c in frame.columns]
    assert (read(home/'model'/'video_preds'/'session0.csv').to_numpy() == frame.to_numpy()).all()


def test_it_learned_something(home, model):
    "Two epochs are not enough to be good, but enough to be better than a guess at random."
    table = pd.read_csv(home/'model'/'predictions_pixel_error.csv', index_col=0)
    errors = table.drop(columns='set').to_numpy(float)
    assert np.nanmean(errors) < 110  # half of the image's diagonal is about 130


def test_evaluate(model):
    summary = model.evaluate()
    assert {'mean', 'median', 'p90', 'ci_low', 'ci_high', 'n'} <= set(summary.reset_index().columns)
    assert np.isfinite(summary['mean'].dropna()).all()


def test_resume_of_a_finished_run_changes_nothing(home):
    weights = (home/'model'/'weights.safetensors').read_bytes()
    train(home/'mouse'/'config.yaml', home/'model', overrides=QUICK, resume=True, progress=False)
    assert (home/'model'/'weights.safetensors').read_bytes() == weights


def test_the_folder_travels(home, tmp_path):
    "Copied elsewhere, with its project out of reach, the model predicts the same."
    shutil.copytree(home/'model', tmp_path/'model')
    video = shutil.copy(home/'mouse'/'videos'/'session0.mp4', tmp_path/'film.mp4')
    here = read(home/'model'/'video_preds'/'session0.csv')
    (home/'mouse').rename(home/'hidden')
    try:
        moved = TrainedModel(tmp_path/'model', accelerator='cpu')
        table = moved.predict_video(video, progress=False)
        frames = np.zeros((2, 90, 120, 3), np.uint8)
        xy, likelihood = moved.predict_frames(frames)
    finally: (home/'hidden').rename(home/'mouse')
    assert (tmp_path/'model'/'video_preds'/'film.csv').is_file()
    np.testing.assert_allclose(table.xy, coordinates(here), atol=1e-3)
    assert xy.shape == (2, len(moved.keypoint_names), 2)
    assert likelihood.shape == xy.shape[:2]
