"""Workers, engines and units in this process: what is rare on a good day, with stand-ins for what is slow."""
import json
import os
import platform
import signal
import sys
import threading
import time
from contextlib import suppress
from unittest import mock

import pytest
from submitit.helpers import DelayedSubmission

from lightning_pose_nb.cluster import local, ray, slurm, units, worker
from lightning_pose_nb.cluster.manifest import ExportUnit, PredictUnit, TrainUnit, write_manifest
from lightning_pose_nb.cluster.slurm import ClusterSettings, ShardTask, submit_slurm
from lightning_pose_nb.cluster.states import (
    BEGUN,
    CANCELLED,
    DONE,
    States,
    cancel,
    jobs_view,
    log_path,
    log_tail,
    put_mark,
)
from lightning_pose_nb.cluster.units import OpenModel
from lightning_pose_nb.cluster.worker import Worker, WorkerLost, interrupted_when, run_noted
from lightning_pose_nb.core.errors import ProjectError
from lightning_pose_nb.core.locks import owned
from lightning_pose_nb.tuning.studies import open_study


@pytest.fixture
def manifest(tmp_path):
    "Two trainings that nobody runs for real."
    units = [TrainUnit(name=name, config='config.yaml', output=f'runs/{name}') for name in ('one', 'two')]
    listed = write_manifest(tmp_path/'jobs.json', units)
    listed.state.mkdir()
    with mock.patch.dict(os.environ): yield listed  # tasks set how many threads their process has


def when_run(act):
    "While the block runs, a unit that is run does this instead."
    return mock.patch.object(worker, 'run_unit', act)


def make(listed, unit, _models):
    "What a training leaves."
    for file in map(listed.place, unit.makes()):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def raising(error):
    "A unit that raises."
    def act(*_): raise error
    return act


def outcome(listed, act):
    "Whether the first unit ended well, and how it stands then."
    with when_run(act): well = run_noted(listed, listed.units[0], OpenModel())
    return well, States(listed).of(listed.units[0]).state


def test_outcomes(manifest):
    "Done, failed by the user or by a fault, cancelled: each leaves its mark and its log."
    assert outcome(manifest, raising(OSError(28, 'No space left on device', 'a.csv'))) == (False, 'failed')
    assert 'a.csv: No space left on device' in log_tail(manifest, 'one')
    assert outcome(manifest, raising(ZeroDivisionError('by zero'))) == (False, 'failed')
    assert 'Traceback' in log_tail(manifest, 'one', 0)
    assert outcome(manifest, make) == (True, 'done')

    def cancelled(*_):
        put_mark(manifest, manifest.units[0], CANCELLED)
        raise KeyboardInterrupt
    for file in manifest.units[0].makes(): manifest.place(file).unlink()
    assert outcome(manifest, cancelled) == (False, 'cancelled')


@pytest.mark.parametrize('stop', [KeyboardInterrupt(), SystemExit(1)])
def test_stopped_unit_is_not_counted_as_a_death(manifest, stop):
    "Who stops a worker finds the unit waiting, with no note of a beginning."
    with pytest.raises(type(stop)): outcome(manifest, raising(stop))
    assert States(manifest).of(manifest.units[0]).state == 'waiting'
    assert not list(manifest.state.glob(f'*.{BEGUN}'))


def test_broken_gpu_ends_the_worker(manifest):
    "After an error of the GPU the process can do nothing more; the unit failed, the others wait."
    with pytest.raises(WorkerLost), when_run(raising(RuntimeError('CUDA error: unspecified launch failure'))):
        Worker(manifest, say=str).run()
    assert [found.state for found in States(manifest).all()] == ['failed', 'waiting']


