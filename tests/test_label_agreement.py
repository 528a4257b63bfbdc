"""Labels of calibrated cameras that are not one point in space: told once, kept by the move, forgiven by the losses."""
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from lightning_pose_nb import make_project, train
from lightning_pose_nb.cli.main import app
from lightning_pose_nb.config.load import load_config
from lightning_pose_nb.data.labels import read_labels, write_labels
from lightning_pose_nb.data.multiview_labels import project_labels
from lightning_pose_nb.datasets.datamodule import PoseData
from lightning_pose_nb.losses.label_tolerance import load_tolerances

SAYS = 'not one point in 3D'
QUICK = {
    'data.image_resize_dims.height': 64,
    'data.image_resize_dims.width': 64,
    'model.backbone': 'test_resnet',
    'model.losses_to_use': [],
    'training.max_epochs': 1,
    'training.train_batch_size': 6,
    'training.lr_scheduler_params.multisteplr.milestones': [1],
    'training.check_val_every_n_epoch': 1,
    'training.accelerator': 'cpu',
    'training.limit_train_batches': 1,
    'eval.predict_vids_after_training': False,
}


@pytest.fixture(scope='module')
def odd(tmp_path_factory) -> Path:
    "The config of a project whose camera `top` labels another spot by the name of the fourth keypoint."
    small = dict(n_frames=16, n_videos=1, n_video_frames=20, n_test_videos=0)
    config = make_project(tmp_path_factory.mktemp('odd')/'ring', cameras=3, **small)
    table = config.parent/'CollectedData_top.csv'
    labels = read_labels(table)
    labels.xy[:, 3] += [15, -12]
    write_labels(labels, table)
    return config


def moved_labels(config: Path, **settings) -> tuple[np.ndarray, np.ndarray]:
    "Labels (V, K, 2) of the first row as training sees them in two epochs, model pixels."
    cfg = load_config(config, QUICK | settings)
    frames = PoseData(cfg, project_labels(cfg)).frames
    return frames[0, 0]['keypoints'].numpy(), frames[1, 0]['keypoints'].numpy()


def test_check_train_and_evaluate_name_the_keypoint_once(odd, tmp_path, capsys):
    name = read_labels(odd.parent/'CollectedData_top.csv').keypoint_names[3]
    run = CliRunner()
    checked = run.invoke(app, ['check', str(odd)]).output
    model = train(odd, tmp_path/'model', QUICK)
    trained = capsys.readouterr().out
    evaluated = run.invoke(app, ['evaluate', str(model.folder)]).output
    for output in (checked, trained, evaluated):
        words = ' '.join(output.split())
        assert words.count(SAYS) == 1
        assert f'{SAYS}: {name} (median ' in words
        assert ' 90th percentile ' in words
        assert ' time points, most in top, see ' in words
    tolerances = load_tolerances(model.folder)
    assert set(tolerances) == {'supervised_reprojection_heatmap_mse', 'supervised_pairwise_projections'}
    for tolerance in tolerances.values():
        others = np.delete(tolerance.epsilon, 3, axis=1)
        assert tolerance.epsilon[2, 3] > 3*np.median(others)


def test_a_moved_animal_keeps_what_its_labels_mean(odd):
    "The odd label stays as far from the others of its view as it was, and not at the consensus."
    still = moved_labels(odd, **{'training.imgaug': 'none'})[0]
    for moved in moved_labels(odd, **{'training.imgaug_3d': True}):
        known = np.isfinite(still).all(-1) & np.isfinite(moved).all(-1)
        assert not np.allclose(moved[2, known[2]], still[2, known[2]], atol=.5)
        design = np.c_[still[2, known[2]], np.ones(known[2].sum())]
        fit, *_ = np.linalg.lstsq(design, moved[2, known[2]], rcond=None)
        left = np.linalg.norm(design@fit-moved[2, known[2]], axis=-1)
        assert left.max() < 1  # model pixels; the odd label is 6 of them from the consensus


def test_a_file_of_lightning_pose_has_no_tolerance(odd, tmp_path):
    text = '\n'.join(line for line in odd.read_text().splitlines() if 'empirical_epsilon_multiplier' not in line)
    theirs = odd.with_name('theirs.yaml')
    theirs.write_text(text)
    model = train(theirs, tmp_path/'model', QUICK, progress=False)
    assert all((one.epsilon == 0).all() for one in load_tolerances(model.folder).values())
