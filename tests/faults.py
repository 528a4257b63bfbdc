"""Kill real work at any moment, begin it again, and compare with work that nobody disturbed.

Each job is a command of `lpnb`, or a session with a label book, in a process of its own. A process is
killed (SIGKILL) after a random time, or at its n-th file operation: just before it, with the file
begun and empty, or with what was written cut in half. It is begun again as a user would, killed again,
and at last left alone. Then every result must be the same to the last byte, and no scratch file or
lock may be left.

    python tests/faults.py --kills 1000            # all jobs in turn
    python tests/faults.py --kills 200 --job train
"""
import argparse
import csv
import errno
import itertools
import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

# What a job imports, so that a process is ready in a moment: it is forked from one that has it all.
PRELOAD = [
    'lightning_pose_nb.api', 'lightning_pose_nb.cli.main', 'lightning_pose_nb.cli.demo',
    'lightning_pose_nb.training.fit', 'lightning_pose_nb.report', 'lightning_pose_nb.data.crops',
    'lightning_pose_nb.labeling.label_book', 'lightning_pose_nb.synthetic.project',
    'lightning_pose_nb.labeling.frame_suggestions', 'lightning_pose_nb.project.create',
    'ipywidgets', 'IPython.display', 'jinja2', 'matplotlib.backends.backend_agg',
    'matplotlib.animation', 'lightning_pose_nb.widgets.scene',
    'tensorboardX', 'timm', 'fsspec.implementations.local', 'multiprocessing.managers', 'boto3']
FORKS = multiprocessing.get_context('forkserver')
FORKS.set_forkserver_preload(PRELOAD)


# --- Processes that are killed ---------------------------------------------------------------------

@dataclass(frozen=True)
class Fault:
    """What happens to a process: after some seconds it is killed, or something at a file operation.

    `before`: it is killed just before the operation; `begun`: when the file is there, and empty;
    `torn`: when half of what was written is there. `SIGINT`, `SIGTERM`, `SIGHUP`: it is told to
    end. `full`, `read-only`: from then on nothing can be written. `vanishes`: the folder in which
    the operation happens is deleted.
    """
    seconds: float | None = None
    operation: int | None = None  # Its number, from 0
    manner: str = 'before'

    def __str__(self):
        if self.operation is None:
            return f'{self.seconds:.3f} s'
        return f'{self.manner} operation {self.operation}'


KILLS = 'before', 'begun', 'torn'
SIGNALS = {'SIGINT': 130, 'SIGTERM': 143, 'SIGHUP': 129}
DISKS = {'full': errno.ENOSPC, 'read-only': errno.EROFS}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
OPERATIONS = {
    'open', 'os.rename', 'os.remove', 'os.mkdir', 'os.rmdir', 'os.link', 'os.truncate', 'os.chmod'}


class Operations:
    "Counts what a process does to the files of a folder, and makes one of these operations fail."
    def __init__(self, place: Path, fault: Fault | None):
        self.place = f'{place}/'
        self.fault = fault
        self.seen: list[str] = []

    def watch(self) -> None:
        "From now on, until the process ends."
        sys.addaudithook(self.hear)
        fsync = os.fsync
        os.fsync = lambda file: (self.meet('fsync', os.readlink(f'/proc/self/fd/{file}')), fsync(file))

    def hear(self, event: str, args: tuple) -> None:
        "An audit event of Python."
        if event not in OPERATIONS or not isinstance(args[0], str | os.PathLike):
            return
        if event == 'open' and not args[2] & WRITING:
            return
        flags = args[2] if event == 'open' else 0
        self.meet(event, os.path.abspath(os.fspath(args[0])), flags)

    def meet(self, event: str, path: str, flags: int = 0) -> None:
        "An operation that is about to happen."
        if not path.startswith(self.place):
            return
        self.seen.append(f'{event} {path.removeprefix(self.place)}')
        if self.fault is None or len(self.seen) <= (self.fault.operation or 0):
            return
        fault = self.fault
        if fault.manner in DISKS:
            if event not in ('os.remove', 'os.rmdir') or fault.manner == 'read-only':
                raise OSError(DISKS[fault.manner], os.strerror(DISKS[fault.manner]), path)
            return
        self.fault = None
        if fault.manner in SIGNALS:
            os.kill(os.getpid(), getattr(signal, fault.manner))
        elif fault.manner == 'vanishes':
            shutil.rmtree(self.place, ignore_errors=True)
        else:
            die(fault.manner, event, path, flags)


