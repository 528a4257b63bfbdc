"""Models of Lightning Pose and calibrations that cannot be imported: what is said, and that nothing is half-written."""
import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from bad_lightning_pose import CASES, CHECKPOINT, NAMES, TRACE, make_run, weights, with_code
from PIL import Image

from lightning_pose_nb.core.errors import ProjectError
from lightning_pose_nb.imports import import_anything
from lightning_pose_nb.inference.batches import predict_frames
from lightning_pose_nb.models.folder import load_model

ROOT = Path(__file__).parents[1]


def listed(folder):
    "All that lies in a folder."
    return sorted(str(path.relative_to(folder)) for path in folder.rglob('*'))


@pytest.mark.parametrize('case', CASES, ids=str)
def test_says_what_it_found(case, tmp_path):
    if 'calibration' in case.name: pytest.importorskip('pymatreader', reason='the extra formats is not installed')
    path = case.make(tmp_path)
    before = listed(tmp_path)
    with pytest.raises(ProjectError) as raised: import_anything(path, tmp_path/'new')
    assert listed(tmp_path) == before
    for words in case.expect: assert words in str(raised.value)


def run_program(*args):
    "How a call of `lpnb` ends."
    program = 'from lightning_pose_nb.cli.main import main; main()'
    return subprocess.run([sys.executable, '-c', program, *map(str, args)], capture_output=True, text=True)


def test_code_in_a_checkpoint_is_not_run_and_the_program_ends_with_exit_code_1(tmp_path):
    run = with_code(tmp_path)
    ended = run_program('import', run, tmp_path/'new')
    assert (ended.returncode, (tmp_path/TRACE).exists(), (tmp_path/'new').exists()) == (1, False, False)
    assert 'needs code to be read' in ended.stderr
    assert 'Traceback' not in ended.stderr


def test_predict_names_the_command(tmp_path):
    run = make_run(tmp_path)
    Image.new('RGB', (64, 64)).save(tmp_path/'image.png')
    ended = run_program('predict', run, tmp_path/'image.png')
    assert ended.returncode == 1
    assert f'lpnb import {run} NEW_FOLDER' in ended.stderr


def test_a_run_becomes_a_model_that_predicts(tmp_path):
    run = make_run(tmp_path)
    for number, source in enumerate((run, run/'config.yaml', run/CHECKPOINT)):
        [done] = import_anything(source, tmp_path/str(number))
        assert done.next_step.startswith('lpnb predict')
        model = load_model(done.place)
        xy, _ = predict_frames(model, np.zeros((2, 60, 80, 3), np.uint8))
        assert (xy.shape, model.keypoint_names) == ((2, 3, 2), NAMES)


def test_the_comparison_says_what_it_needs(tmp_path):
    tool = ROOT/'tools'/'compare_with_lightning_pose.py'
    ended = subprocess.run([sys.executable, tool, '--help'], capture_output=True, text=True)
    assert ended.returncode == 0
    assert 'lpnb import RUN MODEL' in ended.stdout
    command = [sys.executable, tool, tmp_path, tmp_path, tmp_path]
    if importlib.util.find_spec('lightning_pose'): pytest.skip('Lightning Pose is installed')
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 2
    assert 'Lightning Pose (2.x) is not installed here' in ended.stderr


def test_weights_are_those_of_the_checkpoint(tmp_path):
    [done] = import_anything(make_run(tmp_path), tmp_path/'new')
    own = load_model(done.place).network.state_dict()
    assert own['head.upsample.2.bias'].equal(weights()['head.upsampling_layers.2.bias'])
    assert own['backbone.net.layer2.1.conv2.weight'].equal(weights()['backbone.5.1.conv2.weight'])
