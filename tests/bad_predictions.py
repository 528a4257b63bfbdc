"""Faults while something is predicted, and inputs that share a name: what becomes of predictions."""
import json
import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import torch
from bad_input import Case

from lightning_pose_nb.core.errors import ProjectError
from lightning_pose_nb.core.files import write_atomic
from lightning_pose_nb.core.journal import made_from, read_note
from lightning_pose_nb.core.locks import owned
from lightning_pose_nb.core.testing import spot_frame
from lightning_pose_nb.data.predictions import Predictions, read_predictions
from lightning_pose_nb.inference.batches import PredictOptions
from lightning_pose_nb.inference.images import predict_images
from lightning_pose_nb.inference.outputs import OutputNames, video_csv
from lightning_pose_nb.inference.videos import predict_video
from lightning_pose_nb.models.folder import WEIGHTS, LoadedModel
from lightning_pose_nb.models.testing import BlobFinder, spot_model

SIZE = (64, 80)
N = 20
QUIET = PredictOptions(batch_size=8, progress=False)


class Narrow(BlobFinder):
    "Has memory for so many frames at a time, and says so in the words of some device."
    def __init__(self, most: int, error: Exception):
        super().__init__()
        self.most = most
        self.error = error

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        if len(images) > self.most: raise self.error
        return super().forward(images)


def spots(n: int = N, shift: int = 0) -> np.ndarray:
    "Frames (n, H, W, 3) of two spots that move."
    return np.stack([spot_frame(SIZE, (15+t+shift, 20), (60, 15+t), sigma=4.) for t in range(n)])


def raw_video(path: Path, frames: np.ndarray) -> Path:
    "Frames without compression: the number of bytes says nothing about them."
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('rawvideo', rate=30)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = 'bgr24'
        for frame in frames:
            image = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame[..., ::-1]), format='bgr24')
            container.mux(stream.encode(image))
    return path


@dataclass
class Bench:
    "A model, a video and its predictions as they should be."
    folder: Path

    def model(self, network: BlobFinder | None = None) -> LoadedModel:
        "A model that finds the spots."
        return spot_model(self.folder/'model', network)

    def video(self, name: str = 'day1/trial.avi', shift: int = 0) -> Path:
        "A video of spots."
        return raw_video(self.folder/name, spots(shift=shift))

    def csv(self, video: Path) -> Path:
        "Where the predictions of a video go."
        return OutputNames(partial(video_csv, self.folder/'video_preds')).csv_of(video)

    def predict(self, video: Path, network: BlobFinder | None = None, **options) -> Predictions:
        "Predict a video as the command line does."
        given = PredictOptions(**({'batch_size': 8, 'progress': False} | options))
        return predict_video(self.model(network), video, self.csv(video), options=given)

    def is_right(self, video: Path, shift: int = 0) -> bool:
        "Are the predictions those of this video, a row for each frame?"
        table = read_predictions(self.csv(video))
        true = 15+shift+np.arange(N)
        return len(table) == N and bool(np.abs(table.xy[:, 0, 0]-true).max() < 0.5)


@contextmanager
def refused(*words: str) -> Iterator[None]:
    "What is in the block is refused with a message that has these words."
    with pytest.raises(ProjectError) as caught: yield
    for word in words: assert word in str(caught.value)


def another_batch_size(bench: Bench):
    "A second call with another batch size, while the first is at work."
    video = bench.video()
    with suppress(KeyboardInterrupt): bench.predict(video, BlobFinder(2))
    rows = video_rows(bench, video)
    with owned(bench.csv(video), 'prediction of trial.avi'):
        with refused(f'by process {os.getpid()}', 'Wait until it has ended'):
            bench.predict(video, batch_size=5)
    assert video_rows(bench, video) == rows == 8
    bench.predict(video)
    assert bench.is_right(video)


def video_rows(bench: Bench, video: Path) -> int:
    "Rows that are written so far."
    csv = bench.csv(video)
    return csv.with_name(csv.name+'.part').read_text().count('\n')-3


