"FiftyOne's app, with its real database: it answers, and the dataset is there."
import os
import socket
import time
import urllib.request
from importlib.util import find_spec

import browser
import pytest

from lightning_pose_nb.config.load import load_config
from lightning_pose_nb.synthetic.project import make_project


@pytest.fixture
def fiftyone(tmp_path, monkeypatch):
    "FiftyOne with a database of its own."
    if find_spec('fiftyone') is None:
        missing = "fiftyone is not installed (pip install -e '.[dev]')"
        if browser.required('fiftyone'): pytest.fail(missing)
        pytest.skip(missing)
    os.environ.setdefault('FIFTYONE_DATABASE_DIR', str(tmp_path/'database'))
    from lightning_pose_nb.interop.fiftyone import import_fiftyone
    return import_fiftyone()


def test_app(fiftyone, tmp_path):
    "The app opens on the dataset."
    from lightning_pose_nb.core.errors import ProjectError
    from lightning_pose_nb.interop.fiftyone import launch, make_dataset
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        port = s.getsockname()[1]
    settings = {
        'eval.fiftyone.dataset_name': 'animals',
        'eval.fiftyone.port': port,
        'data.skeleton': [['nose_top', 'spine_top'], ['spine_top', 'tail_base_top']],
    }
    config = make_project(tmp_path/'mouse', n_frames=4, n_videos=2, n_video_frames=20)
    cfg = load_config(config, settings)
    dataset = make_dataset(cfg, {}, overwrite=True)
    session = launch(dataset, cfg)
    try:
        for _ in range(120):
            try: status = urllib.request.urlopen(f'http://127.0.0.1:{port}/', timeout=5).status
            except OSError: time.sleep(.5)
            else: break
        assert status == 200
        assert session.dataset.name == 'animals'
        with pytest.raises(ProjectError, match=r'eval\.fiftyone\.port'): launch(dataset, cfg)
        if browser.CHROMIUM: _look(port)
    finally: session.close()


def _look(port):
    "A picture of the app, to look at."
    from playwright.sync_api import sync_playwright
    with sync_playwright() as p:
        chromium = browser.launch(p)
        page = chromium.new_page(viewport={'width': 1280, 'height': 900})
        page.goto(f'http://127.0.0.1:{port}/datasets/animals', timeout=60_000)
        page.wait_for_timeout(5000)
        page.screenshot(path=browser.artefacts()/'fiftyone.png')
        chromium.close()
