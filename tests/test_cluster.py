"""Jobs survive killed workers, Ctrl-C, dying engines and two engines at once."""
import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from lightning_pose_nb.cluster.local import run_local
from lightning_pose_nb.cluster.manifest import TrainUnit, write_manifest
from lightning_pose_nb.cluster.states import States, cancel, log_tail
from lightning_pose_nb.synthetic.project import make_project

QUICK = {
    'data.image_resize_dims.height': 64, 'data.image_resize_dims.width': 64, 'model.backbone': 'test_resnet',
    'model.backbone_pretrained': False, 'training.max_epochs': 1, 'training.check_val_every_n_epoch': 1,
    'training.train_batch_size': 6, 'training.accelerator': 'cpu', 'eval.predict_vids_after_training': False}
PATIENCE = 900  # seconds


@pytest.fixture(scope='module')
def config(tmp_path_factory):
    "A small sample project."
    return make_project(tmp_path_factory.mktemp('jobs')/'mouse', n_frames=12, n_videos=1, n_video_frames=16)


def jobs(folder, config, **epochs):
    "A manifest of trainings of so many epochs."
    units = [TrainUnit(name=name, config=str(config), output=f'runs/{name}', changes=QUICK | {'training.max_epochs': n})
             for name, n in epochs.items()]
    return write_manifest(folder/'jobs.json', units)


def wait_until(is_so):
    "Return as soon as something is the case; fail after a while."
    end = time.monotonic()+PATIENCE
    while not is_so():
        assert time.monotonic() < end, 'it took too long'
        time.sleep(0.05)


def is_training(manifest, name):
    "Has a unit written the first of its model folder?"
    return (manifest.place(f'runs/{name}')/'model.json').exists()


def engine(manifest):
    "A process that does a manifest, like `lpnb jobs run`."
    code = 'from lightning_pose_nb.cli.main import main; main()'
    program = [sys.executable, '-c', code, 'jobs', 'run', str(manifest.path), '--workers', '1']
    return subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))


def pid_of(manifest, name):
    "The process that runs a unit, if one does."
    words = States(manifest).owner(manifest.by_name[name]).split()
    return int(words[1]) if words else None


def test_killed_worker(config, tmp_path):
    "The unit of a worker that was killed is gone on with by the next one."
    manifest = jobs(tmp_path, config, long=60)

    def kill():
        wait_until(lambda: is_training(manifest, 'long'))
        os.kill(pid_of(manifest, 'long'), signal.SIGKILL)
    killer = threading.Thread(target=kill)
    killer.start()
    said = []
    assert run_local(manifest, 1, said.append)
    killer.join()
    assert said[0].startswith('a worker ended (killed by signal 9, SIGKILL: most often the memory')
    log = log_tail(manifest, 'long', 0)
    assert log.count('--- ') == 4
    assert '--- its process: killed by signal 9' in log


@pytest.mark.parametrize(('number', 'code'), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_engine(config, tmp_path, number, code):
    "Ctrl-C and SIGTERM end engine and workers, what was begun waits, and it is told how to go on."
    manifest = jobs(tmp_path, config, endless=100000)
    process = engine(manifest)
    wait_until(lambda: is_training(manifest, 'endless'))
    process.send_signal(number)
    output = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == code
    assert 'Run the same command again' in output
    assert States(manifest).all()[0].state == 'waiting'
    assert 'stopped; goes on when' in log_tail(manifest, 'endless')
    assert not list(manifest.state.glob('*.begun'))


def test_killed_engine(config, tmp_path):
    "The workers of an engine that was killed end by themselves."
    manifest = jobs(tmp_path, config, endless=100000)
    process = engine(manifest)
    wait_until(lambda: is_training(manifest, 'endless'))
    worker = pid_of(manifest, 'endless')
    process.kill()
    process.communicate()
    wait_until(lambda: not psutil.pid_exists(worker))
    assert States(manifest).all()[0].state == 'waiting'


def test_two_engines_and_cancel(config, tmp_path):
    "Two engines share a manifest; a unit is cancelled while one of them runs it, and the rest goes on."
    manifest = jobs(tmp_path, config, endless=100000, short=1)
    two = [engine(manifest), engine(manifest)]
    wait_until(lambda: is_training(manifest, 'endless') and States(manifest).all()[1].state == 'done')
    cancel(manifest, ['endless'])
    outputs = [process.communicate(timeout=PATIENCE)[0] for process in two]
    assert [process.returncode for process in two] == [1, 1]
    assert [found.state for found in States(manifest).all()] == ['cancelled', 'done']
    assert sum('short: done' in output for output in outputs) == 1
    assert sum('endless: cancelled' in output for output in outputs) == 1
