"""Predictions and labels that cannot go out or come in: a message, an exit code, nothing half-written."""
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from bad_input import Case
from click.testing import CliRunner, Result

from lightning_pose_nb.cli.formats import export_command, import_command
from lightning_pose_nb.core.errors import ProjectError
from lightning_pose_nb.core.testing import spot_frame
from lightning_pose_nb.data.labels import Labels, write_labels
from lightning_pose_nb.data.predictions import Predictions, write_predictions
from lightning_pose_nb.exports.beside import write_beside
from lightning_pose_nb.interop.deeplabcut_config import make_deeplabcut_sample
from lightning_pose_nb.interop.tracks import sample_points, sample_tracks
from lightning_pose_nb.video.io import write_video

LIMITED = '''
import resource, signal, sys
from lightning_pose_nb.cli.main import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
del sys.argv[1]
main()
'''


class Place:
    "A folder with predictions, and what commands say about it."
    def __init__(self, folder: Path):
        self.folder = folder
        self.csv = folder/'preds'/'day1.csv'
        write_predictions(sample_tracks().predictions, self.csv)

    def export(self, source: Path, *options: str) -> Result:
        "Run lpnb export into a new folder."
        return CliRunner().invoke(export_command, [str(source), str(self.folder/'out'), *options])

    def refused(self, source: Path, *options: str, said: str):
        "It says this, and leaves nothing behind."
        result = self.export(source, *options)
        text = f'{result.output}{result.exception or ""}'
        assert result.exit_code in (1, 2), text
        assert said in text
        assert not (self.folder/'out').exists()


def of_empty_model(place: Place):
    model = place.folder/'model'
    model.mkdir()
    (model/'model.json').write_text('{}')
    place.refused(model, '--to', 'nwb', said='no predictions of videos or images')


def of_existing(place: Place):
    assert place.export(place.csv, '--to', 'parquet').exit_code == 0
    file = place.folder/'out'/'day1.parquet'
    file.write_bytes(b'mine')
    result = place.export(place.csv, '--to', 'parquet')
    assert result.exit_code == 1
    assert 'left as it is' in str(result.exception)
    assert file.read_bytes() == b'mine'


def of_target(place: Place):
    (place.folder/'out').write_text('mine')
    result = place.export(place.csv, '--to', 'parquet')
    assert result.exit_code == 1
    assert 'a file; expected a folder' in str(result.exception)
    assert (place.folder/'out').read_text() == 'mine'


def of_config(place: Place):
    assert place.export(place.csv, '--to', 'keypoint-moseq').exit_code == 0
    setup = place.folder/'out'/'setup.json'
    setup.write_text('mine')
    other = place.csv.with_name('day2.csv')
    shutil.copy(place.csv, other)
    assert place.export(other, '--to', 'keypoint-moseq').exit_code == 0
    assert setup.read_text() == 'mine'
    assert len(list((place.folder/'out'/'keypoints_2d').iterdir())) == 2


def of_rate(place: Place):
    place.refused(place.csv, '--to', 'nwb', said='Say it: --fps 30')


def of_option(options: list[str], said: str, place: Place):
    place.refused(place.csv, '--to', 'parquet', *options, said=said)


def of_labels(place: Place):
    table = place.folder/'CollectedData.csv'
    tracks = sample_tracks()
    write_labels(Labels([f'a/{n}.png' for n in range(12)], tracks.keypoint_names, tracks.xy), table)
    place.refused(table, '--to', 'movement', said='labels, which movement has no place for')


def of_images(place: Place):
    tracks = sample_tracks().predictions
    table = place.folder/'images.csv'
    names = [f'a/{n}.png' for n in range(len(tracks))]
    write_predictions(Predictions(names, tracks.keypoint_names, tracks.xy, tracks.likelihood), table)
    place.refused(table, '--to', 'movement', said='predictions of images, which movement has no place for')


def of_torn(place: Place):
    good = place.csv.read_bytes()
    (place.csv.with_name('day2.csv')).write_bytes(good[:-30])
    place.refused(place.csv.parent, '--to', 'parquet', said='day2.csv')


def limited(place: Place, command: list[str], most: int) -> subprocess.CompletedProcess:
    "Run lpnb on a disk that takes no file of more bytes."
    call = [sys.executable, '-c', LIMITED, str(most), *command]
    return subprocess.run(call, capture_output=True, text=True, cwd=place.folder, env=dict(os.environ))


def of_full_disk(place: Place):
    ended = limited(place, ['export', 'preds/day1.csv', 'out', '--to', 'coco'], 500)
    assert ended.returncode == 1, ended.stderr
    assert 'out/day1_coco.json' in ended.stderr
    assert 'Traceback' not in ended.stderr
    assert not (place.folder/'out').exists()


