"""Jobs on a real SLURM of one machine: an array of twenty units with a failure, a preemption, a time limit and a
controller that is started again meanwhile; the results are those of this computer, byte for byte. And a search whose
trials are tasks.

It needs Debian's slurmctld, slurmd, slurm-client and munge, and may only run as root of a machine that has no other
SLURM, for it writes /etc/slurm/slurm.conf. Elsewhere it is skipped; where LPNB_REQUIRE names slurm, that is an error.
"""
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from lightning_pose_nb.cli import app
from lightning_pose_nb.cluster.local import thread_settings
from lightning_pose_nb.cluster.manifest import PieceUnit, PredictUnit, TrainUnit, read_manifest, write_manifest
from lightning_pose_nb.cluster.slurm import ClusterSettings
from lightning_pose_nb.cluster.states import States, describe_states, log_tail
from lightning_pose_nb.cluster.tuning import tuning_table
from lightning_pose_nb.models.folder import load_description
from lightning_pose_nb.synthetic.project import make_project
from lightning_pose_nb.tuning.studies import open_study, trials_of

QUICK = {
    'data.image_resize_dims.height': 64, 'data.image_resize_dims.width': 64, 'model.backbone': 'test_resnet',
    'model.backbone_pretrained': False, 'training.max_epochs': 1, 'training.check_val_every_n_epoch': 1,
    'training.train_batch_size': 6, 'training.accelerator': 'cpu', 'eval.predict_vids_after_training': False,
    'training.checkpoint_every_seconds': 0.5}
CONF = Path('/etc/slurm/slurm.conf')
PATIENCE = 900  # seconds
LONG = 30  # epochs of the training that reaches its time limit on a machine of any speed: it waits for it
PLUGIN = f"""
import os
import time
from pathlib import Path
from pytorch_lightning import Callback

class Pause(Callback):
    def on_train_epoch_end(self, trainer, module):
        if trainer.max_epochs != {LONG} or trainer.current_epoch < 2 or 'SLURM_JOB_ID' not in os.environ: return
        log = Path('/proc/self/fd/1').resolve()
        while 'timed-out' not in log.read_text(): time.sleep(0.2)

def callbacks(): return [Pause()]
"""
SETTINGS = """
ClusterName=lpnb
SlurmctldHost={host}(127.0.0.1)
SlurmctldAddr=127.0.0.1
AuthType=auth/munge
AuthInfo=cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SlurmUser=root
SlurmdUser=root
StateSaveLocation={home}/controller
SlurmdSpoolDir={home}/node
SlurmctldPidFile={home}/controller.pid
SlurmdPidFile={home}/node.pid
SlurmctldLogFile={home}/controller.log
SlurmdLogFile={home}/node.log
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=2,bf_interval=2,preempt_youngest_first
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
KillWait=5
ReturnToService=2
MpiDefault=none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=2000 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes={host} MaxTime=INFINITE State=UP PriorityTier=10
"""


def why_not():
    "Why there can be no SLURM here; empty if there can."
    programs = ('slurmctld', 'slurmd', 'sbatch', 'munged')
    missing = [name for name in programs if shutil.which(name, path=os.environ['PATH']+':/usr/sbin:/sbin') is None]
    if missing: return f'not installed: {", ".join(missing)} (apt-get install slurmctld slurmd slurm-client munge)'
    if os.getuid() != 0: return 'only root can start a SLURM'
    if CONF.exists() and 'ClusterName=lpnb' not in CONF.read_text(): return f'{CONF} is of another SLURM'
    try:
        socket.gethostbyname(host())
    except OSError:
        return f'the name of this machine, {host()}, has no address'
    return ''


def host():
    "The short name of this machine."
    return socket.gethostname().partition('.')[0]


def call(*program):
    "What a program prints."
    return subprocess.run([str(word) for word in program], check=True, capture_output=True, text=True).stdout


def wait_until(is_so, what):
    "Return as soon as something is the case; fail after a while."
    end = time.monotonic()+PATIENCE
    while not is_so():
        assert time.monotonic() < end, f'{what} did not come'
        time.sleep(0.2)


