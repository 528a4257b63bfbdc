"The widgets, used by hand: in JupyterLab and in Voilà."
from pathlib import Path

import browser
import numpy as np
import pytest

from lightning_pose_nb.cluster.manifest import read_manifest
from lightning_pose_nb.cluster.states import FAILED, put_mark
from lightning_pose_nb.config.load import load_config
from lightning_pose_nb.data.predictions import Predictions, read_predictions, write_predictions
from lightning_pose_nb.labeling.label_book import LabelBook
from lightning_pose_nb.models.folder import save_model
from lightning_pose_nb.models.networks import build_network
from lightning_pose_nb.project.checks import check_project
from lightning_pose_nb.project.create import label_book, start_project
from lightning_pose_nb.synthetic.project import make_project


@pytest.fixture(autouse=True)
def _browser(): browser.need_browser()


def until(page, condition: str, arg: object = None, timeout: int = 20):
    "Wait until a JavaScript condition holds; `arg` is handed to it."
    page.wait_for_function(condition, arg=arg, timeout=timeout*1000)


def until_says(page, where: str, text: str, timeout: int = 20):
    "Wait until an element shows a text."
    says = '([where, text]) => document.querySelector(where)?.innerText.includes(text)'
    until(page, says, [where, text], timeout)


def until_saved(page): until(page, "document.querySelector('.lpnb-save').disabled")
def until_changed(page): until(page, "!document.querySelector('.lpnb-save').disabled")


COUNTER = '''
import ipywidgets as widgets
from matplotlib.figure import Figure
from lightning_pose_nb.widgets.snapshot import HIDE_CSS, Snapshot, figure_png

class Counter(widgets.VBox):
    def __init__(self):
        self.button = widgets.Button(description='0')
        super().__init__([widgets.HTML(f'<style>{HIDE_CSS}</style>'), self.button])
        self.button.on_click(self.count)
        self.snapshot = Snapshot(self, self.picture, wait=.2)
    def count(self, _):
        self.button.description = str(int(self.button.description)+1)
        self.snapshot.touch()
    def picture(self):
        fig = Figure((2, 1))
        fig.text(.4, .4, self.button.description, size=30)
        return figure_png(fig)
    def _ipython_display_(self): self.snapshot.show()

Counter()
'''


@pytest.mark.parametrize('kind', ['lab', 'voila'])
def test_a_picture_stays(kind, tmp_path):
    "While a widget lives its picture is hidden; without a kernel the saved notebook shows it."
    notebook = browser.write_notebook(tmp_path/'counter.ipynb', COUNTER)
    picture = '.jp-OutputArea-child img'
    with browser.opened(kind, notebook, tmp_path/'home') as page:
        button = page.locator('.lpnb-live button')
        button.wait_for(timeout=120_000)
        page.locator(picture).wait_for(state='attached', timeout=20_000)
        before = page.locator(picture).get_attribute('src')
        assert not page.locator(picture).is_visible()
        button.click()
        until(page, "document.querySelector('.lpnb-live button').innerText === '1'")
        page.screenshot(path=browser.artefacts()/f'snapshot-{kind}-live.png')
        if kind == 'voila': return # Voilà saves nothing
        is_new = '([where, old]) => document.querySelector(where).src !== old'
        until(page, is_new, [picture, before])
        page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
        page.wait_for_timeout(1000)
    with browser.opened(kind, notebook, tmp_path/'later', run=False) as page:
        page.locator(picture).wait_for(timeout=60_000)
        page.screenshot(path=browser.artefacts()/'snapshot-lab-later.png')
        assert page.locator(picture).get_attribute('src') != before


VIEWER = '''
from lightning_pose_nb.widgets.pose_viewer import PoseViewer
predictions = {{'model': 'session0.csv', 'truth': 'ground_truth/session0.csv'}}
video = 'videos/session0.mp4'
viewer = PoseViewer(video, predictions, 'CollectedData.csv', skeleton={skeleton}, threshold=.5)
viewer
'''


@pytest.fixture
def project(tmp_path):
    "The sample project, with predictions of a video: wrong in frame 41, in some frames a little."
    folder = make_project(tmp_path/'mouse', n_frames=12, n_videos=2, n_video_frames=60).parent
    table = read_predictions(folder/'ground_truth'/'session0.csv')
    rng = np.random.default_rng(0)
    xy = table.xy+rng.normal(0, 1.5, table.xy.shape)
    doubt = .1*np.abs(rng.normal(size=table.likelihood.shape))
    likelihood = np.clip(.97-doubt, 0, 1)
    xy[41, 0] += 25
    likelihood[41, 0] = .2
    predictions = Predictions(table.index, table.keypoint_names, xy, likelihood)
    write_predictions(predictions, folder/'session0.csv')
    return folder


