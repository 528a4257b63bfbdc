"""Config files gone wrong: each is right, told or refused as `bad_configs` says; never a traceback."""
import time
from pathlib import Path

import pytest
from bad_configs import CASES, KEYS, NOTHING, Broken
from bad_input import Case

from lightning_pose_nb.config.load import examine, load_config
from lightning_pose_nb.config.rules import ConfigChecks
from lightning_pose_nb.config.yaml_document import parse_value
from lightning_pose_nb.core.errors import only_errors
from lightning_pose_nb.project.checks import check_project
from lightning_pose_nb.synthetic.project import make_project
from lightning_pose_nb.training.cost_estimate import forecast

VALUE_CASES = [case for case in CASES if not case.name.startswith('every key')]
SWEEP = next(case for case in CASES if case.name.startswith('every key'))


def read(broken: Broken, folder: Path) -> ConfigChecks:
    "What the package makes of a file; texts are parsed directly, bytes go through a file."
    path = folder/'config.yaml'
    if isinstance(broken.text, str): return examine(path, text=broken.text)
    path.write_bytes(broken.text)
    return examine(path)


def value_of(checks: ConfigChecks, key: str):
    "The value of a dotted key."
    value = checks.cfg
    for part in key.split('.'): value = getattr(value, part)
    return value


def fault_of(broken: Broken, outcome: str, checks: ConfigChecks) -> str:
    "What is wrong with the answer to a file; '' if nothing is."
    problems = checks.doc.problems
    errors = only_errors(problems)
    if outcome == 'refused' and not errors: return 'accepted'
    if outcome == 'told' and not problems: return 'not told'
    if outcome == 'right' and errors: return f'refused: {errors[0]}'
    named = [problem for problem in problems if broken.key in problem.where and broken.hint in str(problem)]
    if outcome != 'right' and not named: return f'not named: {problems[0]}'
    if outcome == 'right' and broken.value is not NOTHING and value_of(checks, broken.key) != broken.value:
        return f'read as {value_of(checks, broken.key)!r}'
    return ''


@pytest.mark.parametrize('case', VALUE_CASES, ids=str)
def test_config(case: Case, tmp_path: Path):
    faults = []
    assert case.make
    for broken in case.make():
        start = time.perf_counter()
        fault = fault_of(broken, case.outcome, read(broken, tmp_path))
        if time.perf_counter()-start > 20: fault += ' too slow'
        if fault: faults.append(f'{broken.name}: {fault}')
    assert not faults, f'{len(faults)} of {case.count}:\n'+'\n'.join(faults[:40])


WORDS = {'true': True, 'yes': True, 'on': True, '1': True, 'false': False, 'no': False, 'off': False, '0': False}


def agrees(value, written, default) -> bool:
    "Does a value of a config mean what is written in YAML? Judged without the schema."
    if written is None or (isinstance(written, str) and not written.strip()):
        return value is None or value == default
    if isinstance(value, list):
        items = written if isinstance(written, list) else [written]
        return len(value) == len(items) and all(map(agrees, value, items, items))
    if isinstance(value, bool): return WORDS.get(str(written).lower()) is value
    if isinstance(value, int | float): return not isinstance(written, bool) and value == float(written)
    return value == (str(written) if isinstance(value, str) else written)


def as_text(written: str, value):
    "What is written, where a config holds a text: the text, whatever YAML takes it for."
    plain = parse_value(written)
    is_text = isinstance(value, str) or (isinstance(value, list) and not isinstance(plain, list))
    return plain if plain is None or not is_text else written.strip('"\'')


def test_every_value_that_is_accepted_is_what_is_written(tmp_path: Path):
    faults = []
    for broken in SWEEP.make():
        checks = read(broken, tmp_path)
        errors = only_errors(checks.doc.problems)
        written = broken.name.removeprefix(f'{broken.key}: ')
        name = broken.key.rpartition('.')[2]
        told = [error for error in errors if name in str(error) or 'see also' in error.found]
        if errors and not told: faults.append(f'{broken.name}: {errors[0]}')
        if errors or broken.key in CONVERTED: continue
        value = value_of(checks, broken.key)
        if isinstance(value, str): value = value.removeprefix(f'{tmp_path}/')
        if not agrees(value, as_text(written, value), KEYS[broken.key].default) and value != str(tmp_path):
            faults.append(f'{broken.name} was read as {value!r}')
    assert not faults, f'{len(faults)} of {SWEEP.count}:\n'+'\n'.join(faults[:60])


CONVERTED = {'model.lightning_pose_version', 'training.num_gpus'}  # old ones are brought up to date


@pytest.fixture(scope='module')
def project(tmp_path_factory) -> Path:
    "The config of a small project."
    folder = tmp_path_factory.mktemp('bad')/'mouse'
    config = make_project(folder, n_frames=12, n_videos=1, n_video_frames=12, n_test_videos=0)
    values = load_config(config).model_dump(mode='json')
    names = values['data']['keypoint_names']
    config.write_text(f'data: {{keypoint_names: [{", ".join(names)}], num_keypoints: {len(names)}}}\nmodel: {{backbone: resnet18}}\n')
    return config


def test_what_is_accepted_can_be_checked_and_forecast(project: Path):
    "No value that the schema accepts brings `check` or the cost estimate down."
    for broken in SWEEP.make():
        change = broken.name.replace(': ', '=', 1)
        if only_errors(examine(project, [change]).doc.problems): continue
        if not only_errors(check_project(project, [change])): forecast(load_config(project, [change]), network=False)