def out_of_memory(error: Exception, most: int, bench: Bench):
    "A device that has memory for some frames only."
    video = bench.video()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        bench.predict(video, Narrow(most, error))
    said = [str(warning.message) for warning in caught]
    assert len(said) == 1
    assert 'goes on with' in said[0]
    assert bench.is_right(video)


def of_rival(batches: int | None, bench: Bench):
    "Another model wrote to the same file: all rows, or those of some batches."
    video = bench.video()
    rival = spot_model(bench.folder/'rival', BlobFinder(batches))
    (rival.folder/WEIGHTS).write_bytes(b'other spots')
    csv = bench.csv(video)
    with suppress(KeyboardInterrupt): predict_video(rival, video, csv, options=QUIET)
    written = csv if batches is None else csv.with_name(csv.name+'.part')
    before = written.read_bytes()
    with refused('of another model', str(rival.folder.resolve()), '--overwrite'): bench.predict(video)
    assert written.read_bytes() == before
    bench.predict(video, overwrite=True)
    assert bench.is_right(video)


def trained_further(bench: Bench):
    "The model that predicted a video is trained further, and asked again."
    video = bench.video()
    bench.predict(video)
    before = read_note(bench.csv(video))['model']
    (bench.folder/'model'/WEIGHTS).write_bytes(b'better spots')
    bench.predict(video)
    assert read_note(bench.csv(video))['model'] != before
    assert bench.is_right(video)


def no_memory(bench: Bench):
    "A device that has no memory at all, and one that has."
    video = bench.video()
    with refused('trial.avi', 'even for one frame'): bench.predict(video, Narrow(0, MemoryError()))
    bench.predict(video)
    assert bench.is_right(video)


class Grows(BlobFinder):
    "While it predicts, the video is still being copied."
    def __init__(self, video: Path):
        super().__init__()
        self.video = video

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        with self.video.open('ab') as file: file.write(b'more')
        return super().forward(images)


def grows(bench: Bench):
    "A video that changes while it is predicted."
    video = bench.video()
    with refused('trial.avi', 'changed while it was predicted'): bench.predict(video, Grows(video))
    bench.predict(video)
    assert bench.is_right(video)


def damaged_later(damage: Callable[[Path], object], word: str, bench: Bench):
    "Predictions or their note that something else has changed."
    video = bench.video()
    bench.predict(video)
    damage(bench.folder/'video_preds'/'trial.csv')
    with refused('trial.csv', word, 'overwrite'): bench.predict(video)
    bench.predict(video, overwrite=True)
    assert bench.is_right(video)