def at(page, frame, timeout=20):
    "Wait until the viewer has painted a frame."
    shows = "n => document.querySelector('.lpnb-viewer')?.dataset.frame === String(n)"
    until(page, shows, frame, timeout)


def screen(page, x, y):
    "Where on the page a place in the frame is."
    client_of = "([x, y]) => document.querySelector('.lpnb-viewer')._lpnb.clientOf(x, y)"
    return page.evaluate(client_of, [float(x), float(y)])


@pytest.mark.parametrize('kind', ['lab', 'voila'])
def test_viewer(kind, project):
    "Step, scrub, jump, drag a keypoint, undo, add a frame, save: the table changes there alone."
    names = read_predictions(project/'session0.csv').keypoint_names
    labels = project/'CollectedData.csv'
    book = LabelBook(labels)
    frame,image = next(iter(book.frames_of('session0.mp4').items()))
    before = labels.read_text()
    k = int(np.flatnonzero(np.isfinite(book.keypoints(image)[:, 0]))[0])
    cell = VIEWER.format(skeleton=[names[0:2], names[1:3]])
    notebook = browser.write_notebook(project/'view.ipynb', cell)
    with browser.opened(kind, notebook, project/'home', size=(1280, 1000)) as page:
        at(page, 0, timeout=120)
        viewer = page.locator('.lpnb-viewer')
        viewer.scroll_into_view_if_needed()
        viewer.focus()
        for n in (1, 2, 3):
            page.keyboard.press('ArrowRight')
            at(page, n)
        page.keyboard.press('n')
        at(page, 41)
        page.screenshot(path=browser.artefacts()/f'viewer-{kind}-jump.png')
        strip = page.locator('.lpnb-traces').bounding_box()
        page.mouse.click(strip['x']+strip['width']*(frame+.5)/60, strip['y']+20)
        at(page, frame)
        start = screen(page, *book.keypoints(image)[k])
        page.mouse.move(*start)
        page.mouse.down()
        page.mouse.move(start[0]+20, start[1]+12, steps=5)
        page.screenshot(path=browser.artefacts()/f'viewer-{kind}-drag.png')
        page.mouse.up()
        until_changed(page)
        assert labels.read_text() == before, 'the table must not change before it is saved'
        assert LabelBook(labels).n_unsaved == 1, 'but the journal must know at once'
        moved = LabelBook(labels).keypoints(image)[k]
        page.keyboard.press('Control+z')
        until_saved(page)
        page.keyboard.press('Control+Shift+z')
        until_changed(page)
        page.locator('.lpnb-frame').fill('41')
        page.keyboard.press('Enter')
        at(page, 41)
        page.locator('.lpnb-add').click()
        until_says(page, '.lpnb-pending', '2 rows')
        page.locator('.lpnb-save').click()
        until_saved(page)
        page.screenshot(path=browser.artefacts()/f'viewer-{kind}-saved.png')
    after = labels.read_text().splitlines()
    assert len(after) == len(before.splitlines())+1
    assert [a == b for a,b in zip(before.splitlines(), after, strict=False)].count(False) == 1
    saved = LabelBook(labels)
    assert np.allclose(saved.keypoints(image)[k], moved)
    assert np.abs(moved-book.keypoints(image)[k]).min() > 2
    assert 'labeled-data/session0/img00000041.png' in saved.images


SHOWS_VIEW = "name => document.querySelector('.lpnb-viewer')._lpnb.info.view === name"
HAS_FOCUS = "document.activeElement.classList.contains('lpnb-viewer')"
VIEWS = '''
from lightning_pose_nb import PoseViewer, label_book
PoseViewer(labels=label_book('mine/config.yaml'))
'''


