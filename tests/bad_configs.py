"""Config files gone wrong: every key with every kind of value, and files that are damaged as a whole.

Each case is a group of files that go wrong in the same way; `make` builds all of them as `Broken`.
"""
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args, get_origin

from bad_input import Case

from lightning_pose_nb.config.keys import holds_text, key_choices, key_words
from lightning_pose_nb.config.legacy import DERIVED, OBSOLETE, RENAMED
from lightning_pose_nb.config.load import KEYS, template
from lightning_pose_nb.config.schema import Config

SECTIONS = [name for name in Config.model_fields if name != 'creation_datetime']
NOTHING = object()


@dataclass(frozen=True)
class Broken:
    "One config file."
    name: str                # What is wrong, for the name of the test
    text: str | bytes        # What the file says
    key: str = ''            # Dotted key that a message has to name; '' for the file
    value: Any = NOTHING     # What the key has to be if the file loads
    hint: str = ''           # Words that have to stand in the message


def nested(key: str, value: str, more: str = '') -> str:
    "A small file with one key, its value as it is written in YAML."
    *blocks, name = key.split('.')
    lines = [f'{"  "*depth}{block}:' for depth, block in enumerate(blocks)]
    return '\n'.join([*lines, f'{"  "*len(blocks)}{name}: {value}', more]).rstrip('\n')+'\n'


def inner_type(kind: Any) -> set:
    "The plain types that a key may be made of."
    args = [arg for arg in get_args(kind) if not isinstance(arg, str)]
    if get_origin(kind) in (list, dict): return {get_origin(kind)}
    found = {kind} if isinstance(kind, type) else set()
    for arg in args: found |= inner_type(arg)
    return found


TYPES = {key: inner_type(field.annotation) for key, field in KEYS.items()}
NUMBERS = [key for key in KEYS if TYPES[key] & {int, float}]
COUNTS = [key for key in NUMBERS if float not in TYPES[key]]
TEXTS = [key for key in KEYS if str in TYPES[key] and key != 'model.backbone']
NAMES = [key for key in KEYS if list in TYPES[key] and holds_text(KEYS[key].annotation)]
LISTS = [key for key in KEYS if list in TYPES[key]]
CHOICES = [key for key in KEYS if key_words(KEYS[key]).startswith('one of ')]
SINGLE = [key for key in KEYS if not TYPES[key] & {list, dict}]


def with_values(keys: Iterable[str], values: Iterable[str], hint: str = '') -> list[Broken]:
    "Each key with each value, all of which must be refused."
    return [Broken(f'{key}: {value}', nested(key, value), key, hint=hint) for key in keys for value in values]


def limits(below: bool) -> list[Broken]:
    "Each number just outside its range."
    found = []
    for key in NUMBERS:
        for part in key_words(KEYS[key]).removeprefix('a whole number').removeprefix('a number').split(' and '):
            sign, _, limit = part.strip().partition(' ')
            limit = limit.split(' ')[0]
            if sign not in (('≥', '>') if below else ('≤', '<')): continue
            if key == 'training.num_gpus': continue  # 0 meant "no GPU" in old files
            step = {'≥': -1, '≤': 1}.get(sign, 0)
            value = f'{float(limit)+step:g}'
            found.append(Broken(f'{key}: {value}', nested(key, value), key))
    return found


def misspelt_keys() -> Iterator[Broken]:
    "Each key with a letter missing, with two exchanged, and with one doubled."
    for key in KEYS:
        block, _, name = key.rpartition('.')
        changes = {name[:2]+name[3:], name[:1]+name[2]+name[1]+name[3:], name+name[-1]} - {name}
        for wrong in sorted(changes):
            full = f'{block}.{wrong}'.lstrip('.')
            if full not in KEYS: yield Broken(full, nested(full, '1'), full, hint='Did you mean')