def cut(csv: Path):
    "Leave half of a file."
    csv.write_bytes(csv.read_bytes()[:csv.stat().st_size//2])


def killed_before_the_name(bench: Bench):
    "All rows are there, and the note, but the file has not got its name."
    video = bench.video()
    bench.predict(video)
    csv = bench.csv(video)
    whole = csv.read_bytes()
    note = read_note(csv)
    identity = ('content', 'model', 'size', 'keypoints', 'batch_size', 'precision', 'sets', 'images', 'format')
    part = csv.with_name(csv.name+'.part')
    csv.rename(part)
    write_atomic(made_from(part), json.dumps({key: note[key] for key in identity})+'\n')
    csv.write_bytes(whole[:len(whole)//3])
    bench.predict(video, BlobFinder(1)) # the last batch, which is not a full one, again
    assert csv.read_bytes() == whole
    assert not part.exists()


def same_name(second: str, name: str, bench: Bench):
    "Two recordings that want one file."
    first = bench.video()
    other = bench.video(second, shift=5)
    for video, shift in ((first, 0), (other, 5), (first, 0)):
        bench.predict(video)
        assert bench.is_right(video, shift)
    assert bench.csv(other).name == name
    assert bench.csv(first).name == 'trial.csv'


def changed_in_place(bench: Bench):
    "Another recording in the place of the first, of the same size and time."
    video = bench.video()
    bench.predict(video)
    bench.video(shift=5)
    with refused('content of trial.avi', 'overwrite'): bench.predict(video)
    bench.predict(video, overwrite=True)
    assert bench.is_right(video, 5)


def copied(bench: Bench):
    "A copy of a video that was predicted, in another folder."
    video = bench.video()
    bench.predict(video)
    copy = bench.folder/'archive'/'trial.avi'
    copy.parent.mkdir()
    shutil.copyfile(video, copy)
    bench.predict(copy, BlobFinder(0))
    assert bench.csv(copy).name == 'trial.csv'


def same_folder_name(bench: Bench):
    "Two folders of uncompressed images, of the same names and sizes."
    folders = []
    for day, shift in (('day1', 0), ('day2', 5)):
        folders.append(bench.folder/day/'frames')
        folders[-1].mkdir(parents=True)
        for i, frame in enumerate(spots(3, shift)): cv2.imwrite(str(folders[-1]/f'{i}.bmp'), frame[..., ::-1])
    csv = bench.folder/'predictions.csv'
    predict_images(bench.model(), folders[0], csv=csv, options=QUIET)
    with refused('content of some images'): predict_images(bench.model(), folders[1], csv=csv, options=QUIET)
    table = predict_images(bench.model(), folders[1], options=QUIET)
    assert np.abs(table.xy[:, 0, 0]-(20+np.arange(3))).max() < 0.5


CUDA = torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 20.00 MiB.')
MPS = RuntimeError('MPS backend out of memory (MPS allocated: 17.60 GB)')
CPU = RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes.")
HALVED = 'the batch is halved until it fits, which is said once; the keypoints are the same'
RIVAL = 'the file is left as it is, and both models are named; `--overwrite` replaces it'
OVERWRITE = 'the file is not taken for whole; `--overwrite` replaces it'
OWN_FILE = 'each has a file of its own, and finds it in the next call'

CASES = [
    Case('faults', 'two predictions of one video at the same time',
         'the second is refused, and says which process is at work', 'refused', another_batch_size),
    *[Case('faults', f'memory of the {device} for at most {most} frames at a time', HALVED, 'told',
           partial(out_of_memory, error, most))
      for device, error in (('GPU', CUDA), ('Apple GPU', MPS), ('CPU', CPU), ('host', MemoryError()))
      for most in (1, 3)],
    Case('faults', 'memory for not a single frame', 'the video is named; the next ones are predicted',
         'refused', no_memory),
    Case('faults', 'a video that is still being copied while it is predicted',
         'the predictions are not finished; the next call begins anew', 'refused', grows),
    Case('faults', 'two models that predict into the same folder', RIVAL, 'refused', partial(of_rival, None)),
    Case('faults', 'two models, the first of which was interrupted', RIVAL, 'refused', partial(of_rival, 2)),
    Case('faults', 'a model that was trained further since it predicted a video',
         'its predictions are made again', 'right', trained_further),
    Case('faults', 'a prediction file that was cut off later', OVERWRITE, 'refused',
         partial(damaged_later, cut, 'cut off')),
    Case('faults', 'a prediction file without its note', OVERWRITE, 'refused',
         partial(damaged_later, lambda csv: made_from(csv).unlink(), 'nothing beside it')),
    Case('faults', 'a prediction file whose note was cut off', OVERWRITE, 'refused',
         partial(damaged_later, lambda csv: cut(made_from(csv)), 'nothing beside it')),
    Case('faults', 'a kill just before a prediction file gets its name', 'the next call gives it', 'right',
         killed_before_the_name),
    Case('names', 'two uncompressed videos of one name in two folders', OWN_FILE, 'right',
         partial(same_name, 'day2/trial.avi', 'day2_trial.csv')),
    Case('names', 'two videos that differ in their suffix', OWN_FILE, 'right',
         partial(same_name, 'day1/trial.mov', 'trial.mov.csv')),
    Case('names', 'a video and one of the same name in a folder below', OWN_FILE, 'right',
         partial(same_name, 'day1/sub/trial.avi', 'sub_trial.csv')),
    Case('names', 'a video that was replaced by another of the same size',
         'its former predictions are not taken for it; `--overwrite` replaces them', 'refused', changed_in_place),
    Case('names', 'a copy of a predicted video in another folder', 'its predictions are found', 'right', copied),
    Case('names', 'two folders of uncompressed images of the same names',
         'the predictions of one are not taken for the other', 'refused', same_folder_name),
]
