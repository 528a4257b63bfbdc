"""A small animal in a large frame: boxes, a cropped project, its model, pixels of the frame."""
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lightning_pose_nb import PoseViewer, make_project, train
from lightning_pose_nb.data.bounding_boxes import BoxOptions, read_boxes, shift_labels
from lightning_pose_nb.data.crops import boxes_from_table, crop_labels, crop_video
from lightning_pose_nb.data.labels import read_labels
from lightning_pose_nb.data.predictions import Predictions, read_predictions
from lightning_pose_nb.datasets.unlabelled import UnlabelledFrames
from lightning_pose_nb.interop.fiftyone import gather_samples
from lightning_pose_nb.video.sequential import probe

QUICK = {
    'data.bbox_file': 'bbox.csv',
    'data.image_resize_dims.height': 64,
    'data.image_resize_dims.width': 64,
    'model.backbone': 'test_resnet',
    'model.backbone_pretrained': False,
    'training.max_epochs': 2,
    'training.lr_scheduler_params.multisteplr.milestones': [1],
    'training.accelerator': 'cpu',
    'training.check_val_every_n_epoch': 1,
    'training.limit_train_batches': 2,
    'model.losses_to_use': ['temporal', 'pca_multiview'],
    'callbacks.anneal_weight.freeze_until_epoch': 0,
    'callbacks.anneal_weight.increase_factor': 1.0,
    'data.mirrored_column_matches': [list(range(10)), list(range(10, 20))],
    'dali.base.train.sequence_length': 8,
}
NARROW = BoxOptions(ratio=1.2)


def cropped_settings(home: Path) -> dict:
    "The config of the cropped project."
    data = dict(data_dir=str(home/'cropped'), csv_file='CollectedData.csv', video_dir='videos')
    return dict(data=data)


@pytest.fixture(scope='module')
def home(tmp_path_factory) -> Path:
    "A full project, the cropped one that a perfect detector makes of it, a model of the latter."
    home = tmp_path_factory.mktemp('crops')
    size = dict(n_frames=20, n_videos=1, n_video_frames=30, n_test_videos=1)
    arena = make_project(home/'arena', **size).parent
    labels = read_labels(arena/'CollectedData.csv')
    cropped = home/'cropped'
    likelihood = labels.labelled.astype(float)
    subset = ['train']*len(labels)
    told = Predictions(labels.images, labels.keypoint_names, labels.xy, likelihood, subset=subset)
    crop_labels(arena/'CollectedData.csv', boxes_from_table(told, NARROW), arena, cropped)
    for name, folder in (('session0', 'videos'), ('session1', 'videos_new')):
        truth = read_predictions(arena/'ground_truth'/f'{name}.csv')
        boxes = boxes_from_table(truth, NARROW)
        boxes[:, 2:] += np.arange(len(boxes))[:, None] % 5  # sizes that change from frame to frame
        crop_video(arena/folder/f'{name}.mp4', boxes, cropped/folder/f'{name}.mp4')
    train(cropped_settings(home), home/'model', QUICK, progress=False)
    return home


@pytest.fixture
def model(home):
    "The trained model."
    from lightning_pose_nb import TrainedModel
    return TrainedModel(home/'model', accelerator='cpu')


def stored_errors(folder: Path, names: list[str]) -> np.ndarray:
    "The pixel errors that a model folder holds, (N, K)."
    return pd.read_csv(folder/'predictions_pixel_error.csv', index_col=0)[names].to_numpy(float)


def inside_boxes(xy: np.ndarray, boxes: np.ndarray) -> bool:
    "Whether all keypoints (N, K, 2) lie in their bounding boxes (N, 4), give or take a pixel."
    half = boxes[:, None, [3, 2]]/2
    middle = boxes[:, None, :2]+half
    return bool((np.abs(xy-middle) <= half+1).all())


