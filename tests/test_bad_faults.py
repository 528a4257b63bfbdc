"""Faults of the system while something runs: signals, disks, terminals, folders (`bad_faults.py`)."""
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from bad_faults import FAILS
from faults import (
    JOBS,
    Bench,
    begin,
    check_end,
    check_names,
    every,
    fail_often,
    lpnb_with,
    predict_thirty,
    run,
    settings,
)

PAIRS = [(manner, name) for manner, names in FAILS.items() for name in names]


@pytest.mark.parametrize(('manner', 'name'), PAIRS)
def test_a_failing_system_is_told_and_outlived(bench, manner, name):
    tally = fail_often(bench, JOBS[name], manner, 1, seed=2)
    assert tally.wrong == []
    assert tally.runs == 1


# --- A disk that is too small ----------------------------------------------------------------------

def mounted(place: Path, size: int) -> bool:
    "Make a folder a disk of so many bytes, or make that disk larger; False where that is not allowed."
    again = 'remount,' if os.path.ismount(place) else ''
    words = ['mount', '-t', 'tmpfs', '-o', f'{again}size={size}', 'none', str(place)]
    return shutil.which('mount') is not None and not subprocess.run(words, capture_output=True).returncode


@pytest.fixture
def disk(bench):
    "A folder that is a disk of its own, and tiny."
    place = bench.place('disk')
    if not mounted(place, 1 << 16):
        pytest.skip('no disk of its own can be mounted here: needs root and tmpfs')
    yield place
    subprocess.run(['umount', '--lazy', str(place)], check=True)


@pytest.mark.parametrize('name', ['train', 'predict a folder', 'crop labels'])
def test_a_full_disk_names_the_file(bench, disk, name):
    job = JOBS[name]
    reference = bench.undisturbed(job)
    needed = sum(map(len, reference.results.values()))
    log = disk.with_name('disk.log')
    mounted(disk, int(needed*0.6))
    assert run(job.work(bench.inputs, disk, False), disk, log) == 1
    said = log.read_text()
    assert 'No space left on device' in said
    assert f'{disk}/' in said
    assert 'Traceback' not in said
    assert check_names(job, disk, reference.before, reference.results) == []
    mounted(disk, 1 << 28)
    assert run(job.work(bench.inputs, disk, True), disk, log) == 0
    assert check_end(job, disk, reference.results) == []


# --- Output that goes nowhere ----------------------------------------------------------------------

def predict_words(bench: Bench, place: Path) -> list:
    "The words of a prediction of two videos."
    return ['predict', bench.inputs/'model', bench.inputs/'mouse'/'all', '-o', place/'out',
            '--batch-size', 8, '--labeled-video']


@pytest.mark.parametrize(('how', 'code'), [('unread', 1), ('closed', 0), ('full', 1)])
def test_output_that_goes_nowhere(bench, how, code):
    job = JOBS['predict a folder']
    reference = bench.undisturbed(job)
    place = bench.place(f'output_{how}')
    log = place.with_name('output.log')
    assert run(partial(lpnb_with, how, *predict_words(bench, place)), place, log) == code, log.read_text()
    assert 'Traceback' not in log.read_text()
    assert check_names(job, place, {}, reference.results) == []
    assert run(job.work(bench.inputs, place, True), place, log) == 0
    assert check_end(job, place, reference.results) == []


def test_a_terminal_that_is_closed(bench):
    job = JOBS['train']
    reference = bench.undisturbed(job)
    place = bench.place('terminal')
    log = place.with_name('terminal.log')
    mine, its = os.openpty()
    words = ['train', bench.inputs/'mouse', *settings(), '-o', place/'model']
    process = begin(partial(lpnb_with, os.ttyname(its), *words), place, log)
    while process.is_alive() and not (place/'model'/'best.safetensors').exists():
        time.sleep(0.02)
        drain(mine)
    os.close(its)
    os.close(mine)
    process.join()
    assert process.exitcode == 129
    assert run(job.work(bench.inputs, place, True), place, log) == 0
    assert check_end(job, place, reference.results) == []