def of_full_disk_import(place: Place):
    make_deeplabcut_sample(place.folder/'dlc')
    ended = limited(place, ['import', 'dlc', 'new'], 15_000)
    assert ended.returncode == 1, ended.stderr
    assert f'{place.folder.resolve()}/new/labeled-data' in ended.stderr
    assert 'Traceback' not in ended.stderr
    assert not (place.folder/'new').exists()


KILLED = '''
import os, sys
from dataclasses import replace
from lightning_pose_nb.exports import exporting
def killed(*_): os.kill(os.getpid(), 9)
exporting.WRITERS['coco'] = replace(exporting.WRITERS['coco'], around=killed)
exporting.export_project('preds/day1.csv', 'out', to='coco')
'''


def of_kill(place: Place):
    ended = subprocess.run([sys.executable, '-c', KILLED], cwd=place.folder)
    assert ended.returncode == -9
    assert [path.name[0] for path in (place.folder/'out').iterdir()] == ['.']
    time.sleep(.1)
    assert place.export(place.csv, '--to', 'coco').exit_code == 0
    assert [path.name for path in (place.folder/'out').iterdir()] == ['day1_coco.json']


def of_animals(place: Place):
    points = [1, 2, 2, 3, 4, 2]
    one = {'image_id': 1, 'keypoints': points}
    data = {
        'images': [{'id': 1, 'file_name': 'a.png'}],
        'annotations': [{'id': n, 'category_id': n, **one} for n in (1, 2)],
        'categories': [{'id': n, 'name': name, 'keypoints': ['nose', 'tail']} for n, name in ((1, 'a/b'), (2, 'A:B'))]}
    file = place.folder/'both.json'
    file.write_text(json.dumps(data))
    cv2.imwrite(str(place.folder/'a.png'), spot_frame((40, 40), (5, 5), (20, 20)))
    result = CliRunner().invoke(import_command, [str(file), str(place.folder/'new'), '--each'])
    assert result.exit_code == 1
    assert 'would have the same name' in str(result.exception)
    assert not (place.folder/'new').exists()


def of_unknown_option(place: Place):
    file = place.folder/'both.json'
    file.write_text('{"images": [], "annotations": [], "categories": []}')
    result = CliRunner().invoke(import_command, [str(file), str(place.folder/'new'), '--scorer', 'ada'])
    assert result.exit_code == 1
    assert '--scorer has no meaning' in str(result.exception)


def of_hole(place: Place):
    points = sample_points()
    table = place.folder/'preds'/'day1_3d.csv'
    rows = ['index,' + ','.join(f'{name}_{axis}' for name in points.keypoint_names for axis in 'xyz')]
    table.write_text('\n'.join([*rows, '0,1,2'])+'\n')
    place.refused(table, '--to', 'parquet', said='day1_3d.csv')


def of_other(said: list[str], make: Callable[[Path], Path], place: Place):
    "Something that is neither labels nor predictions, in an export and in an import."
    source = make(place.folder)
    command = 'import' if said[0] == 'import' else 'export'
    chosen = import_command if command == 'import' else export_command
    result = CliRunner().invoke(chosen, [str(source), str(place.folder/'out')])
    text = f'{result.output}{result.exception or ""}'
    assert result.exit_code == 1, text
    for part in said[1:]: assert part in text, text
    assert not (place.folder/'out').exists()


def holds(name: str, content: bytes) -> Callable[[Path], Path]:
    "A file with this content."
    def make(folder: Path) -> Path:
        (folder/name).write_bytes(content)
        return folder/name
    return make


def jabs(change: Callable) -> Callable[[Path], Path]:
    "A pose file of JABS with one thing changed, beside its video."
    def make(folder: Path) -> Path:
        import h5py
        write_video(folder/'day1.mp4', np.zeros((4, 32, 48, 3), np.uint8), 30)
        path = folder/'day1_pose_est_v5.h5'
        with h5py.File(path, 'w') as file:
            file['poseest/points'] = np.full((4, 2, 12, 2), 9, np.uint16)
            file['poseest/confidence'] = np.ones((4, 2, 12), np.float32)
            file['poseest/instance_embed_id'] = np.tile(np.array([1, 2], np.uint32), (4, 1))
        change(path)
        return path
    return make


def without_video(path: Path): (path.parent/'day1.mp4').unlink()
def cut(path: Path): path.write_bytes(path.read_bytes()[:-200])


