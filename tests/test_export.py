"""An exported file gives the keypoints of its model, and the page that says how to use one is true."""
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from lightning_pose_nb.cli.main import app
from lightning_pose_nb.config.load import load_config
from lightning_pose_nb.core.errors import ProjectError
from lightning_pose_nb.data.labels import read_labels
from lightning_pose_nb.inference.batches import predict_frames
from lightning_pose_nb.models.folder import load_model, save_model
from lightning_pose_nb.models.networks import build_network
from lightning_pose_nb.runtimes.example_frames import training_frames, video_frames
from lightning_pose_nb.runtimes.export import export_model
from lightning_pose_nb.synthetic import make_project
from lightning_pose_nb.video.images import read_image

for package in ('onnx', 'onnxruntime'): pytest.importorskip(package, reason='needs the extra onnx')
PAGE = Path(__file__).parents[1]/'docs'/'deploy.md'
FAMILIES = {
    'regression': dict(kind='regression'),
    'context': dict(kind='heatmap_mhcrnn'),
    'multiview': dict(kind='heatmap_multiview_transformer', backbone='vit_tiny_patch16_224', n_views=2)}


def new_model(folder, kind='heatmap', backbone='resnet18', n_views=0):
    "An untrained model of the sample animal, in its project."
    config = make_project(folder/'project', n_frames=6, n_videos=1, n_video_frames=12,
        n_test_videos=0, cameras=n_views)
    settings = {'data.image_resize_dims.height': 64, 'data.image_resize_dims.width': 96,
        'model.model_type': kind, 'model.backbone': backbone, 'model.head': 'deconv'}
    cfg = load_config(config, settings)
    names = read_labels(cfg.data.csv_paths[0]).keypoint_names
    torch.manual_seed(0)
    save_model(folder/'model', build_network(cfg, len(names), pretrained=False), cfg, names, {})
    return load_model(folder/'model')


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    return new_model(tmp_path_factory.mktemp('export'))


@pytest.mark.parametrize('family', FAMILIES)
def test_every_family_is_exported(family, tmp_path):
    model = new_model(tmp_path, **FAMILIES[family])
    made = export_model(model, decode=True)
    assert made.agreement.agrees
    assert made.files == [model.folder/'model.onnx']


def test_frames_of_each_family(tmp_path):
    several = new_model(tmp_path, **FAMILIES['multiview'])
    videos = sorted((tmp_path/'project'/'videos').iterdir())
    assert training_frames(several, 3).shape == (3, 2, 64, 96, 3)
    assert video_frames(several, videos, 4).shape == (4, 2, 64, 96, 3)


def test_windows_of_a_video(tmp_path):
    context = new_model(tmp_path, **FAMILIES['context'])
    video = next((tmp_path/'project'/'videos').iterdir())
    windows = video_frames(context, [video], 4)
    assert windows.shape == (4, 5, 64, 96, 3)
    assert np.array_equal(windows[0, 1], windows[1, 0])
    assert training_frames(context, 2).shape == (2, 5, 64, 96, 3)


def test_command_says_what_it_wrote_and_refuses_what_is_there(model):
    out = model.folder/'again.onnx'
    video = next(Path(model.cfg.data.root/'videos').iterdir())
    command = ['export-model', str(model.folder), str(out), '--frames', str(video)]
    first = CliRunner().invoke(app, command)
    assert first.exit_code == 0, first.output
    assert f'{out}\nchecked on 12 frames' in first.output
    second = CliRunner().invoke(app, command)
    assert second.exit_code == 1
    assert 'is there already' in second.output
    assert CliRunner().invoke(app, [*command, '--overwrite', '--to', 'torchscript']).exit_code == 1


def test_without_its_extra_it_names_the_extra(model, monkeypatch):
    from lightning_pose_nb.runtimes import export
    monkeypatch.setattr(export, 'find_spec', lambda name: None)
    with pytest.raises(ProjectError, match=r'lightning-pose-nb\[onnx\]'): export_model(model)


GUARD = '''
import sys

class Nothing:
    "Lets nothing in that a reader of the page does not have."
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in ('torch', 'lightning_pose_nb', 'cv2', 'PIL'): raise ImportError(name)

sys.meta_path.insert(0, Nothing())
'''


def test_page_reads_an_exported_model_without_this_package(model, tmp_path):
    (block,) = re.findall(r'```python\n(.*?)```', PAGE.read_text(encoding='utf-8'), re.S)
    assert len(block.splitlines()) <= 30
    export_model(model, tmp_path/'model.onnx', decode=True)
    images = read_labels(model.cfg.data.csv_paths[0]).images[:3]
    frames = np.stack([read_image(model.cfg.data.root/name) for name in images])
    np.save(tmp_path/'frames.npy', frames)
    end = '\nimport json\nprint(json.dumps([names, xy.tolist(), likelihood.tolist()]))\n'
    done = subprocess.run([sys.executable, '-c', GUARD+block+end], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    names, xy, likelihood = json.loads(done.stdout.splitlines()[-1])
    expected, sure = predict_frames(model, frames)
    assert names == model.keypoint_names
    assert np.abs(np.array(xy)-expected).max() < 0.2
    assert np.abs(np.array(likelihood)-sure).max() < 0.02
