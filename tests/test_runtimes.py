"""A faster engine gives the predictions of PyTorch, and a file that was begun with one is finished with it."""
import numpy as np
import pytest
import torch

from lightning_pose_nb.api import TrainedModel
from lightning_pose_nb.config.schema import Config
from lightning_pose_nb.core.journal import read_note
from lightning_pose_nb.data.predictions import read_predictions
from lightning_pose_nb.inference import resume
from lightning_pose_nb.models.folder import save_model
from lightning_pose_nb.models.networks import build_network
from lightning_pose_nb.runtimes.choice import NOTE, Choice, engine_network
from lightning_pose_nb.synthetic import make_project

pytest.importorskip('openvino', reason='needs the extra openvino')
NAMES = ['nose', 'tail']


@pytest.fixture(scope='module')
def place(tmp_path_factory):
    "A folder with an untrained model and a video of 40 frames."
    folder = tmp_path_factory.mktemp('runtimes')
    size = dict(height=64, width=64)
    data = dict(keypoint_names=NAMES, num_keypoints=2, image_resize_dims=size)
    cfg = Config(data=data, model=dict(backbone='resnet18', backbone_pretrained=False))
    torch.manual_seed(0)
    save_model(folder/'model', build_network(cfg, 2), cfg, NAMES, {})
    project = make_project(folder/'project', n_frames=4, n_videos=1, n_video_frames=40).parent
    (project/'videos'/'session0.mp4').rename(folder/'a.mp4')
    return folder


def predict(place, name, **options):
    "Predictions of the video, written to a file of their own."
    csv = place/f'{name}.csv'
    TrainedModel(place/'model').predict_video(place/'a.mp4', csv, batch_size=8, progress=False, **options)
    return csv


def test_openvino_agrees_with_pytorch(place):
    eager = read_predictions(predict(place, 'eager'))
    fast = read_predictions(predict(place, 'fast', runtime='openvino'))
    assert (place/'model'/NOTE).is_file()
    assert np.abs(fast.xy-eager.xy).max() < 0.05
    assert np.abs(fast.likelihood-eager.likelihood).max() < 0.02


@pytest.mark.parametrize('options', [{'runtime': 'onnx'}, {'precision': 'int8'}, {'precision': 'bf16'}])
def test_every_precision_and_runtime_agrees_or_is_not_used(place, options):
    pytest.importorskip('onnxruntime')
    eager = read_predictions(predict(place, 'eager'))
    fast = read_predictions(predict(place, '_'.join(options.values()), **options))
    assert np.abs(fast.xy-eager.xy).max() < 0.05
    with pytest.raises(ValueError, match='int8'): predict(place, 'wrong', precision='int4')


def test_rows_begun_with_an_engine_are_finished_with_it(place, monkeypatch):
    def choose_engine(model, runtime, images, consecutive, precision):
        return Choice(engine_network(model, images, 'openvino'), 'openvino', 'runtime: openvino')

    monkeypatch.setattr(resume, 'choose_network', choose_engine)
    whole = predict(place, 'whole', runtime='openvino')
    kept = resume._append

    def stop_early(job, journals, row, *views):
        if row >= 16: raise KeyboardInterrupt
        kept(job, journals, row, *views)

    monkeypatch.setattr(resume, '_append', stop_early)
    with pytest.raises(KeyboardInterrupt): predict(place, 'cut', runtime='openvino')
    monkeypatch.setattr(resume, '_append', kept)
    assert predict(place, 'cut').read_bytes() == whole.read_bytes()
    assert read_note(place/'cut.csv')['rows'] == 40
