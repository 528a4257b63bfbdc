"""Projects of SLEAP as people have them: cut off, without their videos, with several animals or skeletons, unlabelled.

Every case makes one file, or a folder, in a folder of its own; most are the same project with one thing changed.
"""
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from bad_input import Case

from lightning_pose_nb.video.io import write_video

NODES = ['nose', 'tail', 'ear']
XY = np.array([[10.5, 20.25], [30, 40], [50, 12]])
NAN = float('nan')

Make = Callable[[Path], Path]  # makes the file in a folder, and says which it is


class Bench:
    "What a project of SLEAP is made of, beside a video of 12 frames."

    def __init__(self, folder: Path):
        import sleap_io
        self.io = sleap_io
        self.folder = folder
        self.skeleton = sleap_io.Skeleton(list(NODES), name='mouse')
        self.file = write_video(folder/'day1.mp4', np.zeros((12, 64, 96, 3), np.uint8), 30)
        self.video = sleap_io.Video.from_filename(str(self.file))

    def animal(self, xy=XY, track=None, skeleton=None, predicted=False):
        "An instance."
        kind = self.io.PredictedInstance if predicted else self.io.Instance
        made = kind.from_numpy(np.array(xy, float), skeleton=skeleton or self.skeleton)
        made.track = track
        return made

    def save(self, frames: dict[int, list], name: str = 'labels.slp', **options) -> Path:
        "A file with instances in frames of the video."
        listed = [self.io.LabeledFrame(video=self.video, frame_idx=n, instances=some) for n, some in frames.items()]
        self.io.save_slp(self.io.Labels(listed, videos=[self.video]), str(self.folder/name), verbose=False, **options)
        return self.folder/name


def project(change: Callable[[SimpleNamespace], Any] | None = None, name: str = 'labels.slp', **options) -> Make:
    "A project of two labelled frames; `change` gets its parts: bench, frames, and, once it is written, path."
    def make(folder: Path) -> Path:
        bench = Bench(folder)
        parts = SimpleNamespace(bench=bench, frames={3: [bench.animal()], 7: [bench.animal(XY+1)]}, path=None)
        before = getattr(change, 'before', False)
        if before: change(parts)
        parts.path = bench.save(parts.frames, name, **options)
        if change and not before: change(parts)
        return parts.path
    return make


def before(change):
    "A change that is made before the project is written."
    change.before = True
    return change


@before
def two_animals(parts):
    a, b = (parts.bench.io.Track(name) for name in ('black', 'white'))
    parts.frames[3] = [parts.bench.animal(track=a), parts.bench.animal(XY+9, b)]


@before
def no_tracks(parts): parts.frames[3].append(parts.bench.animal(XY+9))


@before
def twice_in_a_frame(parts):
    a, b = (parts.bench.io.Track(name) for name in ('black', 'white'))
    parts.frames[3] = [parts.bench.animal(track=a), parts.bench.animal(XY+9, a)]
    parts.frames[7] = [parts.bench.animal(track=b)]


@before
def two_skeletons(parts):
    bird = parts.bench.io.Skeleton(['beak'], name='bird')
    parts.frames[7] = [parts.bench.animal([[5, 5]], skeleton=bird)]


@before
def only_predictions(parts): parts.frames = {3: [parts.bench.animal(predicted=True)]}


@before
def with_predictions(parts): parts.frames[9] = [parts.bench.animal(predicted=True)]


@before
def nothing_labelled(parts): parts.frames = {}


@before
def nothing_placed(parts): parts.frames = {3: [parts.bench.animal(np.full((3, 2), NAN))]}


@before
def late_frame(parts): parts.frames[99] = [parts.bench.animal()]


@before
def tracks_of_one(parts):
    for n in (3, 7): parts.frames[n][0].track = parts.bench.io.Track(f'track_{n}')


@before
def not_visible(parts): parts.frames[3][0].points['visible'][1] = False


def cut(share: float) -> Callable:
    "Only the first part of the file is there."
    def change(parts):
        data = parts.path.read_bytes()
        parts.path.write_bytes(data[:int(share*len(data))])
    return change


def written(data: bytes) -> Callable:
    "The file holds something else."
    return lambda parts: parts.path.write_bytes(data)


