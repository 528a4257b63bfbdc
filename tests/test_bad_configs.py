"""Config files gone wrong: each is right, told or refused as `bad_configs` says; never a traceback."""
import pickle
import time
import warnings
from pathlib import Path

import pytest
from bad_configs import CASES, CHECKED_CASES, KEYS, NOTHING, TYPES, Broken
from bad_input import Case
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lightning_pose_nb import train
from lightning_pose_nb.cli.main import _print_warning, app
from lightning_pose_nb.config.edit import edit_text, value_text
from lightning_pose_nb.config.keys import holds_text, key_choices
from lightning_pose_nb.config.load import examine, load_config, save_config, template
from lightning_pose_nb.config.rules import ConfigChecks
from lightning_pose_nb.config.schema import LIGHTNING_POSE_VERSION
from lightning_pose_nb.config.yaml_document import Document, parse_document, parse_value
from lightning_pose_nb.core.errors import Problem, ProjectError, only_errors
from lightning_pose_nb.project.checks import check_project
from lightning_pose_nb.synthetic.project import make_project
from lightning_pose_nb.training.cost_estimate import forecast

SWEEP = next(case for case in CASES if case.name.startswith('every key'))
VALUE_CASES = [case for case in CASES if case not in (SWEEP, *CHECKED_CASES)]


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
    config = make_project(folder, n_frames=12, n_videos=1, n_video_frames=20, n_test_videos=0)
    values = load_config(config).model_dump(mode='json')
    names = values['data']['keypoint_names']
    data = f'data: {{keypoint_names: [{", ".join(names)}], num_keypoints: {len(names)}}}'
    config.write_text(f'{data}\nmodel: {{backbone: resnet18}}\n')
    return config


def test_what_is_accepted_can_be_checked_and_forecast(project: Path):
    "No value that the schema accepts brings `check` or the cost estimate down."
    forecasts = set()
    for broken in SWEEP.make()[::4]:
        change = broken.name.replace(': ', '=', 1)
        if only_errors(examine(project, [change]).doc.problems): continue
        if only_errors(check_project(project, [change])) or broken.key in forecasts: continue
        forecasts.add(broken.key)
        forecast(load_config(project, [change]), network=False)
    assert len(forecasts) > 80


@pytest.mark.filterwarnings('ignore:Detected pickle protocol')
@pytest.mark.parametrize('case', CHECKED_CASES, ids=str)
def test_checked(case: Case, project: Path):
    "What only labels, files and this machine show."
    make_weights(project.parent)
    faults = []
    for broken in case.make():
        problems = check_project(project, broken.text.split())
        told = [problem for problem in problems if broken.key in problem.where and broken.hint in str(problem)]
        if not told: faults.append(f'{broken.name}: {[str(problem) for problem in problems]}')
        if case.outcome == 'refused' and not only_errors(told): faults.append(f'{broken.name}: no error')
    assert not faults, '\n'.join(faults)


def make_weights(folder: Path) -> None:
    "Files that are called like weights and hold none."
    header = b'{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}'
    whole = len(header).to_bytes(8, 'little')+header+bytes(16)
    files = {
        'empty.safetensors': b'', 'cut.safetensors': whole[:-4], 'page.safetensors': b'<html></html>',
        'long.safetensors': whole+b'x', 'none.safetensors': (2).to_bytes(8, 'little')+b'{}',
        'huge.safetensors': (2**62).to_bytes(8, 'little')+header, 'empty.pt': b'', 'page.pth': b'<html></html>',
        'zip.pt': b'PK\x03\x04'+bytes(60), 'pickle.pt': pickle.dumps([1, 2]), 'code.pt': pickle.dumps(Path),
    }
    for name, data in files.items(): (folder/name).write_bytes(data)


ALL_CHECKS = list(HealthCheck)
BROAD = settings(derandomize=True, max_examples=40, deadline=None, database=None, suppress_health_check=ALL_CHECKS)
VISIBLE = st.text(st.characters(exclude_categories=['Cc', 'Cs', 'Cn', 'Zl', 'Zp', 'Cf']), min_size=1, max_size=12)
NAMES = VISIBLE.filter(lambda text: text.strip() and not set('/\\:$') & set(text) and text.strip('.'))


