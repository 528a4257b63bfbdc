"""Names are text, paths stay inside, no stranger's code runs, nothing listens or reports; other videos are told.

The cases are in `bad_names.py`. One small project has all the names at once, and goes the whole way: init,
check, train, predict, evaluate, report, viewer.
"""
import ast
import json
import re
import warnings
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import bad_names
import numpy as np
import pytest
from bad_names import FOLDER, KEYPOINTS, OTHERS, OUTSIDE, REFERENCE, STEM
from commands import lpnb
from PIL import Image

from lightning_pose_nb.core.files import fingerprint
from lightning_pose_nb.core.journal import made_from
from lightning_pose_nb.core.testing import write_number_video
from lightning_pose_nb.data.labels import Labels, read_labels, write_labels
from lightning_pose_nb.data.predictions import Predictions, read_predictions, write_predictions
from lightning_pose_nb.video.random_access import VideoReader

LIBRARY = Path(__file__).parent.parent/'lightning_pose_nb'
NAMES = [case.expect for case in KEYPOINTS]
TINY = ['training.max_epochs=1', 'training.min_epochs=1', 'training.unfreezing_epoch=0',
        'training.train_batch_size=8', 'training.accelerator=cpu', 'model.backbone=mobilenetv3_small_050',
        'model.backbone_pretrained=false', 'eval.predict_vids_after_training=false',
        'model.model_name=<b>{{7*7}}', 'data.image_resize_dims.height=64', 'data.image_resize_dims.width=64']


def write_images(video: Path, folder: Path) -> list[str]:
    "Every second frame as an image in a folder; their names."
    folder.mkdir(parents=True)
    reader = VideoReader(video)
    names = []
    for i in range(2, reader.info.n_frames-2, 3):
        path = folder/f'img{i:08d}.png'
        Image.fromarray(reader.read(i, 1).frames[0]).save(path)
        names.append(path.name)
    reader.close()
    return names


@pytest.fixture(scope='module')
def project(tmp_path_factory) -> SimpleNamespace:
    "A project whose names are all bad, trained and predicted."
    root = tmp_path_factory.mktemp('names')/FOLDER
    (root/'videos').mkdir(parents=True)
    video = write_number_video(root/'videos'/f'{STEM}.mp4', range(20), size=(64, 64))
    images = [f'labeled-data/{STEM}/{name}' for name in write_images(video, root/'labeled-data'/STEM)]
    xy = np.random.default_rng(0).uniform(4, 60, (len(images), len(NAMES), 2))
    write_labels(Labels(images, NAMES, xy, scorer='<b>{{7*7}}</b>'), root/'CollectedData.csv')
    lpnb('init', root)
    lpnb('check', root)
    model = root/'model'
    lpnb('train', root, *TINY, '--output-dir', model)
    said = lpnb('predict', model, video, '--labeled-video')
    lpnb('evaluate', model)
    lpnb('report', model, '--videos', root/'videos')
    return SimpleNamespace(root=root, video=video, model=model, said=said)


class Page(HTMLParser):
    "What a browser makes of a page."
    def __init__(self, text: str):
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.sources: list[str] = []
        self.text = ''
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.sources += [value for name, value in attrs if name in ('src', 'href')]

    def handle_data(self, data): self.text += data


def check_harmless(page: Page):
    "No code, no handlers, and nothing from elsewhere."
    assert not page.tags & {'script', 'svg', 'iframe', 'object', 'embed', 'form', 'link', 'base'}
    assert not {name for name in page.attributes if name.startswith('on')}
    assert not [source for source in page.sources if not source.startswith(('data:', '#'))]


@pytest.fixture(scope='module')
def report(project) -> Page: return Page((project.model/'report.html').read_text(encoding='utf-8'))


def test_the_report_holds_no_code_and_nothing_from_elsewhere(report):
    check_harmless(report)
    assert STEM in report.text
    assert '<b>{{7*7}}' in report.text