def other_hdf(parts):
    import h5py
    with h5py.File(parts.path, 'w') as file: file['images'] = np.zeros(3)


def without_json(parts):
    import h5py
    with h5py.File(parts.path, 'r+') as file: del file['metadata'].attrs['json']


def gone(parts): parts.bench.file.unlink()
def scaled(parts): write_video(parts.bench.file, np.zeros((12, 32, 48, 3), np.uint8), 30)
def damaged(parts): parts.bench.file.write_bytes(parts.bench.file.read_bytes()[:200])
def second(parts): (parts.path.parent/'labels.v002.slp').write_bytes(parts.path.read_bytes())


def moved(parts):
    (parts.path.parent/'videos').mkdir()
    parts.bench.file.rename(parts.path.parent/'videos'/'day1.mp4')


def folder_of(make: Make) -> Make:
    "The folder of a file."
    return lambda folder: make(folder).parent


def cases(happens: str, outcome: str, *rows: tuple) -> list[Case]:
    "Cases that share what happens: name, maker, and words of the message."
    return [Case('formats', name, happens, outcome, make, words) for name, make, *words in rows]


PACKAGE = dict(name='labels.pkg.slp', embed='user')
CASES = [
    *cases('refused: the file is named, and what to do; no folder is left behind', 'refused',
        ('a .slp that was cut off', project(cut(.5)), 'labels.slp: a file that cannot be opened', 'copy it again'),
        ('a .slp that was cut off', project(cut(.05)), 'cannot be opened', 'copy it again'),
        ('a .pkg.slp that was cut off', project(cut(.7), **PACKAGE), 'labels.pkg.slp', 'copy it again'),
        ('an empty .slp', project(written(b'')), 'labels.slp', 'copy it again'),
        ('a .slp that is no HDF5', project(written(b'hello')), 'labels.slp', 'copy it again'),
        ('another HDF5 file called .slp', project(other_hdf), 'without metadata, frames, instances'),
        ('a .slp without its metadata', project(without_json), 'sleap-io cannot read', 'pip install -U sleap-io'),
        ('two .slp in a folder', folder_of(project(second)), 'labels.slp, labels.v002.slp', 'Name one: lpnb import')),
    *cases('refused: the video is named, where it was looked for, and the ways out', 'refused',
        ('a .slp whose video is gone', project(gone), '2 labelled frames of a video that is not there',
            'looked for at', 'videos/day1.mp4', '.pkg.slp'),
        ('a .slp whose video was scaled', project(scaled), '48 x 32 pixels, and 96 x 64 in the project'),
        ('a .slp whose video is damaged', project(damaged), 'day1.mp4'),
        ('a label in a frame that the video does not have', project(late_frame), 'a video of 12 frames', '0 to 11')),
    *cases('refused: the names are listed, and the option that chooses', 'refused',
        ('several animals in a .slp', project(two_animals), 'more than one animal: black, white', '--individual black'),
        ('several skeletons in a .slp', project(two_skeletons), 'mouse (nose, tail, ear), bird (beak)'),
        ('several animals without tracks', project(no_tracks), 'give each animal a track of its own'),
        ('a track twice in a frame', project(twice_in_a_frame), 'more than one animal: black, white')),
    *cases('refused: predictions are no labels', 'refused',
        ('a .slp of predictions, as sleap-nn writes it', project(only_predictions), 'predictions only, 1 instance'),
        ('a .slp without labels', project(nothing_labelled), 'no labelled frame', 'lpnb new'),
        ('a .slp whose animals have no point', project(nothing_placed), 'no visible keypoint')),
    *cases('what is left behind, or taken with a remark, is counted and told', 'told',
        ('predicted instances beside labels', project(with_predictions), '1 predicted instance in 1 frame'),
        ('tracks that change, one animal in each image', project(tracks_of_one), '2 tracks (track_3, track_7)'),
        ('points that are not visible', project(not_visible), '1 keypoint that are not visible'),
        ('a .pkg.slp without its video', project(gone, **PACKAGE), '1 video that is not there')),
    *cases('found beside the file', 'right',
        ('a video that was moved into a folder videos', project(moved))),
]