def drain(terminal: int) -> None:
    "Read what a terminal shows, so that its program can go on."
    os.set_blocking(terminal, False)
    try:
        while os.read(terminal, 1 << 16):
            pass
    except BlockingIOError:
        pass


# --- Two at once -----------------------------------------------------------------------------------

@pytest.mark.parametrize('name', ['train', 'predict a video'])
def test_the_second_of_two_is_refused(bench, name):
    job = JOBS[name]
    reference = bench.undisturbed(job)
    place = bench.place('two')
    log = place.with_name('first.log')
    first = begin(job.work(bench.inputs, place, False), place, log)
    while first.is_alive() and not list(place.rglob('*.lock')):
        time.sleep(0.005)
    os.kill(first.pid, signal.SIGSTOP)
    for again in (False, True):
        second = place.with_name(f'second_{again}.log')
        assert run(job.work(bench.inputs, place, again), place, second) == 1
        said = second.read_text()
        assert f'process {first.pid} on {platform.node()}' in said
        assert 'Traceback' not in said
    os.kill(first.pid, signal.SIGCONT)
    first.join()
    assert first.exitcode == 0, log.read_text()
    assert check_end(job, place, reference.results) == []


# --- A strange computer ----------------------------------------------------------------------------

NOWHERE = """
import sys
from lightning_pose_nb.cli.main import app
words = sys.argv[1:]
cut = words.index('then')
app(words[:cut], standalone_mode=False)
app(words[cut+1:], standalone_mode=False)
"""


def test_no_home_and_no_place_for_caches(bench, tmp_path):
    shutil.copytree(bench.inputs/'model', tmp_path/'model')
    words = [*predict_words(bench, tmp_path), 'then', 'report', tmp_path/'model']
    names = ['HOME', 'MPLCONFIGDIR', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'TORCH_HOME', 'HF_HOME',
             'NUMBA_CACHE_DIR']
    nowhere = dict.fromkeys(names, '/proc/nowhere')
    command = [sys.executable, '-c', NOWHERE, *map(str, words)]
    done = subprocess.run(command, env=os.environ | nowhere, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert 'Traceback' not in done.stderr
    assert (tmp_path/'out'/'labeled_videos'/'session1_labeled.mp4').is_file()
    assert (tmp_path/'model'/'report.html').is_file()


def test_thirty_videos_leave_nothing_open(bench):
    place = bench.place('thirty')
    log = place.with_name('thirty.log')
    assert run(partial(predict_thirty, bench.inputs, place), place, log) == 0, log.read_text()


# --- Two files that belong together ----------------------------------------------------------------

def test_no_crop_stands_beside_the_boxes_of_another(bench):
    job = JOBS['crop a video']
    reference = bench.undisturbed(job)
    film, table = sorted(name for name in reference.results if name.endswith(('.mp4', '_bbox.csv')))
    other = bench.place('other_boxes')
    shifted = (bench.inputs/'session0_bbox.csv').read_text().replace('\n1,', '\n1,1')
    (other/'boxes.csv').write_text(shifted)
    for fault in every(reference):
        place = bench.place('cropped_again')
        for name in reference.results:
            (place/name).parent.mkdir(exist_ok=True)
            (place/name).write_bytes(reference.results[name])
        words = ['crop', bench.inputs/'mouse'/'videos'/'session0.mp4', other/'boxes.csv', place/'crops']
        run(partial(lpnb_with, 'closed', *words), place, place.with_name('again.log'), fault)
        has_old_boxes = (place/table).read_bytes() == reference.results[table]
        if (place/film).exists():
            is_old_film = (place/film).read_bytes() == reference.results[film]
            assert is_old_film == has_old_boxes, str(fault)
