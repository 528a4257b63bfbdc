"""Run notebooks, store their outputs, and say which text outputs are no longer what they were.

    python tools/refresh.py                # all notebooks: store outputs, list changes
    python tools/refresh.py nbs/tutorials  # only these
    python tools/refresh.py --check nbs    # store nothing; exit code 1 if a text output has changed

Numbers are masked before texts are compared, since times and the last digits of a training differ
between machines. A picture that looks as before is kept, so that a diff shows what changed.
"""
import argparse
import base64
import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from fastcore.nbio import read_nb, write_nb
from PIL import Image

IMAGES = ('image/png', 'image/jpeg')
ALIKE = 6.0  # mean difference of grey values up to which two pictures count as the same


def masked(text: str) -> str:
    "A text without what differs between runs: numbers, temporary folders, widths, progress bars."
    text = re.sub(r'/tmp/\w+|[A-Z]:\\\S+\\Temp\\\w+', 'TMP', text)
    text = re.sub(r'0x[0-9a-f]+', '0x#', text)
    text = re.sub(r'\b(?:nose|ear|paw|spine|tail)\w*|(?<=hidden in )\w+', 'KEYPOINT', text)
    text = re.sub(r'[-+−]?\d[\d,.]*(?:e[-+]?\d+)?|\bnan\b|NaN', '#', text)
    return re.sub(r'[\s\-─│|█▏▎▍▌▋▊▉]+', ' ', text).strip()


def text_of(output: dict) -> str:
    "What a reader reads in one output of a cell."
    data = output.get('data', {})
    text = output.get('text') or data.get('text/plain') or output.get('ename') or ''
    return masked(''.join(text))


def texts(cell: dict) -> list[str]:
    "What a reader reads below a cell; the representation of a figure does not count."
    found = [text_of(output) for output in cell.get('outputs', [])]
    objects = ('<Figure', '<IPython', '<matplotlib')
    return [text for text in found if text and not text.startswith(objects)]


def picture(output: dict) -> tuple[str, np.ndarray] | None:
    "The kind and the grey values of an output's picture."
    data = output.get('data', {})
    kind = next((kind for kind in IMAGES if kind in data), None)
    if kind is None: return None
    encoded = ''.join(data[kind])
    grey = Image.open(io.BytesIO(base64.b64decode(encoded))).convert('L')
    return kind, np.asarray(grey, float)


def keep_picture(old: dict, new: dict) -> None:
    "Put the stored picture of an output back where the new one looks the same."
    was = picture(old)
    now = picture(new)
    if was is None or now is None: return
    kind, grey = now
    if was[0] != kind or was[1].shape != grey.shape: return
    if np.abs(was[1]-grey).mean() < ALIKE: new['data'][kind] = old['data'][kind]


def keep_pictures(before: dict, after: dict) -> None:
    "Put the stored pictures of a cell back where the new ones look the same."
    for old, new in zip(before.get('outputs', []), after.get('outputs', []), strict=False):
        keep_picture(old, new)


def keep_texts(before: dict, after: dict) -> None:
    "Put the stored outputs of a cell back if they say the same but for numbers, without pictures."
    outputs = [*before.get('outputs', []), *after.get('outputs', [])]
    if any(picture(output) is not None for output in outputs): return
    if before['source'] != after['source'] or texts(before) != texts(after): return
    after['outputs'] = before['outputs']


def keep_outputs(before: dict, after: dict) -> None:
    "Put back the stored outputs of a notebook that are as good as the new ones."
    stored = {cell.id: cell for cell in before.cells}
    for cell in after.cells:
        if cell.cell_type != 'code' or cell.id not in stored: continue
        keep_pictures(stored[cell.id], cell)
        keep_texts(stored[cell.id], cell)


def changes(path: Path, before: dict, after: dict) -> list[str]:
    "Which cells of a notebook say something else than they did."
    old = {cell.id: cell for cell in before.cells}
    found = []
    for cell in after.cells:
        was = old.get(cell.id)
        if cell.cell_type != 'code' or was is None: continue
        if texts(was) != texts(cell):
            found.append(f'{path} cell {cell.id}\n  stored: {texts(was)}\n  now:    {texts(cell)}')
    return found


def run(paths: list[Path]) -> bool:
    "Run notebooks and store their outputs; whether all went well."
    names = '|'.join(re.escape(path.as_posix()) for path in paths)
    command = ['nbdev-test', 'nbs', '--path-re', f'({names})$', '--save', '--n-workers', '2']
    return subprocess.run(command).returncode == 0


def refresh(paths: list[Path], check: bool) -> int:
    "Run notebooks, and tell what changed; the exit code."
    originals = {path: path.read_bytes() for path in paths}
    before = {path: read_nb(path) for path in paths}
    good = run(paths)
    subprocess.run(['nbdev-clean'], check=True)
    found = []
    for path in paths:
        after = read_nb(path)
        found += changes(path, before[path], after)
        keep_outputs(before[path], after)
        if check: path.write_bytes(originals[path])
        else: write_nb(after, path)
    print('\n'.join(found) or 'stored text outputs are true')
    return int(not good or (check and bool(found)))


def main() -> int:
    "Read the command line."
    as_written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=as_written)
    parser.add_argument('paths', nargs='*', type=Path, default=[Path('nbs')],
                        help='notebooks or folders')
    parser.add_argument('--check', action='store_true',
                        help='store nothing; fail if a text output has changed')
    args = parser.parse_args()
    paths = []
    for path in args.paths: paths += [path] if path.is_file() else sorted(path.rglob('*.ipynb'))
    return refresh(paths, args.check)


if __name__ == '__main__': sys.exit(main())
