"""Damaged label tables and journals: the labels are right, or a message names file, row, column and remedy."""
import shutil
from pathlib import Path

import numpy as np
import pytest
from bad_labels import CASES, IMAGES, JOURNALS, NAMES, TABLES, XY, N, make_project
from hypothesis import given, settings
from hypothesis import strategies as st

from lightning_pose_nb.core.errors import ProjectError
from lightning_pose_nb.data.labels import Labels, journal_path, read_labels, write_labels
from lightning_pose_nb.labeling.csv_text import LabelText, changed_text
from lightning_pose_nb.labeling.label_book import LabelBook
from lightning_pose_nb.project.checks import check_project, format_problems
from lightning_pose_nb.project.create import guess_values


@pytest.fixture(scope='module')
def healthy(tmp_path_factory) -> Path:
    "A project without mistakes, to be copied."
    folder = tmp_path_factory.mktemp('healthy')/'project'
    make_project(folder)
    return folder


@pytest.fixture
def project(healthy: Path, tmp_path: Path) -> Path:
    "A copy of it."
    return Path(shutil.copytree(healthy, tmp_path/'project'))


def test_there_are_enough():
    assert len(TABLES) >= 80
    assert len(JOURNALS) >= 10
    assert len({case.name for case in CASES}) == len(CASES)


def test_healthy_project_has_nothing_to_say(healthy: Path):
    assert check_project(healthy/'config.yaml') == []


def damage(project: Path, case) -> Path:
    "Put the damaged table in place; its path."
    content = case.make(project)
    csv = project/'CollectedData.csv'
    if isinstance(content, str): csv.write_bytes(content.encode('utf-8'))
    if isinstance(content, bytes): csv.write_bytes(content)
    return csv


def must_say(problems: list, words: list[str], levels: set[str]) -> None:
    "One message of these levels has all these words."
    texts = [str(problem) for problem in problems if problem.level in levels]
    assert any(all(word in text for word in words) for text in texts), (words, *map(str, problems))


@pytest.mark.parametrize('case', TABLES, ids=str)
def test_table(project: Path, case):
    csv = damage(project, case)
    problems = check_project(project/'config.yaml')
    format_problems(problems)
    errors = [problem for problem in problems if problem.level == 'error']
    if case.outcome == 'refused':
        must_say(problems, case.expect, {'error'})
        assert all(problem.file and problem.found for problem in errors)
        return
    assert not errors, list(map(str, errors))
    labels = read_labels(csv)
    assert (labels.keypoint_names, labels.images) == (NAMES, IMAGES[:len(labels)])
    assert guess_values(project)['data.keypoint_names'] == NAMES
    if case.outcome == 'told': must_say(problems, case.expect, {'warning', 'notice'})
    else: must_be_right(labels, case.expect == ['nothing'])
    must_be_edited(project, csv)


def must_be_right(labels: Labels, has_missing: bool) -> None:
    "Every number is that of the healthy table; in some cases the tail is missing below the first row."
    expected = XY.copy()
    if has_missing: expected[1:, 1] = np.nan
    np.testing.assert_array_equal(labels.xy, expected.round(3))
    assert len(labels) == N


def must_be_edited(project: Path, csv: Path) -> None:
    "A correction changes what it corrects and nothing else, whatever the text looks like."
    before = read_labels(csv)
    book = LabelBook(csv)
    image = before.images[1]
    book.move(image, 'nose', (7, 8.5))
    assert book.save() == 1
    after = read_labels(csv)
    expected = before.xy.copy()
    expected[1, 0] = 7, 8.5
    np.testing.assert_array_equal(after.xy, expected)
    assert (after.images, after.individual) == (before.images, before.individual)