def values_of(key: str) -> st.SearchStrategy:
    "Values that a key takes, judged by its type and its words."
    field = KEYS[key]
    choices = key_choices(field)
    if key == 'eval.colormap': return st.sampled_from(['cool', 'viridis', 'tab10'])
    if key == 'training.precision': return st.sampled_from(choices)  # texts, though some are digits
    if choices and key != 'model.losses_to_use': return st.sampled_from(choices).map(parse_value)
    kinds = TYPES[key]
    if list in kinds and holds_text(field.annotation):
        return st.lists(NAMES, min_size=1, max_size=4, unique=True)
    if list in kinds: return st.just([])
    if str in kinds: return NAMES
    if bool in kinds: return st.booleans()
    if float in kinds: return st.floats(0.01, 0.9)
    return st.integers(1, 3)


SETTINGS = st.lists(st.sampled_from([key for key in KEYS if 'version' not in key]), min_size=1, max_size=5, unique=True)


@BROAD
@given(SETTINGS, st.data())
def test_a_config_that_loads_is_the_same_when_it_was_saved(tmp_path_factory, keys, data):
    folder = tmp_path_factory.getbasetemp()
    source = Document('config', {'model': {'lightning_pose_version': LIGHTNING_POSE_VERSION}})
    for key in keys: source.put(key, data.draw(values_of(key)))
    checks = examine(source.data)
    if only_errors(checks.doc.problems): return
    for key in keys:
        if key not in PATHS: assert value_of(checks, key) == source.get(key)
    saved = save_config(checks.cfg, folder/'saved.yaml')
    assert load_config(saved) == checks.cfg
    told = {problem.found for problem in load_config(source.data).notices}
    assert [problem for problem in load_config(saved).notices if problem.found not in told] == []


PATHS = {'data.data_dir', 'model.checkpoint', 'model.backbone_checkpoint', 'data.mirrored_column_matches'}
START = template()


@BROAD
@given(st.sampled_from([key for key in KEYS if key != 'creation_datetime']), st.data())
def test_an_edit_changes_the_lines_of_its_key_only(key, data):
    value = data.draw(values_of(key))
    changed = edit_text(START, {key: value})
    name = key.rpartition('.')[2]
    pairs = zip(START.splitlines(), changed.splitlines(), strict=True)
    lines = [new for old, new in pairs if old != new]
    assert len(lines) <= 1
    assert all(line.strip().startswith(f'{name}:') for line in lines)
    assert parse_document(changed).get(key) == value
    usual = parse_document(START).get(key)
    if usual is not None: assert parse_document(edit_text(changed, {key: usual})).get(key) == usual


NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)


def nested_in(inner: st.SearchStrategy) -> st.SearchStrategy:
    "Lists and blocks of values."
    return st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3)


@BROAD
@given(st.recursive(st.none() | st.booleans() | NUMBERS | VISIBLE, nested_in, max_leaves=6))
def test_any_value_is_read_as_it_was_written(value):
    assert parse_value(value_text(value)) == value


def test_a_training_is_refused_where_the_device_is_not(project: Path, tmp_path: Path):
    changes = ['training.num_gpus=16']
    assert not only_errors(check_project(project, changes))
    with pytest.raises(ProjectError, match='this machine has'):
        train(project, tmp_path/'model', changes, progress=False)
    assert not (tmp_path/'model').exists()


def test_the_level_of_a_warning_is_said_once(capsys):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        warnings.warn(str(Problem('a.mp4', '', 'a frame rate of 0', '', level='warning')), stacklevel=1)
    _print_warning(caught[0].message)
    assert capsys.readouterr().err == 'warning: a.mp4: a frame rate of 0\n'
    assert str(Problem('', '', 'no memory', '')) == 'error: no memory'


def test_set_writes_what_was_typed(tmp_path: Path):
    config = tmp_path/'config.yaml'
    config.write_text(START)
    done = CliRunner().invoke(app, ['set', str(config), 'model.model_name=1e5', 'data.keypoint_names=[01, 1_0]'])
    assert done.exit_code == 0, done.output
    cfg = load_config(config)
    assert (cfg.model.model_name, cfg.data.keypoint_names) == ('1e5', ['01', '1_0'])
