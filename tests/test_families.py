"""Every model family through the public names: trained, evaluated, moved, continued, reported."""
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from pytorch_lightning.callbacks import Callback

from lightning_pose_nb import (
    PoseViewer,
    TrainedModel,
    check_project,
    label_book,
    make_project,
    suggest_frames,
    train,
    write_report,
)
from lightning_pose_nb.cameras.triangulation import read_points
from lightning_pose_nb.cli.main import app
from lightning_pose_nb.config.load import load_config
from lightning_pose_nb.data.multiview_labels import project_labels
from lightning_pose_nb.data.predictions import read_predictions
from lightning_pose_nb.losses.label_tolerance import load_tolerances
from lightning_pose_nb.plots import loss_shares
from lightning_pose_nb.training.fit import fit_model, read_log
from lightning_pose_nb.widgets.training_monitor import read_run

FRAMES = 24
LOSSES = ['temporal', 'pca_multiview', 'ema_teacher']
HEATMAP_LOSSES = ['temporal_heatmap_mse', 'unimodal_mse']
JOINT = 'heatmap_multiview_transformer'
ONE_BY_ONE = 'any model of views that are predicted one by one'
QUICK = {
    'data.image_resize_dims.height': 64,
    'data.image_resize_dims.width': 64,
    'training.max_epochs': 2,
    'training.train_batch_size': 6,
    'training.lr_scheduler_params.multisteplr.milestones': [1],
    'training.check_val_every_n_epoch': 1,
    'training.accelerator': 'cpu',
    'training.log_every_n_steps': 1,
    'training.limit_train_batches': 2,
    'eval.test_videos_directory': 'videos_new',
    'callbacks.anneal_weight.freeze_until_epoch': 0,
    'callbacks.anneal_weight.increase_factor': 1.0,
    'dali.base.predict.sequence_length': 7,
    'dali.context.predict.sequence_length': 7,
    'model.backbone': 'test_resnet',
    'model.losses_to_use': LOSSES,
    'losses.ema_teacher.prob_threshold': 0.,  # after two epochs nobody is sure of anything
}
FAMILIES = {
    'regression': ('mirror', {'model.model_type': 'regression'}),
    'regression laplace': ('mirror', {
        'model.model_type': 'regression',
        'model.regression_loss_type': 'laplace',
    }),
    'context': ('mirror', {
        'model.model_type': 'heatmap_mhcrnn',
        'model.losses_to_use': [*LOSSES, *HEATMAP_LOSSES],
    }),
    'heatmap on views': ('ring', {}),
    'regression on views': ('ring', {'model.model_type': 'regression'}),
    'context on views': ('ring', {'model.model_type': 'heatmap_mhcrnn', 'model.head': 'deconv'}),
    'joint views': ('ring', {
        'model.model_type': JOINT,
        'model.backbone': 'test_vit',
        'training.patch_mask.init_epoch': 0,
        'training.patch_mask.final_epoch': 1,
    }),
}


@pytest.fixture(scope='module')
def projects(tmp_path_factory) -> dict[str, Path]:
    "Two small projects: a mirrored view, and two calibrated cameras."
    home = tmp_path_factory.mktemp('families')
    size = dict(n_frames=12, n_videos=2, n_video_frames=FRAMES, context=True)
    return {
        'mirror': make_project(home/'mirror', **size),
        'ring': make_project(home/'ring', cameras=2, **size),
    }


@pytest.fixture(scope='module', params=FAMILIES)
def family(request, projects, tmp_path_factory) -> tuple[str, Path, dict, TrainedModel]:
    "A name, its project's config, its settings, and the model trained with them."
    kind, changes = FAMILIES[request.param]
    config = projects[kind]
    settings = QUICK | changes
    model = train(config, tmp_path_factory.mktemp('model')/'model', settings, progress=False)
    return request.param, config, settings, model


def views(model: TrainedModel) -> list[str]:
    "What the names of files end in, for each view."
    return [f'_{view}' for view in model.cfg.data.view_names or []] or ['']


def weights(folder: Path) -> bytes:
    "The file of a trained network's weights."
    return (folder/'weights.safetensors').read_bytes()


def test_labelled_frames_are_evaluated_in_frame_pixels(family):
    _, config, _, model = family
    for view in views(model):
        table = read_predictions(model.folder/f'predictions{view}.csv')
        csv = config.parent/f'CollectedData{view}.csv'
        labels = pd.read_csv(csv, header=[0, 1, 2], index_col=0)
        errors = pd.read_csv(model.folder/f'predictions_pixel_error{view}.csv', index_col=0)
        assert table.index == list(labels.index)
        assert set(table.subset) == {'train', 'validation'}
        assert ((table.likelihood >= 0) & (table.likelihood <= 1)).all()
        true = np.stack([labels.xs(c, axis=1, level=2).to_numpy(float) for c in 'xy'], -1)
        distances = np.linalg.norm(table.xy-true, axis=-1)
        stored = errors[table.keypoint_names].to_numpy(float)
        np.testing.assert_allclose(stored, distances, atol=1e-3)
        assert (model.folder/f'predictions_pca_multiview_error{view}.csv').is_file()