def die(manner: str, event: str, path: str, flags: int) -> None:
    "Leave the file as a kill at this moment may leave it, and end; one that is removed was whole."
    name = os.path.basename(path)
    is_being_written = name.startswith('.') and not name.endswith('.lock')
    if manner == 'begun' and event == 'open':
        os.close(os.open(path, flags))
    if manner == 'torn' and is_being_written and event != 'os.remove' and os.path.isfile(path):
        os.truncate(path, os.path.getsize(path)//2)
    os.kill(os.getpid(), signal.SIGKILL)


def _in_child(work: Callable[[], Any], place: Path, fault: Fault | None, log: Path) -> None:
    "Work in a process of its own, whose words go to a file."
    with log.open('ab') as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    signal.signal(signal.SIGINT, signal.default_int_handler) # which a background job ignores
    operations = Operations(place, fault if fault and fault.operation is not None else None)
    operations.watch()
    try:
        work()
    finally:
        log.with_suffix('.json').write_text(json.dumps(operations.seen))


def begin(work: Callable[[], Any], place: Path, log: Path, fault: Fault | None = None):
    "A process that works; it kills itself at an operation, or is killed by who began it."
    process = FORKS.Process(target=_in_child, args=(work, place, fault, log))
    process.start()
    return process


def run(work: Callable[[], Any], place: Path, log: Path, fault: Fault | None = None) -> int:
    "Work in a process, until it ends or is killed; its exit code, -9 if it was killed."
    process = begin(work, place, log, fault)
    process.join(fault.seconds if fault and fault.seconds is not None else 300)
    process.kill()
    process.join()
    return process.exitcode


def lpnb(*words: object) -> None:
    "A command, as the program runs it."
    from lightning_pose_nb.cli.main import main
    sys.argv = ['lpnb', *map(str, words)]
    main()


def lpnb_with(how: str, *words: object) -> None:
    """A command whose output goes nowhere.

    `unread`: into a pipe that nobody reads; `full`: to a full disk; `closed`: it was never open;
    else the name of a terminal.
    """
    if how == 'closed':
        os.close(1)
        os.close(2)
        sys.stdout = sys.stderr = None
    elif how == 'unread':
        read, write = os.pipe()
        os.dup2(write, 1)
        os.close(read)
        os.close(write)
    elif how == 'full':
        os.dup2(os.open('/dev/full', os.O_WRONLY), 1)
    else:
        os.setsid()
        terminal = os.open(how, os.O_RDWR) # the first one becomes the terminal of the session
        for number in range(3):
            os.dup2(terminal, number)
    lpnb(*words)


def count_open() -> tuple[int, int]:
    "Open files and threads of this process."
    return len(os.listdir('/proc/self/fd')), len(os.listdir('/proc/self/task'))


def predict_thirty(inputs: Path, place: Path) -> None:
    "Thirty videos in one process; fails if more files or threads are open after 30 than after 5."
    from lightning_pose_nb.api import TrainedModel
    model = TrainedModel(inputs/'model', accelerator='cpu')
    video = inputs/'mouse'/'videos'/'session0.mp4'
    counts = []
    for n in range(30):
        model.predict_video(video, place/f'{n}.csv', batch_size=8, progress=False)
        counts.append(count_open())
    if min(counts[-5:]) > min(counts[:5]):
        raise RuntimeError(f'open files and threads after each video: {counts}')


# --- Jobs ------------------------------------------------------------------------------------------

QUICK = {
    'data.image_resize_dims.height': 64, 'data.image_resize_dims.width': 64,
    'model.backbone': 'test_resnet', 'model.backbone_pretrained': 'false',
    'training.max_epochs': 3, 'training.min_epochs': 1, 'training.unfreezing_epoch': 1,
    'training.lr_scheduler_params.multisteplr.milestones': '[2]',
    'training.train_prob': 0.75, 'training.val_prob': 0.25, 'training.train_batch_size': 4,
    'training.check_val_every_n_epoch': 1, 'training.log_every_n_steps': 1,
    'training.checkpoint_every_seconds': 0.02, 'training.accelerator': 'cpu',
    'eval.test_videos_directory': 'videos_new', 'eval.predict_vids_after_training': 'true',
    'dali.base.predict.sequence_length': 8}
SEMI = {
    'model.losses_to_use': '[temporal,pca_singleview,pca_multiview]', 'training.max_epochs': 2,
    'data.columns_for_singleview_pca': '[0,1,2,3,4]', 'training.limit_train_batches': 3,
    'dali.base.train.sequence_length': 4, 'callbacks.anneal_weight.freeze_until_epoch': 0,
    'callbacks.anneal_weight.increase_factor': 0.5, 'eval.predict_vids_after_training': 'false'}


LONG_EPOCH = {
    'training.max_epochs': 1, 'training.train_batch_size': 1,
    'training.checkpoint_every_seconds': 0.0001, 'eval.predict_vids_after_training': 'false'}


def settings(more: dict[str, Any] | None = None) -> list[str]:
    "KEY=VALUE words of a quick training."
    return [f'{key}={value}' for key, value in (QUICK | (more or {})).items()]


@dataclass(frozen=True)
class Job:
    "Something that is begun, killed, begun again and finished."
    name: str
    work: Callable[[Path, Path, bool], Callable[[], Any]]  # Of inputs, its folder, is it begun again?
    ignore: tuple[str, ...] = ()   # Names of files and folders that tell when, or how often, it began
    changes: tuple[str, ...] = ()  # Names of files that are replaced on the way by another content
    cheap: bool = False            # A matter of milliseconds
    in_python: bool = False        # No command, but calls of the Python API
    in_copy: bool = False          # Works in a copy of its inputs
    repeats: bool = True           # Done again when complete, it changes nothing; False: it may refuse


def _train(more: dict[str, Any], inputs: Path, place: Path, again: bool) -> Callable[[], Any]:
    words = ['train', inputs/'mouse', *settings(more), '-o', place/'model']
    return partial(traced, place, [*words, '--resume'] if again else words)


def traced(place: Path, words: list) -> None:
    "A training that notes, outside of its folder, when it begins each step."
    from lightning_pose_nb.training.lightning_module import PoseModule
    step = PoseModule.training_step
    notes = place.with_name(f'{place.name}.steps').open('a')

    def noted(self, *args: Any) -> Any:
        notes.write(f'{os.getpid()} {self.trainer.fit_loop.epoch_loop.total_batch_idx} '
                    f'{time.monotonic()}\n')
        notes.flush()
        return step(self, *args)

    PoseModule.training_step = noted
    lpnb(*words)


def _predict(*what: str, model: str = 'model', more: tuple[str, ...] = ()) -> Callable:
    def work(inputs: Path, place: Path, again: bool) -> Callable[[], Any]:
        words = [inputs/model, inputs.joinpath(*what), '-o', place/'out', '--batch-size', 8]
        return partial(lpnb, 'predict', *words, *more)
    return work


def _several_models(inputs: Path, place: Path, again: bool) -> Callable[[], Any]:
    return partial(predict_several, inputs, place)


def predict_several(inputs: Path, place: Path) -> None:
    "Predictions of several models, one after the other, in one process."
    from lightning_pose_nb.api import TrainedModel
    for name in ('model', 'other'):
        model = TrainedModel(inputs/name, accelerator='cpu')
        video = inputs/'mouse'/'videos_new'/'session1.mp4'
        model.predict_video(video, place/name/'session1.csv', batch_size=8, progress=False)


def label(place: Path) -> None:
    "A labelling session: forty corrections, saved every ten, each made once."
    from lightning_pose_nb.labeling.label_book import LabelBook
    book = LabelBook(place/'CollectedData.csv')
    done = place/'said.txt' # what the person at the screen has seen happen
    said = done.read_text().count('\n') if done.exists() else 0
    for n in range(said, 40):
        book.move(book.images[n % len(book.images)], book.names[n % len(book.names)], (n, n+0.5))
        with done.open('a') as file:
            file.write(f'{n}\n')
        if n % 10 == 9:
            book.save()
    book.save()


def _label(inputs: Path, place: Path, again: bool) -> Callable[[], Any]:
    if not again:
        shutil.copy(inputs/'mouse'/'CollectedData.csv', place)
    return partial(label, place)


def _in_copy(source: str, *words: str) -> Callable:
    "A command that writes into a copy of a project or model; `{}` in its words is the copy."
    def work(inputs: Path, place: Path, again: bool) -> Callable[[], Any]:
        if not again:
            shutil.copytree(inputs/source, place/source)
        return partial(lpnb, *[word.format(place/source, inputs=inputs) for word in words])
    return work


def _command(*words: object) -> Callable:
    "A command; in its words, {inputs} and {place} are the folders."
    def work(inputs: Path, place: Path, again: bool) -> Callable[[], Any]:
        return partial(lpnb, *[str(word).format(inputs=inputs, place=place) for word in words])
    return work


TRAINED = ('logs', 'tb_logs', 'progress.json', 'resume.ckpt', 'samples', 'best.safetensors')
SMALL = 'data.image_resize_dims.height=64 data.image_resize_dims.width=64'.split()
TINY = [*SMALL, 'model.backbone=test_resnet', 'model.backbone_pretrained=false']
MOUSE = '{inputs}/mouse'
JOBS = {job.name: job for job in [
    Job('train', partial(_train, {}), TRAINED, ('model.json',)),
    Job('train on video', partial(_train, SEMI), TRAINED, ('model.json',)),
    Job('predict a video', _predict('mouse', 'videos_new', 'session1.mp4')),
    Job('predict a folder', _predict('mouse', 'all', more=('--labeled-video',)),
        changes=('predictions_summary.csv',)),
    Job('predict images', _predict('mouse', 'labeled-data')),
    Job('predict views', _predict('views', 'videos_new', model='model_views'),
        changes=('predictions_summary.csv',)),
    Job('predict with several models', _several_models, in_python=True),
    Job('crop labels', _command('crop', MOUSE+'/CollectedData.csv', '{inputs}/bbox.csv',
                                '{place}/cropped'), cheap=True),
    Job('crop a video', _command('crop', MOUSE+'/videos/session0.mp4', '{inputs}/session0_bbox.csv',
                                 '{place}/crops'), cheap=True),
    Job('extract', _in_copy('mouse', 'extract', '{}/config.yaml', MOUSE+'/videos_new/session1.mp4',
                            '--frames', '3'), cheap=True, in_copy=True),
    Job('new', _command('new', '{place}/mine', MOUSE+'/videos', '--keypoints', 'nose,tail',
                        '--frames', 3), cheap=True, repeats=False),
    Job('context', _in_copy('mouse', 'context', '{}'), cheap=True, in_copy=True),
    Job('boxes', _command('boxes', MOUSE+'/ground_truth/session0.csv', '{place}'), cheap=True),
    Job('set a key', _in_copy('mouse', 'set', '{}/config.yaml', 'training.max_epochs=7'),
        changes=('config.yaml',), cheap=True, in_copy=True),
    Job('report', _in_copy('model', 'report', '{}'), in_copy=True),
    Job('sample', _command('sample', '{place}/mouse', '--frames', 4, '--videos', 1,
                           '--video-frames', 8), changes=('.sample.json',), cheap=True),
    Job('labels', _label, ('said.txt',), ('CollectedData.csv',), cheap=True, in_python=True,
        in_copy=True),
    Job('demo', _command('demo', '{place}/demo', '--epochs', 1, *TINY),
        (*TRAINED, 'predictions.csv.json', 'session2.csv.json'), ('model.json', '.sample.json')),
]}


# Not among the jobs that are killed at random: one epoch, and a checkpoint after each of its steps.
LONG = Job('a long epoch', partial(_train, LONG_EPOCH), TRAINED, ('model.json',))


def make_inputs(home: Path) -> Path:
    "What the jobs work on: a project of one camera, one of two, and models of both."
    import logging

    from lightning_pose_nb.api import train
    from lightning_pose_nb.data.bounding_boxes import BoxOptions, write_boxes
    from lightning_pose_nb.data.crops import boxes_from_table
    from lightning_pose_nb.data.labels import read_labels
    from lightning_pose_nb.data.predictions import read_predictions
    from lightning_pose_nb.synthetic.project import make_project
    logging.getLogger('pytorch_lightning').setLevel(logging.ERROR)
    sizes = dict(n_frames=16, n_videos=1, n_test_videos=1)
    make_project(home/'mouse', **sizes, n_video_frames=40)
    make_project(home/'views', **sizes, n_video_frames=24, cameras=2)
    (home/'mouse'/'all').mkdir()
    for folder, name in (('videos', 'session0.mp4'), ('videos_new', 'session1.mp4')):
        shutil.copy(home/'mouse'/folder/name, home/'mouse'/'all')
    train(home/'mouse'/'config.yaml', home/'model', settings(), progress=False)
    train(home/'mouse'/'config.yaml', home/'other', settings({'training.rng_seed_data_pt': 5}),
          progress=False)
    train(home/'views'/'config.yaml', home/'model_views', settings(), progress=False)
    truth = read_predictions(home/'mouse'/'ground_truth'/'session0.csv')
    boxes = boxes_from_table(truth, BoxOptions(ratio=1.2))
    write_boxes(home/'session0_bbox.csv', range(len(boxes)), boxes)
    labels = read_labels(home/'mouse'/'CollectedData.csv')
    write_boxes(home/'bbox.csv', labels.images, boxes[:len(labels)])
    return home


# --- What must be true -----------------------------------------------------------------------------

HIDDEN = {  # Files that stay, although their names begin with a dot
    '.sample.json': 'how `lpnb sample` knows its own folder',
    '.lpnb_images.json': 'which images were found whole'}
SCRATCH = '.part', '.part.json', '.lock', '.journal.jsonl'


def is_scratch(name: Path) -> bool:
    "Is this, below the folder of a job, something that only counts while somebody works?"
    if name.name in HIDDEN:
        return False
    return name.name.endswith(SCRATCH) or any(part.startswith('.') for part in name.parts)


def files_below(folder: Path) -> Iterator[Path]:
    "All files of a folder."
    return (path for path in sorted(folder.rglob('*')) if path.is_file())


WHEN = re.compile(rb'"(written|[cm]time_ns|prediction_seconds)": ("[^"]*"|[0-9.e-]+),?')


def without_times(path: Path, place: Path) -> bytes:
    "The content of a file, without what tells where and when it was made."
    content = path.read_bytes().replace(bytes(place), b'PLACE')
    if path.suffix == '.json':
        return WHEN.sub(b'', content)
    if path.name != 'predictions_summary.csv':
        return content
    rows = list(csv.DictReader(content.decode().splitlines()))
    return repr([{**row, 'prediction_seconds': ''} for row in rows]).encode()


def results(job: Job, place: Path) -> dict[str, bytes]:
    "The files of a job, without what tells when it was done."
    found = {}
    for path in files_below(place):
        name = path.relative_to(place)
        if not is_scratch(name) and not set(name.parts) & {*job.ignore, '.lpnb_images.json'}:
            found[str(name)] = without_times(path, place)
    return found


def read_whole(path: Path) -> None:
    "Raise unless a file is complete, as far as its kind tells."
    if path.suffix == '.json':
        json.loads(path.read_text())
    elif path.suffix == '.safetensors':
        from safetensors.torch import load_file
        load_file(path)
    elif path.suffix == '.ckpt':
        import torch
        torch.load(path, map_location='cpu', weights_only=True)
    elif path.suffix in ('.png', '.jpg'):
        from PIL import Image
        Image.open(path).load()
    elif path.suffix == '.mp4':
        from lightning_pose_nb.video.sequential import read_frames
        for _ in read_frames(path):
            pass
    elif path.suffix in ('.csv', '.yaml', '.html') and not path.read_bytes().endswith(b'\n'):
        raise ValueError(f'{path} has no line break at its end')


def check_names(job: Job, place: Path, before: dict[str, bytes], expected: dict[str, bytes]) -> list[str]:
    "What is half written under its final name, after a kill."
    wrong = []
    for path in files_below(place):
        name = path.relative_to(place)
        if is_scratch(name) or {'logs', 'tb_logs'} & set(name.parts):
            continue
        try:
            read_whole(path)
        except Exception as error:
            wrong.append(f'{path}: {type(error).__name__}: {error}')
    for name, content in results(job, place).items():
        is_growing = name.endswith('.csv.json') or Path(name).name in job.changes
        if is_growing or content == before.get(name):
            continue
        if content != expected.get(name):
            wrong.append(f'{name}: not what it is at the end')
    return wrong


def check_end(job: Job, place: Path, expected: dict[str, bytes]) -> list[str]:
    "What differs from a run that nobody disturbed, and what was left lying about."
    found = results(job, place)
    names = [path.relative_to(place) for path in files_below(place)]
    wrong = [f'{name}: left behind' for name in names if is_scratch(name)]
    wrong += [f'{name}: missing' for name in expected.keys()-found.keys()]
    wrong += [f'{name}: not there without kills' for name in found.keys()-expected.keys()]
    wrong += [f'{name}: other content' for name in expected if found.get(name, expected[name]) != expected[name]]
    return wrong


# --- Kills -----------------------------------------------------------------------------------------

@dataclass
class Tally:
    "What was found, of one job."
    runs: int = 0
    kills: int = 0
    lost: float = 0.  # The most seconds of training that were repeated
    wrong: list[str] = field(default_factory=list)


@dataclass
class Bench:
    "Inputs, and a place to work."
    home: Path
    known: dict[str, 'Reference'] = field(default_factory=dict)

    @cached_property
    def inputs(self) -> Path:
        return make_inputs(self.home/'inputs')

    def place(self, name: str) -> Path:
        "A new, empty folder."
        place = self.home/name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        for path in self.home.glob(f'{name}.*'):
            path.unlink()
        return place

    def undisturbed(self, job: Job) -> 'Reference':
        "A job that is left alone; once."
        if job.name not in self.known:
            self.known[job.name] = self.leave_alone(job)
        return self.known[job.name]

    def leave_alone(self, job: Job) -> 'Reference':
        "A job from its beginning to its end, and done again."
        name = 'whole_'+job.name.replace(' ', '_')
        place = self.place(name)
        work = job.work(self.inputs, place, False)
        before = results(job, place)
        log = place.with_name(f'{name}.log')
        began = time.monotonic()
        code = run(work, place, log)
        seconds = time.monotonic()-began
        if code:
            raise RuntimeError(f'{job.name} ended with {code}: {log.read_text()[-2000:]}')
        operations = json.loads(log.with_suffix('.json').read_text())
        reference = Reference(before, results(job, place), operations, seconds)
        if job.repeats:
            code = run(job.work(self.inputs, place, True), place, log)
        wrong = check_end(job, place, reference.results)
        if code or wrong:
            raise RuntimeError(f'{job.name}, done twice: {code} {wrong} {log.read_text()[-2000:]}')
        return reference

    def kill(self, job: Job, reference: 'Reference', kills: list[Fault], tally: Tally) -> None:
        "One run of a job with some kills."
        name = job.name.replace(' ', '_')
        place = self.place(name)
        log = place.with_name(f'{name}.log')
        done = ''
        again = False
        tally.runs += 1
        for kill in [*kills, None]:
            code = run(job.work(self.inputs, place, again), place, log, kill)
            again = True
            if code != -signal.SIGKILL:
                break
            tally.kills += 1
            done += f' {kill};'
            found = check_names(job, place, reference.before, reference.results)
            tally.wrong += [f'{job.name}, killed{done} {wrong}' for wrong in found]
        is_complete = not job.repeats and not check_end(job, place, reference.results)
        if code and not is_complete:
            ended = log.read_text(errors='replace').strip()[-600:]
            tally.wrong.append(f'{job.name}, killed{done} then ended with {code}: {ended}')
            return
        found = check_end(job, place, reference.results)
        tally.wrong += [f'{job.name}, killed{done} at the end: {wrong}' for wrong in found]
        tally.lost = max(tally.lost, seconds_lost(place))


    def fail(self, job: Job, reference: 'Reference', fault: Fault, tally: Tally) -> None:
        "One run of a job in which the system fails, and another one in which it does not."
        name = job.name.replace(' ', '_')
        place = self.place(name)
        log = place.with_name(f'{name}.log')
        what = f'{job.name}, {fault}:'
        code = run(job.work(self.inputs, place, False), place, log, fault)
        said = log.read_text(errors='replace')
        tally.runs += 1
        tally.kills += bool(code)
        place.mkdir(exist_ok=True)
        found = check_words(job, place, fault, code, said)
        found += check_names(job, place, reference.before, reference.results)
        if code or fault.manner == 'vanishes':
            log.unlink()
            code = run(job.work(self.inputs, place, True), place, log)
        if code:
            found.append(f'then ended with {code}: {log.read_text()[-600:]}')
        else:
            found += check_end(job, place, reference.results)
        tally.wrong += [f'{what} {wrong}' for wrong in found]


def check_words(job: Job, place: Path, fault: Fault, code: int, said: str) -> list[str]:
    "What is wrong with the exit code, or with what a job says in the end."
    if code == 0 or job.in_python:
        return []
    wrong = []
    if code != SIGNALS.get(fault.manner, 1):
        wrong.append(f'exit code {code}')
    if 'Traceback' in said:
        wrong.append('a traceback')
    expected = [str(place)]
    if fault.manner in SIGNALS:
        expected = ['stopped;']
    if fault.manner in DISKS:
        expected.append(os.strerror(DISKS[fault.manner]))
    wrong += [f'{words!r} is not said' for words in expected if words not in said]
    return [f'{one}: {said.strip()[-700:]}' for one in wrong]


@dataclass(frozen=True)
class Reference:
    "A job that was left alone."
    before: dict[str, bytes]   # Files that were there when it began
    results: dict[str, bytes]  # Files at the end
    operations: list[str]      # What it did to files
    seconds: float             # How long it took


def sittings(place: Path) -> list[dict[int, float]]:
    "For each process of a training the steps that it began, and when, in seconds."
    notes = place.with_name(f'{place.name}.steps')
    lines = notes.read_text().split('\n')[:-1] if notes.exists() else []
    found: dict[str, dict[int, float]] = {}
    for line in lines:
        process, step, moment = line.split()
        found.setdefault(process, {})[int(step)] = float(moment)
    return list(found.values())


def seconds_lost(place: Path) -> float:
    "The most seconds of training that a kill has cost."
    most = 0.
    for before, after in itertools.pairwise(sittings(place)):
        first = min(after)
        if first in before:
            most = max(most, max(before.values())-before[first])
    return most


def draw(rng: random.Random, reference: Reference, n: int) -> list[Fault]:
    "Some kills, at random."
    kills = []
    for _ in range(n):
        if rng.random() < 0.3:
            kills.append(Fault(seconds=rng.uniform(0, reference.seconds)))
            continue
        operation = rng.randrange(len(reference.operations))
        kills.append(Fault(None, operation, rng.choice(KILLS)))
    return kills


def every(reference: Reference) -> Iterator[Fault]:
    "A kill at every operation, in every manner that makes a difference."
    for n, operation in enumerate(reference.operations):
        yield Fault(None, n, 'before')
        if operation.startswith('open'):
            yield Fault(None, n, 'begun')
        if operation.startswith('os.rename') or '/.' in operation:
            yield Fault(None, n, 'torn')


def kill_often(bench: Bench, job: Job, kills: int, seed: int) -> Tally:
    "So many kills of a job, two to four in a run."
    reference = bench.undisturbed(job)
    rng = random.Random(f'{seed} {job.name}')
    tally = Tally()
    while tally.kills < kills and tally.runs < 3*kills:
        n = min(rng.randint(2, 4), kills-tally.kills)
        bench.kill(job, reference, draw(rng, reference, n), tally)
    return tally


def kill_everywhere(bench: Bench, job: Job) -> Tally:
    "A kill at each file operation of a job."
    reference = bench.undisturbed(job)
    tally = Tally()
    for kill in every(reference):
        bench.kill(job, reference, [kill], tally)
    return tally


def fail_often(bench: Bench, job: Job, manner: str, times: int, seed: int) -> Tally:
    "So many failures of one kind at random file operations of a job."
    reference = bench.undisturbed(job)
    rng = random.Random(f'{seed} {job.name} {manner}')
    tally = Tally()
    operations = range(len(reference.operations))
    for operation in rng.sample(operations, min(times, len(operations))):
        bench.fail(job, reference, Fault(None, operation, manner), tally)
    return tally


def report(job: Job, what: str, tally: Tally, seconds: float, home: Path) -> None:
    "Print what was found."
    print(f'{job.name}, {what}: {tally.kills} times in {tally.runs} runs, {len(tally.wrong)} wrong, '
          f'{tally.lost:.2f} s of training repeated at most ({seconds:.0f} s)', flush=True)
    for wrong in tally.wrong[:8]:
        print('   ', wrong.replace(str(home), '…'), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description='Kill jobs at random, and see what is lost.')
    parser.add_argument('--kills', type=int, default=1000, help='how many in all [1000]')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--job', action='append', choices=list(JOBS), help='only this')
    parser.add_argument('--everywhere', action='store_true', help='at each file operation instead')
    parser.add_argument('--manner', action='append', choices=[*SIGNALS, *DISKS, 'vanishes'],
                        help='no kills, but this')
    options = parser.parse_args()
    jobs = [JOBS[name] for name in options.job or JOBS]
    if 'vanishes' in (options.manner or ()):
        jobs = [job for job in jobs if not job.in_copy]  # or its inputs would vanish, too
    manners = options.manner or ['killed']
    each = -(-options.kills//len(jobs)//len(manners))
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder).resolve())
        for job, what in itertools.product(jobs, manners):
            began = time.monotonic()
            try:
                if options.everywhere:
                    tally = kill_everywhere(bench, job)
                elif options.manner:
                    tally = fail_often(bench, job, what, each, options.seed)
                else:
                    tally = kill_often(bench, job, each, options.seed)
            except RuntimeError as error:
                tally = Tally(wrong=[str(error)])
            report(job, what, tally, time.monotonic()-began, bench.home)
            failed = failed or bool(tally.wrong)
    sys.exit(failed)


if __name__ == '__main__':
    main()