def test_too_little_memory(manifest):
    "A unit that the memory does not hold fails with both numbers; beside others it waits for them."
    said = []
    with mock.patch.object(worker, 'memory_needed', return_value=1e15): Worker(manifest, say=said.append).run()
    assert len(said) == 2
    assert all('1000000.0 GB of memory' in line for line in said)

    other = write_manifest(manifest.path.with_name('other.json'), manifest.units)
    looks = []

    def others(*_):
        looks.append(len(looks))
        return len(looks) < 3
    patches = mock.patch.multiple(worker, memory_needed=lambda *_: 1e15, others_here=others)
    with patches: Worker(other, pause=0.01, say=str).run()
    assert len(looks) > 2
    assert {found.state for found in States(other).all()} == {'failed'}


def test_somebody_else_is_faster(manifest):
    "A unit that another process takes between the look and the lock is left to it."
    hand = Worker(manifest, say=str)
    put_mark(manifest, manifest.units[0], CANCELLED)
    assert hand.take(manifest.units[0]) == 'not mine'
    with owned(manifest.state/'two'): assert hand.take(manifest.units[1]) == 'not mine'
    answers = [True, False]
    with mock.patch.object(worker, '_is_waiting', side_effect=answers):
        assert hand.take(manifest.units[1]) == 'not mine'


def test_cancel_reaches_a_running_unit(manifest):
    "The mark of another process stops the unit within seconds."
    def endless(*_):
        threading.Timer(0.2, lambda: cancel(manifest, ['one'])).start()
        time.sleep(20)
    began = time.monotonic()
    assert outcome(manifest, endless) == (False, 'cancelled')
    assert time.monotonic()-began < 15


def test_interrupted_when_restores_the_handler():
    "Where Ctrl-C was ignored, it is so afterwards; in another thread nothing is interrupted."
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(KeyboardInterrupt), interrupted_when(lambda: True): time.sleep(20)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally: signal.signal(signal.SIGINT, before)
    passed = []

    def elsewhere():
        with interrupted_when(lambda: True), worker.terminated_like_interrupted(): passed.append(True)
    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert passed == [True]


def test_log_of_a_process_without_output(manifest, capfd):
    "A worker whose output is closed writes its log all the same."
    log = log_path(manifest, 'one')
    real = os.dup

    def closed(number):
        if number == 1: raise OSError(9, 'Bad file descriptor')
        return real(number)
    with mock.patch('os.dup', closed), worker.logged_to(log): print('said')
    assert log.read_text() == 'said\n'


def test_worker_program(manifest, capsys):
    "The program of a worker does the manifest; an engine that is gone ends it."
    arguments = ['worker', str(manifest.path), str(os.getppid())]
    with mock.patch.object(sys, 'argv', arguments), when_run(make): local.worker_main()
    assert {found.state for found in States(manifest).all()} == {'done'}
    assert 'one: done in' in capsys.readouterr().out
    for file in manifest.units[0].makes(): manifest.place(file).unlink()
    gone = ['worker', str(manifest.path), str(os.getppid()+1)]
    with mock.patch.object(sys, 'argv', gone), when_run(lambda *_: time.sleep(20)), pytest.raises(SystemExit) as end:
        local.worker_main()
    assert end.value.code == 130


def test_visible_gpus():
    "The GPUs by the names of the environment, else by number."
    cuda = mock.patch.multiple('torch.cuda', is_available=lambda: True, device_count=lambda: 2)
    with cuda, mock.patch.dict(os.environ, CUDA_VISIBLE_DEVICES='GPU-a, GPU-b'):
        assert local._visible_gpus() == ['GPU-a', 'GPU-b']
    with cuda, mock.patch.dict(os.environ, CUDA_VISIBLE_DEVICES=''): assert local._visible_gpus() == ['0', '1']
    with mock.patch.object(os, 'sched_getaffinity', create=True, return_value={0, 3, 5}):
        assert local.usable_cores() == 3
    with mock.patch.object(local, 'os', mock.Mock(spec=['cpu_count'], cpu_count=lambda: 7)):
        assert local.usable_cores() == 7


