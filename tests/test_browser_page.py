"""The page that tracks videos, in a real browser with onnxruntime-web: the keypoints are those of `lpnb predict`.

`LPNB_ONNXRUNTIME_WEB` names a folder in which `npm install onnxruntime-web` was done.
"""
import csv
import io
import os
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from browser import artefacts, launch, need_browser, required

from lightning_pose_nb.inference.videos import predict_video
from lightning_pose_nb.models.folder import load_model
from lightning_pose_nb.video.sequential import probe

WHAT = 'onnxruntime-web'


class Quiet(SimpleHTTPRequestHandler):
    "Serves a folder, and says nothing of it."
    def log_message(self, format, *args): pass


@pytest.fixture
def site(bench, tmp_path):
    "A folder with the page of a trained model, and onnxruntime-web in it."
    need_browser()
    pytest.importorskip('onnxruntime', reason='needs the extra onnx')
    modules = Path(os.environ.get('LPNB_ONNXRUNTIME_WEB', 'nowhere'), 'node_modules')
    if not (modules/WHAT).is_dir():
        missing = f'{WHAT} is not installed: npm install it somewhere, and name the folder in LPNB_ONNXRUNTIME_WEB'
        if required(WHAT): pytest.fail(missing, pytrace=False)
        pytest.skip(missing)
    from lightning_pose_nb.runtimes.browser import write_page
    folder = tmp_path/'site'
    write_page(load_model(bench.inputs/'model'), folder)
    (folder/'node_modules').symlink_to(modules)
    return folder


@pytest.fixture
def address(site):
    "Of the page, on this computer."
    server = ThreadingHTTPServer(('127.0.0.1', 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{server.server_port}/'
    server.shutdown()
    server.server_close()


def test_page_tracks_a_video(bench, site, address, tmp_path):
    from playwright.sync_api import sync_playwright
    video = bench.inputs/'mouse/videos/session0.mp4'
    with sync_playwright() as p:
        browser = launch(p)
        page = browser.new_page()
        errors = []
        page.on('pageerror', lambda error: errors.append(str(error)))
        page.goto(address)
        page.wait_for_selector('#file:not([disabled])', timeout=60_000)
        page.fill('#least', '0')
        page.set_input_files('#file', video)
        page.wait_for_selector('#save:not([hidden])', timeout=120_000)
        page.screenshot(path=artefacts()/'page.png')
        said = page.text_content('#state')
        table = page.evaluate('table()')
        browser.close()
    assert errors == []
    head, *rows = csv.reader(io.StringIO(table))
    expected = predict_video(load_model(bench.inputs/'model'), video, tmp_path/'expected.csv')
    info = probe(video)
    names = expected.keypoint_names
    assert head == ['seconds', *[f'{name} {axis}' for name in names for axis in ('x', 'y', 'likelihood')]]
    assert said.startswith(f'Done: {len(rows)} frames')
    assert len(rows) > info.n_frames/2
    found = np.array(rows, float)
    frames = np.round(found[:, 0]*info.fps).astype(int)
    assert (np.diff(frames) > 0).all()
    points = found[:, 1:].reshape(len(rows), len(names), 3)
    distances = np.linalg.norm(points[..., :2]-expected.xy[frames], axis=-1)
    sure = expected.likelihood[frames] > .5
    assert np.median(distances) < .2
    assert np.quantile(distances[sure] if sure.any() else distances, .9) < 1


def test_page_says_what_it_lacks(site, address):
    from playwright.sync_api import sync_playwright
    (site/'node_modules').unlink()
    with sync_playwright() as p:
        browser = launch(p)
        page = browser.new_page()
        page.goto(address)
        page.wait_for_function("document.getElementById('state').textContent.includes('npm install')")
        assert page.is_disabled('#file')
        browser.close()