def capital_keys() -> Iterator[Broken]:
    "Each key in capital letters."
    for key in KEYS:
        block, _, name = key.rpartition('.')
        full = f'{block}.{name.upper()}'.lstrip('.')
        yield Broken(full, nested(full, '1'), full, hint='Did you mean')


def moved_keys() -> Iterator[Broken]:
    "Each key in a section where it does not belong, and at the top of the file."
    for i, key in enumerate(KEYS):
        name = key.rpartition('.')[2]
        block = SECTIONS[i % len(SECTIONS)]
        if f'{block}.{name}' not in KEYS and name not in Config.model_fields[block].annotation.model_fields:
            full = f'{block}.{name}'
            yield Broken(full, nested(full, '1'), full, hint='Did you mean')
        if '.' in key: yield Broken(name, nested(name, '1', 'training: {}'), name)


def twice() -> Iterator[Broken]:
    "Each key twice in its block."
    for key in KEYS:
        depth = key.count('.')
        name = key.rpartition('.')[2]
        yield Broken(key, nested(key, '1')+f'{"  "*depth}{name}: 2\n', key, hint='second time')


def misspelt_choices() -> Iterator[Broken]:
    "Each key with a list of choices, with one of them misspelt or in another case."
    for key in CHOICES:
        for choice in key_choices(KEYS[key]):
            if not choice.isalpha() or choice in ('true', 'false'): continue
            for wrong in (choice[:-1], choice.swapcase()):
                if wrong not in key_choices(KEYS[key]):
                    yield Broken(f'{key}: {wrong}', nested(key, wrong), key)


def null_values() -> Iterator[Broken]:
    "Each key with nothing behind the colon."
    for key, field in KEYS.items():
        if key in ('data.data_dir', 'training.max_epochs'): continue  # made absolute; needs max_steps
        nullable = type(None) in TYPES[key]
        yield Broken(key, nested(key, ''), key, None if nullable else field.default)


def number_names() -> Iterator[Broken]:
    "Names that YAML takes for numbers, alone and in lists."
    for written in ('01', '1e5', '0123', '1_000', '.5', '2024.10', '-0', '.nan'):
        for key in ('model.model_name', 'data.csv_file', 'data.video_dir', 'eval.fiftyone.dataset_name'):
            yield Broken(f'{key}: {written}', nested(key, written), key, written)
        for key in ('data.keypoint_names', 'eval.hydra_paths', 'eval.fiftyone.model_display_names'):
            yield Broken(f'{key}: {written}', nested(key, f'[{written}, nose]'), key, [written, 'nose'])


WINDOWS_PATHS = r'C:\Users\me', r'D:\table.csv', r'D:\new', r'C:\lab\data', r'\\server\x41', r'C:\ my', r'C:\0'


def windows_paths() -> Iterator[Broken]:
    "Paths of Windows between double quotes."
    for key in ('data.data_dir', 'data.csv_file', 'data.video_dir', 'model.checkpoint'):
        for path in WINDOWS_PATHS:
            yield Broken(f'{key}: {path}', nested(key, f'"{path}"'), hint='single quotes')


def harmless_paths() -> Iterator[Broken]:
    "Paths that are written as they should be."
    for key in ('data.csv_file', 'data.video_dir', 'eval.test_videos_directory'):
        for path in (r'C:\Users\me', r'D:\table.csv', 'C:/Users/me', 'a b/ü.csv', '"C:\\\\new"', '"M\\xFCller"',
                     '視頻'):
            value = json.loads(path.replace('\\xFC', '\\u00fc')) if path.startswith('"') else path
            yield Broken(f'{key}: {path}', nested(key, path), key, value)
            if not path.startswith('"'): yield Broken(f"{key}: '{path}'", nested(key, f"'{path}'"), key, path)