def test_deaf_worker_is_killed(manifest):
    "A worker that does not end when it is told to is killed; its log tells how it ended."
    said = []
    code = 'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)'
    with mock.patch.object(local, '_PROGRAM', code):
        deaf = local.WorkerProcess(manifest, {}, said.append)
        deaf.start()
        while not said: time.sleep(0.02)
        deaf.stop(patience=0.2)
    deaf.process.wait(10)
    words = local.exit_words(deaf.process.returncode)
    assert words == 'killed by signal 9, SIGKILL: most often the memory was too small'
    assert local.exit_words(3) == 'exit code 3'
    assert local.exit_words(-15) == 'killed by signal 15, SIGTERM'
    assert 'unknown' in local.exit_words(-200)
    owner = {'pid': deaf.process.pid, 'host': platform.node()}
    for name, text in {'one': json.dumps(owner), 'two': json.dumps({'pid': 1}), 'torn': '{'}.items():
        (manifest.state/f'.{name}.lock').write_text(text)
    local._note_end(manifest, deaf.process.pid, words)
    assert 'its process: killed by signal 9' in log_path(manifest, 'one').read_text()
    assert not log_path(manifest, 'two').exists()


def test_task_of_an_array(manifest):
    "A task does its shard; before its time limit it is queued again as it is."
    task = ShardTask(str(manifest.path))
    with mock.patch.dict(os.environ), mock.patch('signal.signal'), when_run(make):
        os.environ.pop('SLURM_CPUS_PER_TASK', None)
        assert task(2, 2) == 'done'
    assert [found.state for found in States(manifest).all()] == ['waiting', 'done']
    again = task.checkpoint(2, 2)
    assert isinstance(again, DelayedSubmission)
    assert (again.function, again.args) == (task, (2, 2))


class Queue:
    "In the place of submitit's executor: takes everything."
    def __init__(self, **options): self.options = options

    def update_parameters(self, **options): self.options |= options

    def map_array(self, task, *arguments):
        return [mock.Mock(job_id=f'7_{number-1}') for number in arguments[0]]


def test_submit(manifest):
    "One task for each unit at most; what is done is not submitted; missing programs and packages are named."
    said = []
    with mock.patch('shutil.which', lambda name: name), mock.patch('submitit.SlurmExecutor', Queue):
        assert submit_slurm(manifest, ClusterSettings(gpus=0), said.append) == ['7_0', '7_1']
    assert 'submitted job 7: 2 tasks' in said[0]
    lacking = pytest.raises(ProjectError, match=r'lightning-pose-nb\[cluster\]')
    with mock.patch('shutil.which', lambda name: name), mock.patch.dict(sys.modules, submitit=None), lacking:
        slurm._executor(manifest, ClusterSettings())
    with when_run(make): Worker(manifest, say=str).run()
    assert submit_slurm(manifest, ClusterSettings()) == []


def test_task_of_ray(manifest, monkeypatch):
    "A process of Ray does a unit as any worker does, with its threads; what stops it is told, and not raised."
    path, (one, two) = str(manifest.path), manifest.units
    monkeypatch.setenv('OMP_NUM_THREADS', '7')
    blocked = mock.patch('signal.pthread_sigmask')
    with blocked, when_run(make): outcome, said = ray.take_unit(path, one, 3)
    assert (outcome, said[0][:9], os.environ['OMP_NUM_THREADS']) == ('run', 'one: done', '3')
    with blocked: assert ray.take_unit(path, one, 3) == ('not mine', [])
    with blocked, when_run(raising(KeyboardInterrupt())): assert ray.take_unit(path, two, 3) == ('stopped', [])
    with blocked, when_run(raising(RuntimeError('CUDA error'))): assert ray.take_unit(path, two, 3)[0] == 'run'
    assert [found.state for found in States(manifest).all()] == ['done', 'failed']


class Quick:
    "In the place of Ray: does a task at once; of the addresses that it is asked to join, only one is there."
    class exceptions:
        RayError = RuntimeError
        TaskCancelledError = KeyError

    def __init__(self): self.machines = [{'CPU': 2., 'memory': 8e9}]
    def is_initialized(self): return False
    def shutdown(self): self.machines = []
    def nodes(self): return [{'Alive': True, 'Resources': machine} for machine in self.machines]
    def wait(self, tasks, num_returns, timeout): return tasks, []
    def get(self, task): return task()
    def cancel(self, task): raise RuntimeError('gone')

    def init(self, address, **_):
        if address == 'late': raise SystemExit(15)

    def remote(self, function):
        return mock.Mock(options=lambda **_: mock.Mock(remote=lambda *args: lambda: function(*args)))


