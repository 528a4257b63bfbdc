"""A notebook in a real browser: JupyterLab or Voilà in headless Chromium, driven by Playwright.

`opened` starts a server for a folder, opens a notebook of it, runs it, and hands over the page. An
error that the page raised fails the test at the end, whatever the test itself found. Screenshots go
to `artefacts/` (or `$LPNB_ARTEFACTS`).
"""
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
PROGRAMS = ('chromium', 'chromium-browser', 'google-chrome')
CHROMIUM = os.environ.get('CHROMIUM') or next(filter(None, map(shutil.which, PROGRAMS)), None)
FLAGS = [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync']
QUIET = '{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}'


def required(what: str) -> bool:
    "Must a test of `what` run here? `.ci/run` says so in `LPNB_REQUIRE`."
    return what in os.environ.get('LPNB_REQUIRE', '').split(',')


def what_is_missing() -> str:
    "What a test in a browser lacks on this machine; empty if nothing."
    absent = [name for name in ('jupyterlab', 'playwright', 'voila') if find_spec(name) is None]
    if absent: return f"{', '.join(absent)} not installed (pip install -e '.[dev]')"
    if CHROMIUM: return ''
    return 'no Chromium found; install it (apt-get install chromium) or set CHROMIUM'


def need_browser():
    "Skip with a reason where there is no browser; fail where there must be one."
    missing = what_is_missing()
    if not missing: return
    if required('browser'): pytest.fail(f'a browser is required here, but {missing}', pytrace=False)
    pytest.skip(missing)


def artefacts() -> Path:
    "The folder of screenshots."
    folder = Path(os.environ.get('LPNB_ARTEFACTS', ROOT/'artefacts'))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_notebook(path: Path, *cells: str) -> Path:
    "A notebook of code cells."
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    nb.metadata.kernelspec = {'name': 'python3', 'display_name': 'Python 3', 'language': 'python'}
    nbformat.write(nb, path)
    return path


def _port() -> int:
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def _lab_command(notebook: Path, port: int) -> tuple[list[str], str, str]:
    "What starts JupyterLab, the address that answers when it is ready, and that of the notebook."
    token = secrets.token_hex(8)
    home = f'http://127.0.0.1:{port}'
    options = [
        '--no-browser',
        '--allow-root',
        '--ServerApp.ip=127.0.0.1',
        f'--ServerApp.root_dir={notebook.parent}',
        f'--ServerApp.port={port}',
        f'--IdentityProvider.token={token}',
        '--LabApp.expose_app_in_browser=True',
    ]
    command = [sys.executable, '-m', 'jupyterlab', *options]
    ready = f'{home}/api?token={token}'
    page = f'{home}/lab/tree/{notebook.name}?token={token}&reset'
    return command, ready, page


def _voila_command(notebook: Path, port: int) -> tuple[list[str], str, str]:
    "The same for Voilà, which serves nothing but the notebook."
    options = ['--no-browser', f'--port={port}', '--Voila.ip=127.0.0.1']
    command = [sys.executable, '-m', 'voila', str(notebook), *options]
    home = f'http://127.0.0.1:{port}/'
    return command, home, home


def _fail(what: str, log: Path):
    "End the test with the last lines of a server's log."
    pytest.fail(f'{what}:\n{log.read_text()[-3000:]}', pytrace=False)


@contextmanager
def serve(kind: str, notebook: Path, home: Path) -> Iterator[str]:
    "A running server; the address of the notebook."
    (home/'config/labconfig').mkdir(parents=True, exist_ok=True)
    (home/'config/labconfig/page_config.json').write_text(QUIET)
    paths = {
        'JUPYTER_CONFIG_DIR': 'config', 'JUPYTER_RUNTIME_DIR': 'runtime', 'IPYTHONDIR': 'ipython',
        'JUPYTER_DATA_DIR': 'data'}
    env = os.environ | {key: str(home/name) for key,name in paths.items()}
    env |= {'PYTHONPATH': os.pathsep.join(filter(None, [str(ROOT), os.environ.get('PYTHONPATH')]))}
    env.pop('MPLBACKEND', None)
    start = _lab_command if kind == 'lab' else _voila_command
    command, ready, page = start(notebook, _port())
    log = home/f'{kind}.log'
    with log.open('w') as file:
        server = subprocess.Popen(command, env=env, stdout=file, stderr=file, cwd=notebook.parent)
    try:
        for _ in range(240):
            if server.poll() is not None: _fail(f'the {kind} server ended', log)
            try: urllib.request.urlopen(ready, timeout=60).read()
            except OSError: time.sleep(.5)
            else: break
        else: _fail(f'the {kind} server never answered', log)
        yield page
    finally:
        server.terminate()
        try: server.wait(10)
        except subprocess.TimeoutExpired: server.kill()


def launch(playwright):
    "Headless Chromium."
    return playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)


def kernel_ready(page, timeout: float = 120):
    "Wait until JupyterLab shows the notebook and its kernel answers."
    page.wait_for_selector('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell', timeout=timeout*1000)
    session = 'window.jupyterapp?.shell.currentWidget?.sessionContext?.session'
    connected = f'{session}?.kernel?.connectionStatus === "connected"'
    page.wait_for_function(connected, timeout=timeout*1000)


def run_all(page):
    "Run every cell of the notebook shown by JupyterLab."
    kernel_ready(page)
    page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")


@contextmanager
def opened(kind: str, notebook: Path, home: Path, run: bool = True,
           size: tuple[int, int] = (1280, 900)) -> Iterator:
    "A Playwright page that shows the notebook; an error on the page fails the test."
    from playwright.sync_api import sync_playwright
    home.mkdir(parents=True, exist_ok=True)
    errors = []
    with serve(kind, notebook, home) as address, sync_playwright() as p:
        browser = launch(p)
        page = browser.new_page(viewport={'width': size[0], 'height': size[1]})
        page.on('pageerror', lambda e: errors.append(str(e)))
        try:
            page.goto(address, wait_until='domcontentloaded', timeout=120_000)
            if kind == 'lab' and run: run_all(page)
            yield page
        except BaseException:
            page.screenshot(path=artefacts()/f'failed-{kind}-{notebook.stem}.png')
            raise
        finally: browser.close()
    assert not errors, f'errors on the page: {errors}'