def test_every_frame_of_every_view_is_predicted(family):
    _, _, _, model = family
    for view in views(model):
        table = read_predictions(model.folder/'video_preds'/f'session2{view}.csv')
        assert table.index == list(range(FRAMES))
        assert np.isfinite(table.xy).all()
        different = np.unique(table.xy.reshape(FRAMES, -1), axis=0)
        assert len(different) == FRAMES  # no frame is a copy of another
        assert (model.folder/'video_preds'/f'session2{view}_temporal_norm.csv').is_file()


def test_cameras_that_are_calibrated_meet_in_space(family):
    name, _, _, model = family
    if not model.cfg.data.view_names: pytest.skip('one camera')
    index, names, points = read_points(model.folder/'video_preds'/'session2_3d.csv')
    assert index == list(range(FRAMES))
    assert names == model.keypoint_names
    assert points.shape == (FRAMES, len(names), 3)
    errors = pd.read_csv(model.folder/'predictions_reprojection_error_left.csv', index_col=0)
    assert errors.drop(columns='set').notna().any(axis=None)
    log = read_log(model.folder)
    for loss in ('supervised_pairwise_projections', 'supervised_reprojection_heatmap_mse'):
        assert (f'train_{loss}_loss' in log) == (not name.startswith('regression'))
    tolerances = load_tolerances(model.folder)
    assert bool(tolerances) == (not name.startswith('regression'))
    assert all((one.epsilon > 0).all() for one in tolerances.values())


def test_the_losses_on_video_were_felt(family):
    _, _, settings, model = family
    log = read_log(model.folder)
    for loss in settings['model.losses_to_use']:
        assert log[f'train_{loss}_loss'].dropna().ge(0).any()
    assert log['ema_teacher_sure'].dropna().eq(1).all()
    assert loss_shares(log)['ema_teacher'].max() > 0
    assert set(settings['model.losses_to_use']) <= set(loss_shares(log).columns)


def test_the_folder_travels_and_is_not_trained_again(family, tmp_path):
    _, config, settings, model = family
    before = weights(model.folder)
    train(config, model.folder, settings, resume=True, progress=False)
    assert weights(model.folder) == before
    but_predictions = shutil.ignore_patterns('video_preds')
    moved = shutil.copytree(model.folder, tmp_path/'elsewhere', ignore=but_predictions)
    text = (moved/'config.yaml').read_text().replace(str(config.parent), '/nowhere')
    (moved/'config.yaml').write_text(text)
    videos = str(config.parent/'videos_new')
    result = CliRunner().invoke(app, ['predict', str(moved), videos, '--labeled-video'])
    assert result.exit_code == 0, result.output
    for view in views(model):
        here = model.folder/'video_preds'/f'session2{view}.csv'
        there = moved/'video_preds'/f'session2{view}.csv'
        assert there.read_bytes() == here.read_bytes()
        assert (there.parent/'labeled_videos'/f'session2{view}_labeled.mp4').is_file()


def test_label_tables_and_single_frames(family, tmp_path):
    name, config, _, model = family
    tables = [str(config.parent/f'CollectedData{view}.csv') for view in views(model)]
    result = CliRunner().invoke(app, ['predict', str(model.folder), *tables, '-o', str(tmp_path)])
    assert result.exit_code == 0, result.output
    for view in views(model):
        again = read_predictions(tmp_path/f'CollectedData{view}.csv'/'predictions.csv')
        before = read_predictions(model.folder/f'predictions{view}.csv')
        np.testing.assert_allclose(again.xy, before.xy, atol=0.02)
    if name == 'joint views':
        xy, likelihood = model.predict_frames(np.zeros((3, 2, 90, 120, 3), np.uint8))
        assert (xy.shape, likelihood.shape) == ((3, 2, 10, 2), (3, 2, 10))
    else:
        found = model.predict_frame(np.zeros((90, 120, 3), np.uint8))
        assert found['keypoints'].shape == (len(model.keypoint_names), 2)


def check_every_view(viewer: PoseViewer):
    "Every view has a picture, and predictions in every frame."
    for view in viewer.views or [None]:
        if view: viewer.look(view)
        assert viewer.picture().startswith(b'\x89PNG')
        assert np.isfinite(viewer.traces['predictions'].table.xy).all()