class Box:
    "A SLURM of one machine."

    def __init__(self, home):
        self.home = home
        self.own_munge = subprocess.run(['pgrep', '-x', 'munged'], stdout=subprocess.DEVNULL).returncode != 0

    def open(self):
        "Start it."
        home = self.home
        for name in ('controller', 'node'): (home/name).mkdir()
        CONF.parent.mkdir(parents=True, exist_ok=True)
        CONF.write_text(SETTINGS.format(host=host(), home=home, cpus=min(2, os.cpu_count() or 1)))
        run = Path('/run/munge')
        run.mkdir(exist_ok=True)
        shutil.chown(run, 'munge', 'munge')
        if self.own_munge: call('su', '-s', '/bin/sh', 'munge', '-c', '/usr/sbin/munged')
        call('/usr/sbin/slurmctld', '-c')
        call('/usr/sbin/slurmd')
        wait_until(lambda: 'idle' in call('sinfo', '-h', '-o', '%T'), 'the node')

    def stop(self, name):
        "End the controller or the node."
        file = self.home/f'{name}.pid'
        if not file.exists(): return
        pid = int(file.read_text())
        os.kill(pid, 15)
        wait_until(lambda: not Path(f'/proc/{pid}').exists(), f'the end of the {name}')

    def close(self):
        "End everything, and leave nothing behind."
        subprocess.run(['scancel', '--user=root'], check=False, timeout=60)
        for name in ('node', 'controller'): self.stop(name)
        munge = Path('/run/munge/munged.pid')
        if self.own_munge and munge.exists(): os.kill(int(munge.read_text()), 15)
        CONF.unlink()


@pytest.fixture(scope='module')
def slurm(tmp_path_factory):
    "A SLURM that is there for this test."
    reason = why_not()
    if reason and 'slurm' in os.environ.get('LPNB_REQUIRE', ''): pytest.fail(reason)
    if reason: pytest.skip(reason)
    box = Box(tmp_path_factory.mktemp('slurm'))
    try:
        box.open()
        yield box
    finally: box.close()


def add_pauses(folder, monkeypatch):
    "Let the long training of every process that is started from here on wait: a plugin of Lightning's own kind."
    about = folder/'pause-1.dist-info'
    about.mkdir(parents=True)
    (folder/'pause.py').write_text(PLUGIN)
    (about/'METADATA').write_text('Metadata-Version: 2.1\nName: pause\nVersion: 1\n')
    (about/'entry_points.txt').write_text('[pytorch_lightning.callbacks_factory]\npause = pause:callbacks\n')
    monkeypatch.setenv('PYTHONPATH', str(folder), prepend=os.pathsep)


def twenty_units(folder, config, model):
    "Two long trainings, one with a typo, and predictions of videos and of a piece."
    def training(name, **changes): return TrainUnit(name=name, config=str(config), output=name, changes=QUICK | changes)
    units = [training('short', **{'training.max_epochs': 60}),
             training('long', **{'training.max_epochs': LONG}),
             training('typo', **{'training.max_epoch': 1})]
    videos = sorted((config.parent/'videos').glob('*.mp4'))
    units.append(PieceUnit(name='piece', model=str(model), video=str(videos[0]), csv='out/piece.csv', first=8, last=16,
                           batch_size=8))
    for n in range(16):
        video = str(videos[n % len(videos)])
        units.append(PredictUnit(name=f'video{n}', model=str(model), videos=[video], csvs=[f'out/{n}.csv']))
    return write_manifest(folder/'jobs.json', units)


def results(manifest):
    "The content of what all units make that are done."
    done = [found.unit for found in States(manifest).all() if found.state == 'done']
    files = [file for unit in done for file in unit.makes() if not file.endswith('model.json')]
    return {file: manifest.place(file).read_bytes() for file in files}