def leading_out() -> Iterator[Broken]:
    "Names that would become folders elsewhere."
    hint = 'another folder'
    for name in ('../x', '..', '.', '/tmp/x', 'a/b', r"'a\b'", r"'C:x'", './x', 'x/../../y'):
        yield Broken(f'model_name {name}', nested('model.model_name', name), 'model.model_name', hint=hint)
        yield Broken(f'view {name}', nested('data.view_names', f'[top, {name}]'), 'data.view_names', hint=hint)


def cut_lines() -> Iterator[Broken]:
    "The template, cut off behind each of its lines."
    lines = template().splitlines(keepends=True)
    for n in range(len(lines)):
        text = ''.join(lines[:n])
        whole = all(f'\n{name}:' in text for name in SECTIONS)
        if not whole: yield Broken(f'{n} lines', text, hint='cut off' if f'\n{SECTIONS[0]}:' in text else '')


def cut_bytes() -> Iterator[Broken]:
    "The template, cut off within a line."
    text = template()
    for n in range(150, len(text), 151):
        if text[n-1] != '\n': yield Broken(f'{n} bytes', text[:n].encode())


def other_bytes() -> list[Broken]:
    "Text in another encoding, and bytes that are no text."
    text = nested('model.model_name', 'Müller')
    return [
        Broken('UTF-16', text.encode('utf-16')), Broken('UTF-16 little', text.encode('utf-16-le')),
        Broken('UTF-16 big', text.encode('utf-16-be')), Broken('latin-1', text.encode('latin-1')),
        Broken('UTF-32', text.encode('utf-32')), Broken('zero byte', b'model: {model_name: a\0b}\n'),
        Broken('bell', b'model: {model_name: a\x07b}\n'), Broken('a picture', b'\x89PNG\r\n\x1a\n\0\0\0\rIHDR'),
        Broken('zeros', bytes(4096)), Broken('a zip archive', b'PK\x03\x04\x14\0\0\0'),
        Broken('tab', 'model:\n\tmodel_name: a\n'), Broken('tab behind spaces', 'model:\n  a: 1\n \t b: 2\n'),
        Broken('conflict of git', '<<<<<<< HEAD\nmodel:\n=======\n  model_name: a\n>>>>>>> x\n')]


def same_text() -> Iterator[Broken]:
    "Files that differ in form only."
    text = nested('model.model_name', 'mine')
    for name, form in {
        'byte order mark': '\ufeff'+text, 'line ends of Windows': text.replace('\n', '\r\n'),
        'line ends of old Macs': text.replace('\n', '\r'), 'spaces at the ends': text.replace('\n', '   \n'),
        'braces': 'model: {model_name: mine}\n', 'JSON': '{"model": {"model_name": "mine"}}\n',
        'a document mark': '---\n'+text+'...\n', 'quotes': nested('model.model_name', '"mine"'),
        'an anchor': 'model: &m\n  model_name: mine\n', 'a merge': 'model:\n  <<: {model_name: mine}\n',
        'quoted keys': '"model":\n  "model_name": mine\n', 'a tag for text': nested('model.model_name', '!!str mine'),
        'a block text': 'model:\n  model_name: >-\n    mine\n', 'comments': '# a\n'+text+'# ü\n'}.items():
        yield Broken(name, form.encode(), 'model.model_name', 'mine')