@pytest.mark.parametrize('kind', ['lab'])
def test_views(kind, tmp_path):
    "From the videos of two cameras to a label in each: the tables agree, row by row."
    size = dict(n_frames=4, n_videos=1, n_video_frames=20, cameras=2)
    films = make_project(tmp_path/'sample', **size).parent
    views = load_config(films/'config.yaml').data.view_names
    config = start_project(tmp_path/'mine', films/'videos', ['nose', 'tail'], n=3, view_names=views,
                           skeleton=[['nose', 'tail']])
    notebook = browser.write_notebook(tmp_path/'views.ipynb', VIEWS)
    with browser.opened(kind, notebook, tmp_path/'home', size=(1280, 1000)) as page:
        at(page, 0, timeout=120)
        viewer = page.locator('.lpnb-viewer')
        viewer.focus()
        page.keyboard.press('ArrowRight')
        at(page, 1)
        page.mouse.click(*screen(page, 40, 50))
        until_says(page, '.lpnb-pending', '2 rows')
        page.keyboard.press('v')
        until(page, SHOWS_VIEW, views[1])
        at(page, 1)
        assert page.evaluate(HAS_FOCUS), 'the keyboard must stay with the viewer'
        page.mouse.click(*screen(page, 20, 30))
        page.wait_for_timeout(500)
        page.screenshot(path=browser.artefacts()/f'views-{kind}.png')
        page.keyboard.press('s')
        until_saved(page)
        page.locator('.lpnb-view').first.click()
        until(page, SHOWS_VIEW, views[0])
        at(page, 1)
    first,second = label_book(config).views.values()
    images = [Path(image).name for image in first.images]
    assert images == [Path(image).name for image in second.images] != []
    places = [book.keypoints(book.images[0]) for book in (first, second)]
    unlabelled = [np.nan]*2
    np.testing.assert_allclose(places[0], [[40, 50], unlabelled], atol=1)
    tail = 'after the nose comes the tail'
    np.testing.assert_allclose(places[1], [unlabelled, [20, 30]], atol=1, err_msg=tail)
    assert [p for p in check_project(config) if 'csv_file' in p.where] == []


EDITOR = '''
from lightning_pose_nb.widgets.config_editor import ConfigEditor
ConfigEditor('config.yaml')
'''


@pytest.mark.parametrize('kind', ['lab', 'voila'])
def test_editor(kind, project):
    "A mistake is named; saving a value changes one line; somebody else's edit is not overwritten."
    config = project/'config.yaml'
    before = config.read_text()
    notebook = browser.write_notebook(project/'edit.ipynb', EDITOR)
    with browser.opened(kind, notebook, project/'home', size=(1280, 1150)) as page:
        editor = page.locator('.lpnb-editor')
        editor.wait_for(timeout=120_000)
        until_says(page, '.lpnb-editor', 'epochs of', timeout=60)
        page.screenshot(path=browser.artefacts()/f'editor-{kind}-open.png')
        page.get_by_role('tab', name='training').click()
        key = 'document.querySelector(".lpnb-key-training-max_epochs")'
        field = page.locator('.lpnb-key-training-max_epochs input')
        field.fill('manny')
        until(page, f'{key}.classList.contains("lpnb-bad")')
        page.screenshot(path=browser.artefacts()/f'editor-{kind}-wrong.png')
        field.fill('17')
        until(page, f'!{key}.classList.contains("lpnb-bad")')
        until_says(page, '.lpnb-editor', '17 epochs of', timeout=60)
        page.locator('.lpnb-save:not([disabled])').click()
        until_saved(page)
        page.screenshot(path=browser.artefacts()/f'editor-{kind}-saved.png')
        saved = config.read_text()
        lines = zip(before.splitlines(), saved.splitlines(), strict=True)
        changed = [new for old,new in lines if old != new]
        assert len(changed) == 1
        assert 'max_epochs: 17' in changed[0]
        edited = saved+'# by somebody else\n'
        config.write_text(edited)
        field.fill('18')
        page.locator('.lpnb-keep').wait_for(timeout=20_000)
        assert config.read_text() == edited
        page.locator('.lpnb-keep').click()
        page.locator('.lpnb-keep').wait_for(state='hidden', timeout=20_000)
    assert config.read_text() == edited.replace('max_epochs: 17', 'max_epochs: 18')


MONITOR = '''
from lightning_pose_nb.widgets.training_monitor import TrainingMonitor, start_training
process = start_training('config.yaml', 'model', {settings})
TrainingMonitor('model', every=1)
'''


@pytest.mark.parametrize('kind', ['lab'])
def test_monitor(kind, project):
    "A training in another process is seen to learn, looked back at, and stopped."
    settings = [
        'model.backbone=mobilenetv3_small_050',
        'model.backbone_pretrained=false',
        'training.max_epochs=400',
        'training.check_val_every_n_epoch=2',
        'training.optimizer_params.learning_rate=0.006',
    ]
    notebook = browser.write_notebook(project/'watch.ipynb', MONITOR.format(settings=settings))
    with browser.opened(kind, notebook, project/'home', size=(1280, 1100)) as page:
        page.locator('.lpnb-monitor').wait_for(timeout=120_000)
        until_says(page, '.lpnb-monitor', 'to go', timeout=120)
        past_two = "document.querySelector('.lpnb-monitor .widget-readout')?.innerText > '2'"
        until(page, past_two, timeout=120)
        page.screenshot(path=browser.artefacts()/f'monitor-{kind}-running.png')
        page.locator('.lpnb-monitor .noUi-handle').focus()
        page.keyboard.press('Home')
        page.wait_for_timeout(1500)
        page.screenshot(path=browser.artefacts()/f'monitor-{kind}-early.png')
        page.locator('.lpnb-stop').click()
        until_says(page, '.lpnb-monitor', 'was interrupted', timeout=60)
        page.screenshot(path=browser.artefacts()/f'monitor-{kind}-stopped.png')


