"""Jobs on a real Ray: results are those of this computer, byte for byte; what is cancelled or killed, and Ctrl-C.

Each start of Ray, and of a process that trains, takes many seconds of a processor, so one story has it all. Without ray
it is skipped; where LPNB_REQUIRE names ray, that is an error.
"""
import os
import signal
import socket
import subprocess
import sys
import time
from importlib.util import find_spec

import browser
import psutil
import pytest

from lightning_pose_nb.cluster.local import thread_settings
from lightning_pose_nb.cluster.manifest import PieceUnit, PredictUnit, TrainUnit, write_manifest
from lightning_pose_nb.cluster.ray import ray_cluster
from lightning_pose_nb.cluster.states import BEGUN, States, cancel, log_tail, put_mark
from lightning_pose_nb.synthetic.project import make_project

QUICK = {
    'data.image_resize_dims.height': 64, 'data.image_resize_dims.width': 64, 'model.backbone': 'test_resnet',
    'model.backbone_pretrained': False, 'training.max_epochs': 1, 'training.check_val_every_n_epoch': 1,
    'training.train_batch_size': 6, 'training.accelerator': 'cpu', 'eval.predict_vids_after_training': False}
ENDLESS = {'training.max_epochs': 100000}
PATIENCE = 900  # seconds