@pytest.mark.parametrize('case', [c for c in TABLES if c.outcome == 'refused'], ids=str)
def test_init_says_the_same(project: Path, case):
    "`init` refuses in the words of `check`, or writes a config of which `check` has the word."
    damage(project, case)
    said = {problem.found for problem in check_project(project/'config.yaml')}
    try: guess_values(project)
    except ProjectError as error:
        assert {problem.found for problem in error.problems} & said, (error, said)


@pytest.mark.parametrize('case', JOURNALS, ids=str)
def test_journal(project: Path, case):
    csv = project/'CollectedData.csv'
    book = LabelBook(csv)
    for i in range(3): book.move(IMAGES[i], 'nose', (20+i, 20))
    journal = journal_path(csv)
    lines = journal.read_bytes().splitlines(keepends=True)
    damaged = case.make(lines)
    journal.write_bytes(damaged)
    n_steps, word = case.expect
    book = LabelBook(csv)
    assert book.n_unsaved == n_steps
    assert word in ' '.join(book.notes), book.notes
    aside = b''.join(path.read_bytes() for path in project.glob('*.aside-*'))
    kept = journal.read_bytes() if journal.is_file() else b''
    whole = [line for line in damaged.splitlines(keepends=True) if line.endswith(b'\n')]
    assert sorted([*aside.splitlines(keepends=True), *kept.splitlines(keepends=True)]) == sorted(whole)
    book.move(IMAGES[5], 'tail', (1, 2))
    book.save()
    assert read_labels(csv).xy[5, 1].tolist() == [1, 2]
    assert LabelBook(csv).notes == []


# Any table that can be written is read as it was.

names = st.text(st.characters(codec='utf-8', exclude_characters='\r\0'), min_size=1, max_size=8).map(str.strip).filter(
    lambda name: name and name.lower() not in ('scorer', 'bodyparts', 'coords', 'individuals', 'set'))
folders = st.text(st.characters(codec='utf-8', exclude_characters='\\/\r\0'), min_size=1, max_size=8).map(str.strip).filter(
    lambda name: name.strip('. ') and ':' not in name)
numbers = st.one_of(st.just(np.nan), st.floats(-1e6, 1e6), st.floats(0, 500, width=16))


@st.composite
def tables(draw) -> Labels:
    "Labels of any keypoints in any images."
    keypoints = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    images = draw(st.lists(folders, min_size=1, max_size=6, unique=True))
    n, k = len(images), len(keypoints)
    xy = np.array(draw(st.lists(numbers, min_size=2*n*k, max_size=2*n*k))).reshape(n, k, 2)
    visible = given = None
    if draw(st.booleans()):
        visible = np.array(draw(st.lists(st.sampled_from([0, 1, 2]), min_size=n*k, max_size=n*k)), np.int8).reshape(n, k)
        given = np.array(draw(st.lists(st.booleans(), min_size=n*k, max_size=n*k))).reshape(n, k)
    paths = [f'labeled-data/{image}.png' for image in images]
    individual = draw(st.one_of(st.none(), names))
    return Labels(paths, keypoints, xy, visible, draw(names), visible_given=given, individual=individual)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(tables())
def test_tables_round_trip(tmp_path_factory, labels: Labels):
    csv = tmp_path_factory.getbasetemp()/'round.csv'
    write_labels(labels, csv)
    again = read_labels(csv)
    assert (again.images, again.keypoint_names) == (labels.images, labels.keypoint_names)
    assert (again.scorer, again.individual) == (labels.scorer, labels.individual)
    np.testing.assert_array_equal(again.xy, labels.xy)
    np.testing.assert_array_equal(again.visibility(), labels.visibility())
    text = LabelText(csv)
    assert changed_text(text, text.rows()) == text.text
    moved = text.rows()
    moved[labels.images[-1]][0, :2] = 1.5, 2.5
    csv.write_bytes(changed_text(text, moved).encode())
    expected = labels.xy.copy()
    expected[-1, 0] = 1.5, 2.5
    np.testing.assert_array_equal(read_labels(csv).xy, expected)