def test_array_with_failure_preemption_time_limit_and_restart(slurm, tmp_path, monkeypatch):
    add_pauses(tmp_path/'pause', monkeypatch)
    config = make_project(tmp_path/'mouse', n_frames=12, n_videos=2, n_video_frames=24)
    model = tmp_path/'model'
    first = TrainUnit(name='model', config=str(config), output='model', changes=QUICK)
    local(write_manifest(tmp_path/'first.json', [first])).wait()

    on_slurm = twenty_units(tmp_path/'slurm', config, model)
    here = twenty_units(tmp_path/'local', config, model)
    settings = ClusterSettings(tasks=8, gpus=0, cpus=1, memory_gb=0.9, hours=1/60, signal_seconds=20)
    (tmp_path/'cluster.yaml').write_text(yaml.safe_dump(settings.model_dump()))
    said = CliRunner().invoke(app, ['jobs', 'run', str(on_slurm.path), '--on', 'slurm'])
    assert 'submitted job 1: 8 tasks' in said.output, said
    assert said.exit_code == 3
    wait_until((tmp_path/'slurm'/'long'/'resume.ckpt').exists, 'the long training')
    call('sbatch', '-p', 'urgent', '-N1', '--exclusive', '--mem=1900M', '--wrap', 'true', '-o', tmp_path/'urgent.out')
    wait_until((tmp_path/'urgent.out').exists, 'the urgent job')
    slurm.stop('controller')
    call('/usr/sbin/slurmctld')
    process = local(here)
    finished = {'done', 'failed'}
    wait_until(lambda: {found.state for found in States(on_slurm).all()} <= finished, 'the end of all units')
    states = States(on_slurm).all()
    print(describe_states(states))
    assert [found.unit.name for found in states if found.state == 'failed'] == ['typo']
    assert 'max_epochs' in states[2].detail
    assert process.wait() == 0
    assert log_tail(on_slurm, 'long', 0).count('process ') > 1
    assert 'this job is timed-out' in log_tail(on_slurm, 'long', 0)
    assert 'preempted' in (slurm.home/'controller.log').read_text()
    assert results(on_slurm) == results(here)
    assert len(results(here)) == 19


def test_tuning(slurm, tmp_path):
    "The trials of a search share one study from tasks of an array; the same command later does what is left."
    config = make_project(tmp_path/'mouse', n_frames=12, n_videos=1, n_video_frames=16)
    settings = ClusterSettings(tasks=2, gpus=0, cpus=1, memory_gb=0.9, hours=1/6)
    (tmp_path/'cluster.yaml').write_text(yaml.safe_dump(settings.model_dump()))
    fixed = [f'{key}={str(value).lower()}' for key, value in QUICK.items() if key != 'eval.predict_vids_after_training']
    fixed += ['training.train_prob=0.5', 'training.val_prob=0.5']
    where = ['-o', str(tmp_path/'tuning'), '--on', 'slurm']
    command = ['tune', str(config), *fixed, 'model.head', '--trials', '2', *where]
    said = CliRunner().invoke(app, command)
    assert said.exit_code == 3, said.output
    assert ': 2 tasks' in said.output
    assert 'no trial is complete yet' in said.output
    manifest = read_manifest(tmp_path/'tuning'/'jobs.json')
    wait_until(lambda: {found.state for found in States(manifest).all()} <= {'done', 'failed'}, 'the end of all trials')
    said = CliRunner().invoke(app, command)
    assert said.exit_code == 0, said.output
    assert (tmp_path/'tuning'/'best.yaml').is_file()
    table = tuning_table(manifest)
    assert list(table['state']) == ['complete', 'complete']
    assert sorted(trial.number for name in table['trial'] for trial in trials_of(study_of(manifest), name)) == [0, 1]


def study_of(manifest):
    "The study that the trials of a manifest share."
    return open_study(manifest.place(manifest.units[0].study))


def local(manifest):
    "A process that does a manifest with one thread, as a task of the cluster does."
    code = ('import sys; from lightning_pose_nb.cluster.worker import Worker; '
            'from lightning_pose_nb.cluster.manifest import read_manifest; Worker(read_manifest(sys.argv[1])).run()')
    program = [sys.executable, '-c', code, str(manifest.path)]
    return subprocess.Popen(program, env=os.environ | thread_settings(1))


def test_one_training_in_two_tasks(slurm, tmp_path):
    "srun starts the processes of a training; the batch script around them is a process by itself."
    config = make_project(tmp_path/'mouse', n_frames=12, n_videos=1, n_video_frames=20)
    changes = [f'{key}={"false" if value is False else value}' for key, value in QUICK.items()]
    train = shlex.join([sys.executable, '-m', 'lightning_pose_nb', 'train', str(config), *changes])
    script = tmp_path/'train.sh'
    script.write_text(f'#!/bin/sh\nexport OMP_NUM_THREADS=1\nsrun {train} -o {tmp_path}/two\n')
    call('sbatch', '-W', '-n2', '-N1', '-c1', '--mem=1800M', '-o', tmp_path/'said.txt', script)
    said = (tmp_path/'said.txt').read_text()
    print(said)
    assert '2 processes' in said
    assert said.count('next: lpnb predict') == 1
    about = load_description(tmp_path/'two')[0].training
    assert (about.num_gpus, about.num_nodes) == (2, 1)