def hostile() -> Iterator[Broken]:
    "Files that would eat memory or run code."
    bomb = 'a0: &a0 [x, x, x, x, x, x, x, x, x]\n'
    for i in range(1, 10): bomb += f'a{i}: &a{i} [{", ".join([f"*a{i-1}"]*9)}]\n'
    blocks = 'a0: &a0 {x: 1, y: 1}\n'
    for i in range(1, 25): blocks += f'a{i}: &a{i} {{l: *a{i-1}, r: *a{i-1}}}\n'
    yield Broken('aliases of lists', bomb+'training: *a9\n')
    yield Broken('aliases of blocks', blocks+'training: *a24\n')
    yield Broken('contains itself', 'training: &x\n  imgaug: *x\n')
    yield Broken('list in lists', 'training: '+'['*5000)
    yield Broken('block in blocks', 'training: '+'{a: '*5000)
    yield Broken('sequences', '- '*3000)
    yield Broken('deep but whole', 'training: {imgaug: '+'['*60+']'*60+'}\n')
    yield Broken('very long', '# comment\n'*40_000)
    yield Broken('very long line', 'model: {model_name: '+'x'*300_000+'}\n')
    for tag in ('!!python/object/apply:os.system ["true"]', '!!python/name:os.system', '!!python/module:os',
                '!!python/tuple [1]', '!mine x', '!!binary aGk=', '!!timestamp 2020-01-01', '!!set {a}',
                '!!omap [a: 1]', '!!int x', '!!bool maybe', '!!float y'):
        yield Broken(tag, nested('model.model_name', tag))
    yield Broken('digits', nested('training.max_epochs', '9'*6000))


OTHERS = {
    'DeepLabCut': 'Task: reach\nscorer: me\nbodyparts:\n- hand\nvideo_sets:\n  C:\\a.mp4:\n    crop: 0, 1\n',
    'DeepLabCut, many animals': 'Task: m\nscorer: me\nmultianimalproject: true\nmultianimalbodyparts: [a]\n',
    'DeepLabCut model': 'all_joints: [[0]]\nall_joints_names: [a]\nnet_type: resnet_50\nnum_joints: 1\n',
    'SLEAP': 'data_config: {}\nmodel_config: {}\ntrainer_config: {}\n',
    'SLEAP, older': '{"data": {"labels": {}}, "model": {"heads": {}}, "optimization": {}, "outputs": {}}\n',
}
NO_CONFIG = {
    'not a config': 'services:\n  web: {image: x}\n', 'a list': '- a\n- b\n', 'a single value': 'hello\n',
    'a web page': '<!DOCTYPE html>\n<html></html>\n', 'a table': 'scorer,me,me\nbodyparts,nose,nose\n',
    'empty': '', 'a line break': '\n', 'comments': '# data:\n# training:\n', 'null': 'null\n', 'a number': '5\n'}


def other_files() -> Iterator[Broken]:
    "Files of other programs, and files that are no config."
    for name, text in OTHERS.items(): yield Broken(name, text, hint=name.split(',')[0])
    for name, text in NO_CONFIG.items(): yield Broken(name, text)


OLD = 'model:\n  lightning_pose_version: 1.2.0\n'


def dead_keys() -> Iterator[Broken]:
    "Keys of older versions, and keys of that age that nobody knows."
    for key in (*OBSOLETE, *DERIVED): yield Broken(key, nested(key, '1'), hint=key)
    for key in RENAMED:
        yield Broken(key, nested(key, ''), hint='')
    for key in ('data.tracking_mode', 'training.wandb_entity', 'eval.quux_folder', 'losses.heteroskedastic', 'zoo',
                'callbacks.swa', 'dali.general.device_id', 'training.imgaug_seed_of_2023'):
        yield Broken(key, nested(key, '1', OLD), key, hint='no meaning here')
    for key in ('wandb', 'experiment', 'slurm'):
        yield Broken(key, f'{key}: {{a: 1}}\ntraining: {{}}\n', key, hint='no meaning here')


def old_but_misspelt() -> Iterator[Broken]:
    "Living keys, misspelt in a file of an older version."
    for key in ('training.max_epoch', 'training.train_batchsize', 'data.csv_fil', 'eval.colourmap', 'losses.temporl',
                'traning', 'dali.genral'):
        yield Broken(key, nested(key, '1', OLD), key, hint='Did you mean')


def no_versions() -> Iterator[Broken]:
    "What is no version must not double the weights."
    for value in ('mine', '-1', '1e300', '.nan', 'true', '[2, 0]', '{a: 1}', '2024-01-01', '99999', 'v',
                  '1.2.3.4.5', '1e5'):
        text = nested('model.lightning_pose_version', value, 'losses:\n  temporal: {log_weight: 9}\n')
        yield Broken(value, text, 'model.lightning_pose_version')


