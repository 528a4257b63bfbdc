"""What a stranger asked for: odd names, links, files of somebody else in the way, commands at the same time."""
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from commands import lpnb

VIDEO = 'mouse/videos/session0.mp4'


@pytest.fixture
def place(bench, tmp_path) -> Path:
    "A folder with a trained model and a video."
    shutil.copytree(bench.inputs/'model', tmp_path/'model')
    shutil.copyfile(bench.inputs/VIDEO, tmp_path/'a.mp4')
    return tmp_path


def test_name_that_is_not_utf8_costs_that_video(place):
    videos = place/'videos'
    videos.mkdir()
    for name in ('a.mp4', os.fsdecode(b'm\xe9.mp4'), 'z.mp4'):
        try:
            shutil.copyfile(place/'a.mp4', videos/name)
        except OSError:
            pytest.skip('this disk takes only names in UTF-8')
    said = lpnb('predict', place/'model', videos, '-o', place/'out')
    assert 'its name is not UTF-8' in said
    rows = (place/'out'/'predictions_summary.csv').read_text(encoding='utf-8').splitlines()
    assert [Path(row.split(',')[0]).name for row in rows[1:]] == ['a.mp4', 'z.mp4']


@pytest.mark.parametrize('name', ['a.csv', 'a_temporal_norm.csv'])
def test_tables_of_somebody_else_stay(place, name):
    out = place/'out'
    out.mkdir()
    notes = 'start,stop,behaviour\n0,20,groom\n'
    (out/name).write_text(notes)
    for more in ([], ['--overwrite']):
        said = lpnb('predict', place/'model', place/'a.mp4', '-o', out, *more, code=1)
        assert 'exists and is something else' in said
        assert name in said
        assert (out/name).read_text() == notes


def test_labelled_video_of_somebody_else_stays(place):
    film = place/'out'/'labeled_videos'/'a_labeled.mp4'
    film.parent.mkdir(parents=True)
    shutil.copyfile(place/'a.mp4', film)
    said = lpnb('predict', place/'model', place/'a.mp4', '-o', place/'out', '--labeled-video', code=1)
    assert 'is no labelled video' in said
    assert film.read_bytes() == (place/'a.mp4').read_bytes()


def test_table_without_rows(place, bench):
    header = (bench.inputs/'mouse'/'CollectedData.csv').read_text().splitlines(keepends=True)[:3]
    table = place/'none.csv'
    table.write_text(''.join(header))
    for words in (['evaluate', place/'model', table], ['predict', place/'model', table, '-o', place/'out']):
        assert 'no image to predict' in lpnb(*words, code=1)


def test_damaged_progress_is_named(place):
    (place/'model'/'progress.json').write_text('')
    assert 'progress.json' in lpnb('watch', place/'model', '--once', code=1)


def test_what_is_no_image_is_said(place, bench):
    images = place/'images'
    images.mkdir()
    image = next((bench.inputs/'mouse'/'labeled-data').rglob('*.png'))
    shutil.copyfile(image, images/'a.png')
    for name in ('b.jfif', 'noext', 'notes.txt'):
        (images/name).touch()
    said = lpnb('predict', place/'model', images, '-o', place/'out')
    assert 'b.jfif, noext' in said
    assert 'notes.txt' not in said
    shutil.copyfile(place/'a.mp4', images/'a.mp4')
    assert 'a.png: beside videos' in lpnb('predict', place/'model', images, '-o', place/'out2')


def test_videos_of_two_folders(place):
    for name in ('one', 'two/three'):
        (place/name).mkdir(parents=True)
    shutil.copyfile(place/'a.mp4', place/'one'/'b.mp4')
    shutil.copyfile(place/'a.mp4', place/'two'/'three'/'c.mp4')
    lpnb('new', place/'project', place/'a.mp4', '--keypoints', 'nose,tail', '--frames', 2)
    config = place/'project'/'config.yaml'
    said = lpnb('extract', config, place/'one', place/'two'/'three'/'c.mp4', '--frames', 2)
    assert 'two/three/c' in said
    lpnb('predict', place/'model', place/'one'/'b.mp4')
    lpnb('predict', place/'model', place/'two'/'three'/'c.mp4')
    assert lpnb('suggest', place/'model', '--frames', 2).count('.mp4') == 2


def test_projects_begun_at_once(place):
    from lightning_pose_nb.core.errors import ProjectError
    from lightning_pose_nb.project.create import start_project

    def begin(names: list[str]) -> str:
        try:
            return start_project(place/'project', place/'a.mp4', names, 2).read_text()
        except ProjectError as error:
            return str(error)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(begin, [['a', 'b'], ['c', 'd']])
    assert [name in first+second for name in ('[a, b]', '[c, d]')].count(True) == 1
    assert 'in use' in first+second or 'it has a config.yaml' in first+second


def test_view_that_no_video_has(place):
    said = lpnb('new', place/'project', place/'a.mp4', '--keypoints', 'nose,tail', '--views', 'top', code=1)
    assert 'no session with all views' in said


@pytest.mark.parametrize('words', [
    ['export', 'a.csv', 'out', '--to', 'coco', '--fps', 'nan'],
    ['watch', 'model', '--every', 'inf'],
    ['boxes', 'a.csv', 'a.mp4', '--ratio', 'inf'],
])
def test_numbers_that_are_none(place, words):
    (place/'a.csv').touch()
    files = [place/word if (place/word).exists() else word for word in words]
    assert 'not a finite number' in lpnb(*files, code=2)


def test_links_stay_links(tmp_path):
    from lightning_pose_nb.core.files import write_atomic
    real = tmp_path/'deep'/'real.yaml'
    real.parent.mkdir()
    real.write_text('old')
    link = tmp_path/'config.yaml'
    link.symlink_to('deep/real.yaml')
    write_atomic(link, 'new')
    assert (link.is_symlink(), real.read_text()) == (True, 'new')
    assert [path.name for path in real.parent.iterdir()] == ['real.yaml']
