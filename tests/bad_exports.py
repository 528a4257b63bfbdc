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
from bad_input import Case
from click.testing import CliRunner, Result

from lightning_pose_nb.cli.formats import export_command, import_command
from lightning_pose_nb.core.testing import spot_frame
from lightning_pose_nb.data.labels import Labels, write_labels
from lightning_pose_nb.data.predictions import Predictions, write_predictions
from lightning_pose_nb.interop.deeplabcut_config import make_deeplabcut_sample
from lightning_pose_nb.interop.tracks import sample_points, sample_tracks

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


def case(name: str, happens: str, make: Callable[[Place], None], outcome: str = 'refused', count: int = 1) -> Case:
    "A case of this suite."
    return Case('formats', name, happens, outcome, make, count=count)


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
    case('options that a format does not know, in an import', NAMED, of_unknown_option)]