LIVE = '''
from itertools import cycle
from lightning_pose_nb.api import TrainedModel
from lightning_pose_nb.live.sources import at_own_speed
from lightning_pose_nb.video.sequential import read_frames
from lightning_pose_nb.widgets import LiveView
frames = cycle(list(read_frames('videos/session0.mp4')))
stream = TrainedModel('model').stream(at_own_speed(frames, 30), policy='newest')
LiveView(threshold=0).start(stream)
'''


def test_live_view(project):
    "A stream in a thread of its own is seen to go on, and stopped by its button."
    cfg = load_config(project/'config.yaml', ['model.backbone=mobilenetv3_small_050'])
    names = read_predictions(project/'session0.csv').keypoint_names
    save_model(project/'model', build_network(cfg, len(names), pretrained=False), cfg, names, {})
    notebook = browser.write_notebook(project/'live.ipynb', LIVE)
    with browser.opened('lab', notebook, project/'home', size=(1000, 800)) as page:
        until_says(page, '.lpnb-live-view', 'dropped', timeout=120)
        before = page.locator('.lpnb-live-view').inner_text()
        until(page, "before => document.querySelector('.lpnb-live-view').innerText != before", before)
        page.screenshot(path=browser.artefacts()/'live-running.png')
        page.locator('.lpnb-live-stop').click()
        until_says(page, '.lpnb-live-view', 'predicted')
        page.screenshot(path=browser.artefacts()/'live-stopped.png')
JOBS = '''
from pathlib import Path
from lightning_pose_nb.cluster.manifest import TrainUnit, write_manifest
from lightning_pose_nb.cluster.states import FAILED, jobs_view, log_path, put_mark
units = [TrainUnit(name=f'seed{n}', config='config.yaml', output=f'seed{n}') for n in range(4)]
manifest = write_manifest('many.json', units)
put_mark(manifest, units[0], FAILED, error='memory ran out')
log_path(manifest, 'seed0').write_text('after epoch 3')
jobs_view(manifest, every=1)
'''


@pytest.mark.parametrize('kind', ['lab'])
def test_jobs_view(kind, project):
    "Bars per state; a click on a state lists its units, a click on a unit shows its log; new marks are seen."
    notebook = browser.write_notebook(project/'many.ipynb', JOBS)
    with browser.opened(kind, notebook, project/'home', size=(1000, 900)) as page:
        page.locator('.lpnb-jobs').wait_for(timeout=120_000)
        page.locator('.lpnb-jobs button', has_text='1 failed').click()
        page.locator('.lpnb-jobs select').select_option('seed0')
        until_says(page, '.lpnb-jobs', 'after epoch 3', timeout=20)
        page.screenshot(path=browser.artefacts()/f'jobs-{kind}.png')
        manifest = read_manifest(project/'many.json')
        put_mark(manifest, manifest.units[1], FAILED, error='no labels')
        until_says(page, '.lpnb-jobs', '2 failed', timeout=20)


SCREENS = [  # name, width in pixels, colour scheme
    ('light', 1100, 'light'),
    ('dark', 1100, 'dark'),
    ('phone', 390, 'light'),
]


def test_report(project):
    "The page of a trained model opens without a network, raises nothing, and its film plays."
    from playwright.sync_api import sync_playwright

    from lightning_pose_nb.api import train
    from lightning_pose_nb.report import write_report
    settings = {
        'model.backbone': 'mobilenetv3_small_050',
        'model.backbone_pretrained': False,
        'training.max_epochs': 2,
        'training.min_epochs': 1,
        'training.check_val_every_n_epoch': 1,
    }
    model = train(project/'config.yaml', project/'model', settings, progress=False)
    page_file = write_report(model.folder)
    asked = []
    errors = []
    with sync_playwright() as p:
        chromium = browser.launch(p)
        for name,width,scheme in SCREENS:
            page = chromium.new_page(viewport={'width': width, 'height': 900}, color_scheme=scheme)
            page.on('request', lambda r: asked.append(r.url[:40]))
            page.on('pageerror', lambda e: errors.append(str(e)))
            page.goto(page_file.as_uri())
            until(page, 'document.querySelector("video").readyState >= 2')
            assert page.evaluate('document.documentElement.scrollWidth') <= width
            page.screenshot(path=browser.artefacts()/f'report-{name}.png', full_page=True)
        chromium.close()
    assert not errors
    assert [url for url in asked if not url.startswith(('file:', 'data:'))] == []