def beside(change: Callable[[Path], object], said: str, place: Place):
    "A finished export beside predictions, with something done to it, and the same call again."
    [file] = write_beside([place.csv], 'parquet')
    whole = file.read_bytes()
    change(file)
    spoiled = file.read_bytes()
    with pytest.raises(ProjectError, match=said): write_beside([place.csv], 'parquet')
    assert file.read_bytes() == spoiled
    write_beside([place.csv], 'parquet', overwrite=True)
    assert file.read_bytes() == whole


def of_others(place: Place):
    [file] = write_beside([place.csv], 'parquet')
    before = file.read_bytes()
    write_predictions(sample_tracks(seed=1).predictions, place.csv)
    write_beside([place.csv], 'parquet')
    assert file.read_bytes() != before


def case(name: str, happens: str, make: Callable[[Place], None], outcome: str = 'refused', count: int = 1) -> Case:
    "A case of this suite."
    return Case('formats', name, happens, outcome, make, count=count)


CUT = b'[{"filename": "a.png", "class": "image",\n "annotations": [{"cla'
LABELME = b'{"version": "5.0", "shapes": [], "imagePath": "a.png"}'
CVAT = b'<?xml version="1.0"?>\n<annotations>'
BY_COCO = 'as COCO keypoints; then lpnb import FILE.json'
OTHERS = [  # what is given, to which command, what is said of it, how it is made
    ('a video instead of predictions', ['export', 'lpnb predict MODEL', 'day1.mp4'], holds('day1.mp4', b'x')),
    ('a checkpoint instead of a model folder', ['export', 'a.ckpt NEW_FOLDER'], holds('a.ckpt', b'x')),
    ('a checkpoint without its run folder', ['import', 'config.yaml model.checkpoint='], holds('a.ckpt', b'x')),
    ('annotations of labelme', ['import', 'annotations of labelme', BY_COCO], holds('a.json', LABELME)),
    ('annotations of CVAT', ['import', 'annotations of CVAT', BY_COCO], holds('a.xml', CVAT)),
    ('a ZIP file', ['import', 'Unpack it'], holds('a.zip', b'PK')),
    ('a JSON file that was cut off', ['import', 'line 2, column', 'cut off'], holds('a.json', CUT)),
    ('poses of JABS without their video', ['import', 'no video day1 beside it'], jabs(without_video)),
    ('poses of JABS of two animals', ['import', '--individual 1'], jabs(str)),
    ('a pose file of JABS that was cut off', ['import', 'day1_pose_est_v5.h5'], jabs(cut))]

NAMED = 'the reason and the way on are said; nothing is written'
CASES = [
    case('export of a model that has predicted nothing', 'lpnb predict is named; nothing is written', of_empty_model),
    case('export to a file that is there', 'it stays as it is, byte by byte', of_existing),
    case('export to a folder that is a file', 'it stays as it is', of_target),
    case('a config that somebody has changed, and an export beside it', 'it stays as it is', of_config, 'right'),
    case('a format with times, and predictions without a frame rate', '--fps is named; nothing is written', of_rate),
    case('options without a meaning for what goes out', NAMED,
        partial(of_option, ['--scorer', 'ada'], 'a scorer given')),
    case('options without a meaning for what goes out', NAMED, partial(of_option, ['--link'], 'links given')),
    case('labels for a format of tracks', 'the formats that take labels are named', of_labels),
    case('predictions of images for a format of tracks', 'the formats that take them are named', of_images),
    case('one of several tables that was cut off', 'it is named; none goes out', of_torn),
    case('a table of 3D points that was cut off', 'it is named; none goes out', of_hole),
    case('a disk that fills up during an export', 'the file is named; nothing is left behind', of_full_disk),
    case('a disk that fills up during an import', 'the file is named; nothing is left behind', of_full_disk_import),
    case('an export that is killed', 'nothing has its final name; the next export removes what is hidden',
        of_kill, 'right'),
    case('animals whose folders would have one name', NAMED, of_animals),
    case('options that a format does not know, in an import', NAMED, of_unknown_option),
    *(case(name, NAMED, partial(of_other, said, make)) for name, said, make in OTHERS),
    case('junk under the name of a finished export', 'named, and replaced only with --overwrite',
        partial(beside, lambda file: file.write_bytes(b'junk'), 'changed or cut off')),
    case('an export that was cut off', 'named, and replaced only with --overwrite',
        partial(beside, lambda file: file.write_bytes(file.read_bytes()[:-9]), 'changed or cut off')),
    case('a file of somebody else under the name of an export', 'named, and replaced only with --overwrite',
        partial(beside, lambda file: file.with_name(f'{file.name}.json').unlink(), 'did not come from these')),
    case('an export of other predictions', 'written anew', of_others, 'right')]