def test_engine_of_ray(manifest, monkeypatch):
    "Units are done one after the other; what stops the engine is raised when Ray is shut down."
    quick = Quick()
    monkeypatch.setattr(ray, 'PAUSE', 0)
    monkeypatch.setattr(ray, '_import_ray', lambda address: quick)
    blocked = mock.patch('signal.pthread_sigmask')
    said = []
    with blocked, when_run(raising(ProjectError([]))): assert not ray.run_ray(manifest, say=said.append)
    assert quick.machines == []
    assert len(said) == 2
    quick.machines = [{'CPU': 2., 'memory': 8e9}]
    monkeypatch.setattr(Quick, 'get', lambda self, task: 1/0)
    for unit in manifest.units: worker.drop_marks(manifest, unit, ['failed'])
    with pytest.raises(ZeroDivisionError): ray.run_ray(manifest, ClusterSettings(cpus=1, gpus=0, address='here:1'))
    assert quick.machines == []
    told = []
    before = signal.signal(signal.SIGTERM, lambda *_: told.append('term'))
    try:
        with pytest.raises(SystemExit), ray.ray_cluster('late'): pass
    finally: signal.signal(signal.SIGTERM, before)
    assert told == ['term']


def test_what_concerns_all_videos_is_raised(manifest, tmp_path):
    "A full disk ends a unit at once; an odd file costs only itself."
    video = tmp_path/'a.mp4'
    full = OSError(28, 'No space left on device')
    with pytest.raises(OSError, match='No space'): units._video_problems(video, full)
    with pytest.raises(ZeroDivisionError): units._video_problems(video, ZeroDivisionError())
    video.touch()
    assert units._video_problems(video, ValueError(f'{video}: no frames'))[0].fix == ''
    bad = PredictUnit(name='bad', model='m', videos=['a.mp4'], csvs=['a.csv'], boxes=['a.csv', 'b.csv'])
    with pytest.raises(ProjectError, match='a file for each video'): units.run_unit(manifest, bad, OpenModel())


def test_export_is_left_as_it_is(manifest, capsys):
    "A target with something in it is not touched; what needs no model needs little memory."
    unit = ExportUnit(name='out', source='nothing', target='there')
    (manifest.place('there')/'mine').mkdir(parents=True)
    units.run_unit(manifest, unit, OpenModel())
    assert 'is left as it is' in capsys.readouterr().out
    assert units.memory_needed(manifest, unit) == units.FRAMES
    put_mark(manifest, manifest.units[0], DONE)
    with suppress(ProjectError): units.run_unit(manifest, unit.model_copy(update={'target': 'new'}), OpenModel())
    assert not manifest.place('new').exists()


def test_damaged_settings(tmp_path):
    "A cluster.yaml that is no YAML, or no keys and values, is told as such."
    file = tmp_path/'cluster.yaml'
    for text, words in {'a: [': 'no YAML', 'gpu': 'keys and values'}.items():
        file.write_text(text)
        with pytest.raises(ProjectError, match=words): slurm.read_settings(file)


def test_view_in_a_script(manifest):
    "Without an event loop the view says how to look again."
    view = jobs_view(manifest)
    with mock.patch.object(view.snapshot, 'show'): view._ipython_display_()
    assert 'call refresh()' in view.text.value


def test_tuning_without_optuna(tmp_path):
    "The extra is named before anything is written."
    with mock.patch.dict(sys.modules, optuna=None), pytest.raises(ProjectError, match=r'lightning-pose-nb\[tune\]'):
        open_study(tmp_path/'there'/'study.log')
    assert not (tmp_path/'there').exists()