def contradictions() -> Iterator[Broken]:
    "Keys that are valid one by one."
    for key, text in {
        'training.max_epochs': 'training: {max_epochs: null}',
        'training.max_steps': 'training: {max_epochs: 5, max_steps: 7}',
        'training.min_steps': 'training: {min_epochs: 5, min_steps: 7}',
        'training.min_epochs': 'training: {min_epochs: 9, max_epochs: 5}',
        'training.unfreezing_step': 'training: {unfreezing_epoch: 9, unfreezing_step: 5}',
        'training.val_prob': 'training: {train_prob: 0.9, val_prob: 0.2}',
        'training.train_frames': 'training: {train_frames: 1.5}',
        'training.limit_train_batches': 'training: {limit_train_batches: 1.5}',
        'training.val_check_interval': 'training: {val_check_interval: 1.5}',
        'training.imgaug': 'training: {imgaug: dcl}',
        'training.imgaug_3d': 'training: {imgaug_3d: true}',
        'data.csv_file': 'data: {csv_file: []}',
        'data.num_keypoints': 'data: {num_keypoints: 3, keypoint_names: [a, b]}',
        'data.keypoint_names': 'data: {keypoint_names: [a, a]}',
        'data.columns_for_singleview_pca': 'data: {num_keypoints: 3, columns_for_singleview_pca: [0, 3]}',
        'data.mirrored_column_matches': 'data: {mirrored_column_matches: [[0, 1], [2]]}',
        'data.skeleton': 'data: {skeleton: [[a, a]]}',
        'data.view_names': 'data: {view_names: [a], csv_file: [a.csv]}',
        'data.bbox_file': 'data: {bbox_file: [a.csv, b.csv]}',
        'data.image_resize_dims.height': 'data: {image_resize_dims: {height: 100, width: 128}}',
        'data.image_resize_dims.width': 'data: {image_resize_dims: {width: 128}}',
        'data.downsample_factor': 'model: {model_type: heatmap_mhcrnn}\ndata: {downsample_factor: 3}',
        'model.model_type': 'model: {model_type: heatmap_multiview_transformer, backbone: vits_dino}',
        'model.losses_to_use': 'model: {model_type: regression, losses_to_use: [unimodal_mse]}',
        'losses.temporal.epsilon': 'losses: {temporal: {epsilon: []}}',
        'losses.pca_singleview.components_to_keep': 'losses: {pca_singleview: {components_to_keep: 2.5}}',
        'losses.pca_multiview.components_to_keep': 'losses: {pca_multiview: {components_to_keep: 2.5}}',
        'callbacks.anneal_weight.attr_name': 'callbacks: {anneal_weight: {attr_name: mine}}',
        'eval.colormap': 'eval: {colormap: virdis}',
    }.items(): yield Broken(key, text+'\n', key)


def sweep() -> Iterator[Broken]:
    "Every key with values of every kind; what is accepted must be what is written."
    for key in KEYS:
        for value in EVERY_KIND: yield Broken(f'{key}: {value}', nested(key, value), key)


EVERY_KIND = (
    '-1', '0', '1', '1.5', '2', '7', '1e300', '-1e300', '1e999', '.nan', '.inf', '-.inf', 'true', 'FALSE', 'yes', 'no',
    'on', '~', 'null', '""', '" "', "'5'", '[]', '[1, 2]', '[a]', '[a, a]', '[null]', '[[]]', '[[1]]', '[true]', '{}',
    '{a: 1}', 'text', '2020-01-01', '1_000', '010', '0x10', '1:30', '1e5', '1e-9', '99999999999999999999', '"a\\nb"')