def test_labels_are_compared_in_pixels_of_the_frame(home, model):
    whole = read_labels(home/'arena'/'CollectedData.csv')
    crops = read_labels(home/'cropped'/'CollectedData.csv')
    boxes = read_boxes(home/'cropped'/'bbox.csv', crops.images)
    np.testing.assert_allclose(crops.xy+boxes[:, None, :2], whole.xy, atol=1e-6)
    table = read_predictions(home/'model'/'predictions.csv')
    distances = np.linalg.norm(table.xy-whole.xy, axis=-1)
    stored = stored_errors(home/'model', table.keypoint_names)
    np.testing.assert_allclose(stored, distances, atol=1e-3)
    assert inside_boxes(table.xy, boxes)


def test_a_cropped_video_and_boxes_in_the_whole_video_say_the_same(home, model):
    crop = home/'cropped'/'videos_new'/'session1.mp4'
    inside = model.predict_video(crop, home/'inside.csv', progress=False)
    boxes = crop.with_name('session1_bbox.csv')
    video = home/'arena'/'videos_new'/'session1.mp4'
    whole = model.predict_video(video, home/'whole.csv', boxes=boxes, progress=False)
    distances = np.linalg.norm(inside.xy-whole.xy, axis=-1)
    assert np.median(distances) < 3  # a crop that was compressed again is not quite the same image
    for table in (inside, whole): assert inside_boxes(table.xy, read_boxes(boxes))


def test_points_are_drawn_where_the_crop_shows_them(home, model):
    crops = read_labels(home/'cropped'/'CollectedData.csv')
    viewer = PoseViewer(None, model.folder, home/'cropped'/'CollectedData.csv')
    found = viewer.traces['predictions'].table
    distances = np.linalg.norm(found.xy-crops.xy, axis=-1)
    stored = stored_errors(home/'model', found.keypoint_names)
    np.testing.assert_allclose(distances, stored, atol=1e-3)
    sample = gather_samples(model.cfg, {'model': model.folder})[3]
    np.testing.assert_allclose(sample.xy, crops.xy[3], atol=1e-6)
    np.testing.assert_allclose(sample.predictions['model'][0], found.xy[3], atol=1e-3)
    film = home/'cropped'/'videos'/'session0.mp4'
    seen = PoseViewer(film, model.folder)
    boxes = read_boxes(film.with_name('session0_bbox.csv'))
    whole = shift_labels(seen.traces['predictions'].table.xy, boxes, probe(film).size)
    predicted = read_predictions(model.folder/'video_preds'/'session0.csv')
    np.testing.assert_allclose(whole, predicted.xy, atol=1e-3)
    for v in (viewer, seen): v.close()


def test_sequences_lead_back_to_the_frame(home):
    from lightning_pose_nb.config.load import load_config
    from lightning_pose_nb.core.coordinates import apply_matrix, invert
    from lightning_pose_nb.data.multiview_labels import project_labels
    from lightning_pose_nb.datasets.datamodule import PoseData
    cfg = load_config(cropped_settings(home), QUICK | {'training.imgaug': 'none'})
    data = PoseData(cfg, project_labels(cfg))
    assert isinstance(data.unlabelled, UnlabelledFrames)
    clip = next(iter(data.unlabelled))
    data.teardown()
    boxes = read_boxes(home/'cropped'/'videos'/'session0_bbox.csv')[clip['first']:clip['first']+8]
    corners = apply_matrix(invert(clip['matrices']).numpy(), np.full((8, 1, 2), -0.5))[:, 0]
    np.testing.assert_allclose(corners, boxes[:, :2]-0.5, atol=1e-2)


def test_a_video_without_boxes_is_refused(home, tmp_path):
    boxes = home/'cropped'/'videos'/'session0_bbox.csv'
    kept = boxes.read_text()
    boxes.unlink()
    with pytest.raises(ValueError, match=r'session0_bbox\.csv'):
        train(cropped_settings(home), tmp_path/'model', QUICK, progress=False)
    boxes.write_text(kept)
