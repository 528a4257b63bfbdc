"""Projects of SLEAP that cannot, or can only partly, be imported: what is said, and that nothing is half-written."""
import os
import subprocess
import sys

import numpy as np
import pytest
from bad_sleap import CASES, NODES, XY

from lightning_pose_nb import import_project, read_labels
from lightning_pose_nb.core.errors import ProjectError
from lightning_pose_nb.video import VideoError

pytest.importorskip('sleap_io', reason='the extra formats is not installed')


def listed(folder):
    "All that lies in a folder."
    return sorted(str(path.relative_to(folder)) for path in folder.rglob('*'))


@pytest.mark.parametrize('case', CASES, ids=str)
def test_says_what_it_found(case, tmp_path):
    path = case.make(tmp_path)
    before = listed(tmp_path)
    if case.outcome == 'refused':
        with pytest.raises((ProjectError, VideoError)) as raised: import_project(path, tmp_path/'new')
        said = str(raised.value)
        assert listed(tmp_path) == before
    else:
        said = import_project(path, tmp_path/'new').describe()
        labels = read_labels(tmp_path/'new'/'CollectedData.csv')
        assert labels.keypoint_names == NODES
        row = labels.images.index('labeled-data/day1/img00000003.png')
        there = labels.labelled[row]
        assert np.array_equal(labels.xy[row][there], XY[there])
    said = said.replace(os.sep, '/')
    flat = ' '.join(said.split())
    for words in case.expect: assert words in flat


def test_the_program_ends_with_exit_code_1(tmp_path):
    path = CASES[0].make(tmp_path)
    program = 'from lightning_pose_nb.cli.main import main; main()'
    command = [sys.executable, '-c', program, 'import', str(path), str(tmp_path/'new')]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert (ended.returncode, (tmp_path/'new').exists()) == (1, False)
    assert 'copy it again' in ended.stderr
    assert 'Traceback' not in ended.stderr