def no_weights() -> Iterator[Broken]:
    "Files that are called like weights."
    for kind in ('empty', 'cut', 'page', 'long', 'none', 'huge'):
        why = 'there is no tensor in it' if kind == 'none' else 'no undamaged safetensors file'
        for key in ('model.checkpoint', 'model.backbone_checkpoint'):
            yield Broken(f'{key} {kind}', f'{key}={kind}.safetensors', key, hint=why)
    for name in ('empty.pt', 'page.pth', 'zip.pt', 'pickle.pt', 'code.pt'):
        for key in ('model.checkpoint', 'model.backbone_checkpoint'):
            yield Broken(f'{key} {name}', f'{key}={name}', key, hint=name)
    yield Broken('a folder', 'model.checkpoint=labeled-data', 'model.checkpoint', hint='a folder without weights')
    yield Broken('nothing there', 'model.checkpoint=nowhere.ckpt', 'model.checkpoint', hint='no such file')


def no_backbones() -> Iterator[Broken]:
    "Backbones that there are not, and what is near them."
    for name, near in {
        'resnet51': 'resnet5', 'restnet50': 'resnet50', 'resnet50.no_such': 'resnet50',
        'mobilenetv3_smal_050': 'mobilenetv3_small_050',
        'vits_dinov4': 'vits_dinov', 'vit_small_patch16_225': 'vit_small_patch16_224'}.items():
        yield Broken(name, f'model.backbone={name}', 'model.backbone', hint=near)


def beyond_reach() -> Iterator[Broken]:
    "What this project and this machine cannot do."
    size = 'data.image_resize_dims.width=256 data.image_resize_dims.height='
    unnamed = 'data.num_keypoints=null data.keypoint_names=null'
    yield Broken('validation after the epoch', 'training.val_check_interval=50', 'val_check_interval', hint='1 batch;')
    yield Broken('sizes', size.replace('256', '1048576')+'1048576', 'height', hint='GB')
    yield Broken('a long image', size+'67108864', 'height', hint='GB')
    yield Broken('too few epsilons', f'losses.temporal.epsilon=[1,2] {unnamed}', 'epsilon')
    yield Broken('too many keypoints', 'data.num_keypoints=99 data.keypoint_names=null', 'num_keypoints')
    yield Broken('other names', 'data.keypoint_names=[a,b] data.num_keypoints=2', 'keypoint_names')


def other_machines() -> Iterator[Broken]:
    "What another machine may be able to do."
    yield Broken('GPUs', 'training.num_gpus=4096', 'num_gpus', hint='this machine has')
    yield Broken('workers', 'training.num_workers=1000', 'num_workers', hint='processors')
    yield Broken('a frozen backbone', 'training.max_epochs=10 training.unfreezing_epoch=20', 'unfreezing_epoch',
                 hint='training.max_epochs is 10')
    yield Broken('a frozen backbone, in steps', 'training.max_steps=8 training.unfreezing_epoch=20', 'unfreezing_epoch')


def made(make, **about) -> Case:
    "A case, with the number of files that it stands for."
    files = partial(list_of, make)
    return Case('config', make=files, count=len(files()), **about)


def list_of(make) -> list[Broken]:
    "What a maker makes, as a list."
    return list(make())


