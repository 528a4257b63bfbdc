"""How long tables and checks take: `check` on many labelled frames, and reading long predictions.

    python benchmarks/checking.py                                 # 20,000 frames, 1,000,000 rows
    python benchmarks/checking.py --frames 2000 --rows 100000     # quicker

The first check decodes every image once and remembers what it found; the second does not.
One row is read from a table in which one cell is quoted. Every line is a process of its own.
"""
from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
from _common import in_fresh_process, peak_megabytes, plain_parser, stopwatch, table

NAMES = [f'keypoint{k}' for k in range(17)]


def make_labels(folder: Path, n: int) -> Path:
    "A project of n small labelled frames; its config."
    from PIL import Image

    from lightning_pose_nb.data import Labels, write_labels
    rng = np.random.default_rng(0)
    images = [f'labeled-data/video{i//200}/img{10*i:08d}.png' for i in range(n)]
    for i, image in enumerate(images):
        path = folder/image
        if i % 200 == 0: path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (48, 64), np.uint8)).save(path)
    xy = rng.uniform(1, 47, (n, len(NAMES), 2)).round(3)
    write_labels(Labels(images, NAMES, xy), folder/'CollectedData.csv')
    config = folder/'config.yaml'
    text = 'data:\n  data_dir: .\n  csv_file: CollectedData.csv\neval:\n  predict_vids_after_training: false\n'
    config.write_text(text, encoding='utf-8')
    return config


def make_predictions(path: Path, n: int, quoted: bool) -> None:
    "A prediction file of n frames."
    from lightning_pose_nb.data import Predictions, write_predictions
    rng = np.random.default_rng(0)
    likelihood = rng.uniform(0, 1, (n, len(NAMES)))
    xy = rng.uniform(0, 400, (n, len(NAMES), 2))
    write_predictions(Predictions(list(range(n)), NAMES, xy, likelihood), path)
    if not quoted: return
    text = path.read_text(encoding='utf-8')
    middle = f'\n{n//2},'
    path.write_text(text.replace(middle, f'\n"{n//2}",', 1), encoding='utf-8')


def work(job: dict) -> dict:
    "What one process does: its seconds, and its peak memory."
    path = Path(job['path'])
    if job['what'] == 'check':
        from lightning_pose_nb import check_project
        with stopwatch() as took: found = len(check_project(path))
    else:
        from lightning_pose_nb.data import read_predictions
        with stopwatch() as took: found = len(read_predictions(path))
    return took | dict(found=found, peak=peak_megabytes())


def main() -> None:
    p = plain_parser(__doc__)
    p.add_argument('--frames', type=int, default=20_000, help='labelled frames')
    p.add_argument('--rows', type=int, default=1_000_000, help='rows of predictions')
    p.add_argument('--threads', type=int, default=1, help='threads that computations may use')
    p.add_argument('--child', help='for this script itself')
    args = p.parse_args()
    if args.child:
        print(json.dumps(work(json.loads(args.child))))
        return
    columns = {
        'task': lambda row: row['name'],
        'seconds': lambda row: f'{row["wall"]:.2f}',
        'CPU s': lambda row: f'{row["cpu"]:.2f}',
        'peak MB': lambda row: f'{row["peak"]:.0f}',
    }
    with tempfile.TemporaryDirectory() as home: table(columns, measurements(Path(home), args))


def measurements(home: Path, args):
    "One row after the other."
    config = make_labels(home, args.frames)
    for name in ('first check', 'check'):
        job = dict(what='check', path=str(config))
        yield in_fresh_process(__file__, job, args.threads) | dict(name=name)
    for name, quoted in (('read', False), ('quoted', True)):
        make_predictions(home/'long.csv', args.rows, quoted)
        job = dict(what='read', path=str(home/'long.csv'))
        yield in_fresh_process(__file__, job, args.threads) | dict(name=name)


if __name__ == '__main__': main()