@pytest.fixture(scope='module')
def ray(tmp_path_factory):
    "A Ray of this computer."
    if find_spec('ray') is None:
        missing = "ray is not installed (pip install -e '.[dev]')"
        if browser.required('ray'): pytest.fail(missing)
        pytest.skip(missing)
    place = tmp_path_factory.mktemp('path')
    # Every process of Ray imports jsonschema, and that a grammar of addresses, which takes seconds.
    (place/'rfc3987_syntax.py').write_text('raise ImportError\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv('RAY_ADDRESS', raising=False)
        patch.setenv('PYTHONPATH', str(place), prepend=os.pathsep)
        patch.syspath_prepend(str(place))
        before = signal.getsignal(signal.SIGTERM)
        with ray_cluster() as module:
            assert signal.getsignal(signal.SIGTERM) is before
            with ray_cluster('nobody:1') as same: assert same is module
            yield module
    assert not [process for process in psutil.Process().children(recursive=True) if 'ray' in process.name()]


def some_units(folder, config, **endless):
    "A training, what follows it, a typo, and trainings without an end, each after another unit."
    def training(name, **changes): return TrainUnit(name=name, config=str(config), output=name, changes=QUICK | changes)
    video, = (config.parent/'videos').glob('*.mp4')
    after = dict(after=['train'], model='train')
    units = [training('train'), training('typo', **{'training.max_epoch': 1}),
             PieceUnit(name='piece', video=str(video), csv='out/piece.csv', first=8, last=16, batch_size=8, **after)]
    units += [training(name, **ENDLESS).model_copy(update={'after': (other,)}) for name, other in endless.items()]
    units.append(PredictUnit(name='video', videos=[str(video)], csvs=['out/video.csv'], model='train', after=['piece']))
    return write_manifest(folder/'jobs.json', units)


def test_same_as_local_then_cancelled_killed_and_interrupted(ray, tmp_path):
    "A cluster is joined and stays; a unit whose process died for the third time has failed with its last lines."
    config = make_project(tmp_path/'mouse', n_frames=12, n_videos=1, n_video_frames=24)
    on_ray = some_units(tmp_path/'ray', config, deadly='piece', cancelled='piece', endless='video')
    (tmp_path/'ray'/'cluster.yaml').write_text('cpus: 1\ngpus: 0\nmemory_gb: 0.5\nparallel: 1\n')
    on_ray.state.mkdir()
    put_mark(on_ray, on_ray.by_name['deadly'], BEGUN, times=2)
    engine = lpnb_jobs_run(on_ray, ray.get_runtime_context().gcs_address)
    wait_until(lambda: trains(on_ray, 'deadly'))
    os.kill(pid_of(on_ray, 'deadly'), signal.SIGKILL)
    wait_until(lambda: trains(on_ray, 'cancelled'))
    cancel(on_ray, ['cancelled'])
    wait_until(lambda: trains(on_ray, 'endless'))
    engine.send_signal(signal.SIGINT)
    output = engine.communicate(timeout=PATIENCE)[0]

    assert engine.returncode == 130, output
    assert 'Run the same command again' in output
    assert 'deadly: its process ended (killed, or out of memory); another one takes its place' in output
    states = {found.unit.name: found for found in States(on_ray).all()}
    assert {name: found.state for name, found in states.items()} == {
        'video': 'done', 'piece': 'done', 'train': 'done', 'typo': 'failed', 'cancelled': 'cancelled',
        'deadly': 'failed', 'endless': 'waiting'}
    assert 'max_epochs' in states['typo'].detail
    assert states['deadly'].detail.startswith('its process died 3 times (killed, or out of memory)')
    assert 'the backbone learns from the start' in states['deadly'].detail
    assert 'stopped; goes on when' in log_tail(on_ray, 'endless')
    assert not list(on_ray.state.glob('*.begun'))
    assert [node['Alive'] for node in ray.nodes()] == [True]

    here = some_units(tmp_path/'local', config)
    assert local(here).returncode == 0
    assert results(on_ray) == results(here)
    assert sorted(results(here)) == ['out/piece.pieces/000000008-16.csv', 'out/video.csv', 'train/weights.safetensors']


def test_heard_by_nobody_else(ray):
    "Ray listens on this machine only, sends no statistics, and shows no dashboard."
    children = psutil.Process().children(recursive=True)
    processes = [process for process in children if is_of_ray(process)]  # others are of tests before this one
    assert any('raylet' in process.name() for process in processes)
    listening = [one.laddr for process in processes for one in process.net_connections() if one.status == 'LISTEN']
    assert listening
    assert {address.ip.removeprefix('::ffff:') for address in listening} == {'127.0.0.1'}
    started = [process for process in processes if process.name().startswith(('gcs', 'raylet', 'python'))]
    assert {process.environ().get('RAY_USAGE_STATS_ENABLED') for process in started} == {'0'}
    with socket.socket() as s: assert s.connect_ex(('127.0.0.1', 8265)) != 0


def is_of_ray(process):
    "Does a process run a program of Ray?"
    return '/ray/' in ' '.join(process.cmdline()) or process.name().startswith('ray')


def lpnb_jobs_run(manifest, address):
    "The command, as a process."
    code = 'from lightning_pose_nb.cli.main import main; main()'
    program = [sys.executable, '-c', code, 'jobs', 'run', str(manifest.path), '--on', 'ray']
    return subprocess.Popen(program, env=os.environ | {'RAY_ADDRESS': address}, text=True, start_new_session=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))


def local(manifest):
    "Do a manifest by a process with one thread, as a task of Ray with one processor does."
    code = ('import sys; from lightning_pose_nb.cluster.worker import Worker; '
            'from lightning_pose_nb.cluster.manifest import read_manifest; Worker(read_manifest(sys.argv[1])).run()')
    return subprocess.run([sys.executable, '-c', code, str(manifest.path)], env=os.environ | thread_settings(1))


def results(manifest):
    "The content of what all units make that are done."
    done = [found.unit for found in States(manifest).all() if found.state == 'done']
    files = [file for unit in done for file in unit.makes() if not file.endswith('model.json')]
    return {file: manifest.place(file).read_bytes() for file in files}


def wait_until(is_so):
    "Return as soon as something is the case; fail after a while."
    end = time.monotonic()+PATIENCE
    while not is_so():
        assert time.monotonic() < end, 'it took too long'
        time.sleep(0.1)


def trains(manifest, name):
    "Has a unit said what it says before the first epoch?"
    return 'the backbone learns' in log_tail(manifest, name, 0)


def pid_of(manifest, name):
    "The process that runs a unit."
    return int(States(manifest).owner(manifest.by_name[name]).split()[1])