CHOICE = 'a message names line, key and nearest choice'
REFUSED = 'a message names line and key, what was found and what is accepted'
NEAREST = 'a message names the line and the key that is meant'
SILENT = 'ignored in silence'
CASES = [
    made(partial(with_values, NUMBERS, ['many', '"1 2"']), name='a text where a number is expected', happens=REFUSED,
         outcome='refused', lightning_pose='a traceback where it is used'),
    made(partial(with_values, [*NUMBERS, *TEXTS], ['true']), name='true or false where something else is expected',
         happens=REFUSED, outcome='refused'),
    made(partial(with_values, SINGLE, ['[[1]]', '{a: {b: 1}}']), name='a list or a block where one value is expected',
         happens=REFUSED, outcome='refused'),
    made(partial(with_values, LISTS, ['[[[a]]]', '[{a: 1}]', '[true]']), name='a list of the wrong things',
         happens=REFUSED+' in which place of the list', outcome='refused'),
    made(partial(limits, True), name='a number that is too small', happens=REFUSED, outcome='refused'),
    made(partial(limits, False), name='a number that is too large', happens=REFUSED, outcome='refused'),
    made(partial(with_values, NUMBERS, ['1e300', '1000000000000000']), name='a number beyond all measure',
         happens=REFUSED,
         outcome='refused', lightning_pose='trained with'),
    made(partial(with_values, NUMBERS, ['.nan', '.inf', '-.inf', '1e999']), name='NaN and infinity', happens=REFUSED,
         outcome='refused'),
    made(partial(with_values, COUNTS, ['1.5', '2.0001']), name='half an epoch, half a frame', happens=REFUSED,
         outcome='refused'),
    made(null_values, name='nothing behind the colon', happens='the default, or null where null means something',
         outcome='right'),
    made(misspelt_keys, name='a misspelt key', happens=NEAREST, outcome='refused', lightning_pose=SILENT),
    made(capital_keys, name='a key in capital letters', happens=NEAREST, outcome='refused', lightning_pose=SILENT),
    made(moved_keys, name='a key in the wrong section', happens=NEAREST, outcome='refused', lightning_pose=SILENT),
    made(twice, name='a key that stands twice', happens='a message names both lines', outcome='refused'),
    made(misspelt_choices, name='a misspelt choice', happens=CHOICE,
         outcome='refused'),
    made(contradictions, name='keys that contradict each other', happens='a message names both keys and their lines',
         outcome='refused'),
    made(number_names, name='names that look like numbers', happens='the name as it was written', outcome='right'),
    made(windows_paths, name='a Windows path between double quotes', outcome='refused',
         happens='a message says: single quotes, or / instead of the backslash', lightning_pose='a tab in the path'),
    made(harmless_paths, name='paths of all systems, well written', happens='read as written', outcome='right'),
    made(leading_out, name='a name that leads to another folder', happens='a message; nothing is written there',
         outcome='refused', lightning_pose='written there'),
    made(cut_lines, name='a file that was cut off behind a line', outcome='told',
         happens='a message says what is missing, or that nothing is there'),
    made(cut_bytes, name='a file that was cut off within a line', happens='a message says so', outcome='told'),
    made(other_bytes, name='another encoding, tabs, no text at all', happens='a message names what was found',
         outcome='refused'),
    made(same_text, name='the same config in another form', happens='read as meant', outcome='right'),
    made(hostile, name='a file that eats memory or runs code',
         happens='refused in less than five seconds; nothing runs',
         outcome='refused'),
    made(other_files, name='the config of another program, or no config', happens='a message says what the file is',
         outcome='refused'),
    made(dead_keys, name='keys of other versions', happens='a notice names them; the rest is read', outcome='told'),
    made(old_but_misspelt, name='a misspelt key in an old file', happens=NEAREST, outcome='refused',
         lightning_pose=SILENT),
    made(no_versions, name='a version that is none', happens='a message; loss weights stay as they are',
         outcome='refused'),
    made(sweep, name='every key with 42 values of every kind', outcome='told',
         happens='what is accepted means what is written; the rest is refused by key'),
]
CHECKED_CASES = [
    made(no_weights, name='a weights file that holds no weights', happens='`check` names the file and why it is none',
         outcome='refused', lightning_pose='a traceback'),
    made(no_backbones, name='a backbone that there is not', happens='`check` names the nearest', outcome='refused'),
    made(beyond_reach, name='what the labels or the memory do not allow', happens='`check` says how many there are',
         outcome='refused'),
    made(other_machines, name='what this machine has not, and a backbone that never learns', outcome='told',
         happens='`check` warns; `train` refuses a device that is not there'),
]
CASES += CHECKED_CASES