@pytest.mark.parametrize('case', KEYPOINTS, ids=lambda case: case.expect[:20])
def test_a_keypoint_may_have_any_name(case, project, report):
    name = case.expect
    tables = [read_labels(project.root/'CollectedData.csv'), read_predictions(project.model/'predictions.csv'),
              read_predictions(project.model/'video_preds'/f'{STEM}.csv')]
    for table in tables: assert name in table.keypoint_names
    assert name in json.loads((project.model/'model.json').read_text(encoding='utf-8'))['keypoint_names']
    assert name in report.text


def test_a_reference_is_told(tmp_path):
    (tmp_path/'labeled-data').mkdir()
    Image.new('L', (64, 64)).save(tmp_path/'labeled-data'/'img1.png')
    names = ['nose', REFERENCE.expect]
    write_labels(Labels(['labeled-data/img1.png'], names, np.full((1, 2, 2), 20.)), tmp_path/'CollectedData.csv')
    lpnb('init', tmp_path)
    assert f'{REFERENCE.expect} refers to a key that is not there' in lpnb('check', tmp_path, code=1)


def test_files_are_where_they_belong(project):
    "No name made a file or a folder elsewhere."
    assert [path.name for path in project.root.parent.iterdir()] == [FOLDER]
    assert sorted(path.name for path in project.root.iterdir()) == [
        '.lpnb_images.json', 'CollectedData.csv', 'config.yaml', 'labeled-data', 'model', 'videos']
    assert (project.model/'video_preds'/'labeled_videos'/f'{STEM}_labeled.mp4').is_file()


def html_values(widget) -> list[str]:
    "All HTML in a widget."
    import ipywidgets
    values = [widget.value] if isinstance(widget, ipywidgets.HTML) else []
    for child in getattr(widget, 'children', ()): values += html_values(child)
    return values


def test_widgets_show_names_as_text(project):
    from lightning_pose_nb.widgets.config_editor import ConfigEditor
    from lightning_pose_nb.widgets.pose_viewer import PoseViewer
    from lightning_pose_nb.widgets.training_monitor import TrainingMonitor
    viewer = PoseViewer(project.video, project.model, project.root/'CollectedData.csv')
    assert viewer.info['names'] == NAMES
    viewer.seek(3)
    viewer.add()
    assert viewer.save() == 1
    assert viewer.picture()[:4] == b'\x89PNG'
    viewer.close()
    monitor = TrainingMonitor(project.model)
    assert monitor.picture()[:4] == b'\x89PNG'
    editor = ConfigEditor(project.root/'config.yaml')
    values = html_values(monitor)+html_values(editor)
    assert len(values) > 10
    for value in values: check_harmless(Page(value))
    editor.close()


def test_the_browser_gets_text_only():
    "What our JavaScript puts on the page goes through textContent and append."
    for script in (LIBRARY/'static').glob('*.js'):
        text = script.read_text(encoding='utf-8')
        assert not re.search(r'innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function', text)
    page = (LIBRARY/'static'/'report.html').read_text(encoding='utf-8')
    assert '|safe' not in page.replace(' ', '')


@pytest.mark.parametrize('case', OUTSIDE, ids=lambda case: ' '.join(case.expect))
def test_nothing_is_written_outside_of_a_project(case, tmp_path):
    command, place = case.expect
    root = tmp_path/'project'
    (root/'videos').mkdir(parents=True)
    away = tmp_path/'away'
    video = write_number_video(root/'videos'/'away.mp4', range(20), size=(64, 64))
    images = write_images(video, away)
    folder = str(away) if place == 'ABSOLUTE' else place
    (root/'labeled-data').mkdir()
    paths = [f'{folder}/{image}' for image in images]
    csv = root/'CollectedData.csv'
    write_labels(Labels(paths, ['nose'], np.full((len(paths), 1, 2), 20.)), csv)
    assert 'outside the data folder' in lpnb('init', root, code=1)
    (root/'config.yaml').write_text('data: {data_dir: ., csv_file: CollectedData.csv, video_dir: videos}\n')
    before = sorted(tmp_path.rglob('*'))
    if command == 'context':
        said = lpnb('context', root, code=1)
    else:
        boxes = tmp_path/'boxes.csv'
        boxes.write_text(',x,y,h,w\n'+''.join(f'{path},4,4,32,32\n' for path in paths))
        said = lpnb('crop', csv, boxes, tmp_path/'cropped', code=1)
        boxes.unlink()
    assert 'outside the data folder' in said
    assert sorted(tmp_path.rglob('*')) == before


