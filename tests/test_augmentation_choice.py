"`training.imgaug: auto`: chosen once, recorded, and taken again; for windows of time, too."
import json
from pathlib import Path

import numpy as np
import pytest

from lightning_pose_nb import load_config, make_project, read_labels, reproduce, train
from lightning_pose_nb.core.errors import ProjectError
from lightning_pose_nb.datasets.augmentation import choose_augmentation
from lightning_pose_nb.datasets.camera_view import ImageSpread
from lightning_pose_nb.datasets.datamodule import PoseData

AUTO = {'training.imgaug': 'auto'}
QUICK = AUTO | {
    'data.image_resize_dims.height': 64,
    'data.image_resize_dims.width': 64,
    'model.backbone': 'test_resnet',
    'training.max_epochs': 2,
    'training.check_val_every_n_epoch': 1,
    'training.lr_scheduler_params.multisteplr.milestones': [2],
    'training.accelerator': 'cpu',
    'eval.predict_vids_after_training': False,
}
SIDES = ['nose', 'ear_left', 'ear_right', 'paw_left', 'paw_right', 'tail']
TOP = np.array([[40., 0], [30, -9], [30, 9], [5, -14], [5, 14], [-35, 0]])  # from above: symmetric
SIDE = np.array([[40., -5], [28, -14], [27, -13], [16, 18], [15, 17], [-35, 6]])


@pytest.fixture(scope='module')
def project(tmp_path_factory) -> Path:
    counts = dict(n_frames=16, n_videos=1, n_video_frames=20, n_test_videos=0)
    return make_project(tmp_path_factory.mktemp('auto')/'sample', context=True, **counts)


def about(folder: Path) -> dict:
    return json.loads((folder/'model.json').read_text(encoding='utf-8'))


def test_a_reproduction_takes_the_choice_that_was_recorded(project, tmp_path):
    model = train(project, tmp_path/'model', QUICK, progress=False)
    recorded = about(model.folder)
    [choice] = recorded['augmentation']
    assert not choice['hflip']
    choice['steps'] = {'Multiply': {'p': 1.0, 'kwargs': {'mul': [0.9, 1.1]}}}
    (model.folder/'model.json').write_text(json.dumps(recorded), encoding='utf-8')
    again = reproduce(model.folder, progress=False)
    assert about(again.model.folder)['augmentation'] == [choice]


def test_a_window_of_time_is_augmented_alike(project):
    cfg = load_config(project, QUICK | {'model.model_type': 'heatmap_mhcrnn'})
    data = PoseData(cfg, read_labels(cfg.data.csv_paths[0]))
    batch = next(iter(data.train_dataloader()))
    assert batch['images'].shape[1:] == (5, 3, 64, 64)
    assert data.choices[0].steps['KeypointCutout']['p'] > 0


def filmed(shape, angles, facing=(1,), seed=0) -> np.ndarray:
    "Labels of an animal that bends, turned by these angles, facing these ways in turn."
    rng = np.random.default_rng(seed)
    xy = []
    for i, angle in enumerate(angles):
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        bent = shape + np.abs(shape[:, :1])*[0, rng.normal(0, .12)] + rng.normal(0, 1, shape.shape)
        xy.append(bent*[facing[i % len(facing)], 1] @ turn*rng.uniform(.8, 1.2) + [300, 200])
    return np.stack(xy)


def chosen(xy, names=SIDES) -> tuple[float, bool]:
    "The largest turn, degrees, and whether images are mirrored."
    choice = choose_augmentation(xy, names, ImageSpread())
    return choice.steps['Affine']['kwargs']['rotate'][1], choice.hflip


@pytest.mark.parametrize('seed', range(3))
@pytest.mark.parametrize('n', [12, 40, 200])
def test_the_camera_decides(n, seed):
    rng = np.random.default_rng(seed)
    few_degrees = rng.normal(0, .2, n)
    around = np.arange(n)*2.4  # the golden angle: everywhere, whatever n is
    assert chosen(filmed(TOP, around, seed=seed)) == (180, True)
    assert chosen(filmed(SIDE, few_degrees, seed=seed)) == (25, False)
    assert chosen(filmed(TOP, few_degrees, seed=seed)) == (25, False)        # always facing right
    assert chosen(filmed(TOP, few_degrees+np.pi/2, seed=seed)) == (25, True) # always facing up
    assert chosen(filmed(SIDE, few_degrees, (1, -1, -1), seed)) == (25, True) # turns round


@pytest.mark.parametrize('gaps', [.1, .4])
def test_missing_labels_change_nothing(gaps):
    rng = np.random.default_rng(3)
    for shape, angles, expected in (
            (TOP, np.arange(60)*2.4, (180, True)), (SIDE, rng.normal(0, .2, 60), (25, False))):
        xy = filmed(shape, angles)
        xy[rng.random(xy.shape[:2]) < gaps] = np.nan
        assert chosen(xy) == expected


@pytest.mark.parametrize('names', [
    ['nose', 'ear_a', 'ear_b', 'paw_a', 'paw_b', 'tail'],
    ['nose', 'ear_left', 'ear_b', 'paw_a', 'paw_b', 'tail'],
    ['links', 'rechts', 'a', 'b', 'c', 'd'],
])
def test_without_pairs_there_are_no_mirror_images(names):
    xy = filmed(TOP, np.arange(40)*2.4)
    assert chosen(xy, names) == (180, False)


def test_pairs_that_are_no_mirror_images_of_each_other():
    "Left and right name two ends of something at one side of the animal."
    one_sided = np.array([[40., 0], [30, 51], [-30, 49], [5, 56], [-35, 54], [-35, 0]])
    assert chosen(filmed(one_sided, np.arange(40)*2.4)) == (180, False)


def test_asking_for_mirror_images_without_pairs_stays_an_error(project):
    cfg = load_config(project, QUICK | {'training.imgaug_hflip': True})
    labels = read_labels(cfg.data.csv_paths[0])
    labels.keypoint_names = [f'point{i}' for i in range(len(labels.keypoint_names))]
    with pytest.raises(ProjectError, match='imgaug_hflip'): PoseData(cfg, labels)