def test_every_family_can_be_watched_reviewed_and_reported(family, tmp_path):
    _, config, _, model = family
    run = read_run(model.folder)
    book = label_book(config)
    assert run.state == 'finished'
    assert np.isfinite(run.samples[2][-1]['xy']).all()
    best = suggest_frames(model.folder, 4, labels=book)
    assert len(best) == 4
    for viewer in (PoseViewer(best, model.folder, book), PoseViewer(None, model.folder, book)):
        check_every_view(viewer)
        viewer.close()
    page = write_report(model.folder, tmp_path/'report.html').read_text()
    assert all(name in page for name in model.keypoint_names)


class StopAfter(Callback):
    "Ends a run at the beginning of its second epoch."
    def on_train_epoch_start(self, trainer, module):
        if trainer.current_epoch == 1: raise RuntimeError('the lights go out')


def test_a_stopped_run_goes_on_as_if_nothing_had_happened(family, tmp_path):
    _, config, settings, model = family
    cfg = load_config(config, settings | {'training.checkpoint_every_seconds': 1e-9})
    labels = project_labels(cfg)
    folder = tmp_path/'stopped'
    with pytest.raises(RuntimeError, match='lights'):
        fit_model(cfg, labels, folder, progress=False, callbacks=(StopAfter(),))
    assert (folder/'resume.ckpt').exists()
    assert not (folder/'weights.safetensors').exists()
    fit_model(cfg, labels, folder, resume=True, progress=False)
    assert weights(folder) == weights(model.folder)


def test_one_view_is_evaluated_by_itself(family):
    name, config, _, model = family
    if name != 'heatmap on views': pytest.skip(ONE_BY_ONE)
    together = (model.folder/'pixel_error_summary.csv').read_bytes()
    csv = model.folder/'predictions_front.csv'
    before = read_predictions(csv)
    summary = model.evaluate(config.parent/'CollectedData_front.csv', progress=False)
    assert set(summary['set']) == {'train', 'validation'}
    np.testing.assert_allclose(read_predictions(csv).xy, before.xy, atol=1e-3)
    assert (model.folder/'pixel_error_summary.csv').read_bytes() == together
    assert not (model.folder/'predictions.csv').exists()


@pytest.mark.filterwarnings('ignore::UserWarning')
def test_a_view_that_lost_frames_stays_in_step(family, tmp_path):
    name, config, _, model = family
    if name != 'heatmap on views': pytest.skip(ONE_BY_ONE)
    videos = shutil.copytree(config.parent/'videos_new', tmp_path/'videos')
    sick = videos/'session2_front.mp4'
    data = bytearray(sick.read_bytes())
    start = data.index(b'mdat')
    moov = data.index(b'moov')
    end = moov if moov > start else len(data)
    first = (start+end)//2
    last = (start+3*end)//4
    data[first:last] = bytes(last-first)
    sick.write_bytes(data)
    session = {view: videos/f'session2_{view}.mp4' for view in model.cfg.data.view_names}
    tables = model.predict_session(session, tmp_path/'out', progress=False)
    assert len(tables['front']) == len(tables['left']) == FRAMES
    lost = np.isnan(tables['front'].xy).all((1, 2))
    assert 0 < lost.sum() < FRAMES
    assert tables['front'].likelihood[lost].max() == 0
    errors = pd.read_csv(tmp_path/'out'/'session2_front_reprojection_error.csv', index_col=0)
    assert errors.isna().all(axis=1).to_numpy()[lost].all()
    assert (tmp_path/'out'/'session2_3d.csv').is_file()


COARSE_CONTEXT = {'model.model_type': 'heatmap_mhcrnn', 'data.downsample_factor': 3}
NO_TEACHER = {'training.weight_averaging': None, 'model.losses_to_use': ['ema_teacher']}
NO_HEATMAPS = {'model.model_type': 'regression', 'model.losses_to_use': ['unimodal_mse']}


@pytest.mark.parametrize(('kind', 'changes', 'said'), [
    ('mirror', {'model.model_type': JOINT}, 'two or more views'),
    ('ring', {'model.model_type': JOINT, 'model.backbone': 'resnet18'}, 'a plain ViT'),
    ('ring', {'training.imgaug_hflip': True}, 'several views'),
    ('ring', {'model.losses_to_use': ['pca_singleview']}, 'pca_multiview'),
    ('ring', {'data.view_names': ['left', 'rigth']}, 'rigth'),
    ('mirror', COARSE_CONTEXT, 'heatmap_mhcrnn'),
    ('mirror', NO_HEATMAPS, 'a heatmap model'),
    ('mirror', NO_TEACHER, 'without EMA weights there is no teacher'),
    ('ring', NO_TEACHER, 'training.weight_averaging'),
    ('mirror', {'model.losses_to_use': ['supervised_pairwise_projections']}, 'calibrated cameras'),
])
def test_what_does_not_fit_is_said_before_training(projects, kind, changes, said):
    problems = [str(p) for p in check_project(projects[kind], QUICK | changes)]
    assert any(said in p for p in problems), problems