def spread_points(frames: int) -> np.ndarray:
    "(T, 1, 2) a keypoint that walks through frames of 48×64 pixels."
    t = np.arange(frames)
    return np.stack([32+28*np.cos(t/3), 24+20*np.sin(t/3)], -1)[:, None]


@pytest.mark.parametrize('case', OTHERS, ids=lambda case: f'{case.name}: {case.expect.name}')
def test_predictions_of_another_video(case, tmp_path):
    from lightning_pose_nb.plots.labeled_video import render_video
    from lightning_pose_nb.widgets.frame_source import open_frames
    from lightning_pose_nb.widgets.scene import align_predictions
    other = case.expect
    (tmp_path/'mine').mkdir()
    mine = write_number_video(tmp_path/'mine'/'trial.mp4', range(30), size=(48, 64))
    xy = spread_points(30)
    csv = tmp_path/'trial.csv'
    write_predictions(Predictions(list(range(30)), ['nose'], xy, np.ones((30, 1))), csv)
    if other.note:
        made_from(csv).write_text(json.dumps({'source': [fingerprint(mine)], 'frame_size': [48, 64]}))
    video = write_number_video(tmp_path/other.name, range(other.frames), size=other.size, crf=other.crf)
    drawn = tmp_path/'drawn.mp4'
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter('always')
        if case.outcome == 'refused':
            for show in (lambda: render_video(video, csv, drawn), lambda: align_predictions(csv, open_frames(video))):
                with pytest.raises(ValueError, match=r'frames|another file'): show()
            assert not drawn.exists()
            return
        render_video(video, csv, drawn)
        shown = align_predictions(csv, open_frames(video)).table.xy
    np.testing.assert_allclose(shown+.5, (np.round(xy, 4)+.5)*other.scale, atol=1e-3)
    told = [str(warning.message) for warning in said if str(csv) in str(warning.message)]
    assert bool(told) == (case.outcome == 'told')


def calls(tree: ast.AST):
    "Every call in a module: dotted name, and keywords."
    for node in ast.walk(tree):
        if isinstance(node, ast.Call): yield ast.unparse(node.func), {key.arg: key.value for key in node.keywords}


def test_no_file_can_run_code():
    "Weights, tables, configs and archives are read by readers that build data only."
    for path in LIBRARY.rglob('*.py'):
        for name, keywords in calls(ast.parse(path.read_text(encoding='utf-8'))):
            place = f'{path.name}: {name}'
            assert name not in ('eval', 'exec', 'os.system', 'pickle.load', 'pickle.loads', 'pd.read_pickle',
                                'yaml.unsafe_load', 'yaml.full_load', 'joblib.load'), place
            assert 'shell' not in keywords, place
            if name == 'torch.load': assert ast.unparse(keywords['weights_only']) == 'True', place
            if name == 'np.load': assert 'allow_pickle' not in keywords, place
            if name == 'yaml.load': assert 'Loader' in keywords, place
    import yaml

    from lightning_pose_nb.config import yaml_document
    assert issubclass(yaml_document._Loader, yaml.SafeLoader)


def test_nothing_listens_beyond_this_machine_or_tells_of_itself():
    import os

    import lightning_pose_nb.models.backbones  # noqa: F401 (sets what the hub's client reads)
    from lightning_pose_nb.config.schema import Config
    assert Config().eval.fiftyone.address in ('127.0.0.1', 'localhost', '::1')
    assert os.environ['HF_HUB_DISABLE_TELEMETRY'] == '1'
    for path in LIBRARY.rglob('*.py'): assert '0.0.0.0' not in path.read_text(encoding='utf-8'), path


def test_every_case_is_tried():
    assert len(bad_names.CASES) == len(KEYPOINTS)+1+len(OUTSIDE)+len(OTHERS)
    assert len({case.name for case in bad_names.CASES}) >= 12
