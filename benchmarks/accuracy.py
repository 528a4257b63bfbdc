"""Which settings track better? Any variants on any of four sets, with intervals; equal steps.

    export OMP_NUM_THREADS=1
    python benchmarks/accuracy.py                                # three seeds on all four sets
    python benchmarks/accuracy.py --sets mirror-mouse --seeds 0 --steps 10  # does it run?
    python benchmarks/accuracy.py --sets mirror-mouse sample --keep runs.jsonl \\
        --variant base --variant kl model.heatmap_loss_type=kl \\
        --variant 'video losses' 'model.losses_to_use=[temporal, pca_singleview]'
    python benchmarks/accuracy.py --print runs.jsonl more.jsonl  # the tables again, no training

A variant is a name and any config keys that it changes (YAML). Its differences are to the first
variant. With `--keep` every run is written to a file of JSON lines as soon as it is done, and a run
that the file has is not trained again: an interrupted benchmark goes on where it stopped, and a
further variant or seed may be added later.

mirror-mouse   real, one image with a mirror: 72 training frames, 235 steps of 16, 128 px, as
               Lightning Pose was measured (benchmarks/real_data.py). All seeds
               share 9 validation and 9 test frames.
four-view      real, four calibrated cameras: 28 training instants, 700 steps of 2, 128 px. All
               seeds share 4 validation and 8 test instants, of all four views.
sample         synthetic, with a mirror: each seed is another animal, 50 training frames, 250 steps
               of 8, 96 px; 10 validation frames, the test is every frame of 3 new videos, hidden
               keypoints included (benchmarks/unlabelled_video.py).
occluding-bar  synthetic, the context model: each seed is another animal, 50 training frames, 300
               steps of 4, 96 px; 10 validation frames, the test is what only the bar hides in 2
               new videos (benchmarks/families_accuracy.py).

Errors are distances in pixels of the original frame. PCK is the share of keypoints within 5% of the
animal's length: the 95th percentile, over labelled frames, of the largest distance between two
labelled keypoints (of one view). Intervals hold 95% of 1000 resamplings of seeds and frames (of
video: of blocks of 10 frames) with replacement; differences are paired by seed, frame and keypoint.

SETTINGS MAY ONLY BE CHOSEN BY THE VALIDATION COLUMNS. Whoever looks at the test columns to choose
has no test any more. The validation frames also choose the checkpoint that is kept, so their errors
flatter every variant a little, and alike.
"""
from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from itertools import product
from pathlib import Path

from _common import in_fresh_process, limit_threads, plain_parser
from _sets import (
    Job,
    animal_lengths,
    four_view,
    judge_labels,
    judge_videos,
    mirror_mouse,
    occluding_bar,
    sample,
)


@dataclass(frozen=True)
class Setting:
    "What is fixed about a set."
    prepare: Callable    # (job, folder for samples) -> config and the keys of its recipe
    judge: Callable      # (model, job, config) -> errors of validation and test frames, by measure
    steps: int           # of the optimiser
    size: int            # side of the network's input, pixels
    labels: int          # labelled frames, or instants, to train on


SETS = {
    'mirror-mouse': Setting(mirror_mouse, judge_labels, 235, 128, 72),
    'four-view': Setting(four_view, judge_labels, 700, 128, 28),
    'sample': Setting(sample, judge_videos, 250, 96, 50),
    'occluding-bar': Setting(occluding_bar, judge_videos, 300, 96, 50),
}
SHARE = .05  # of the animal's length, for PCK
FAR = 10.    # pixels
MEASURES = {
    'error': ('mean', 'median', 'p90', 'pck', 'far'),
    'reprojection error': ('mean', 'median'),
}


def parse() -> argparse.Namespace:
    "The command line."
    p = plain_parser(__doc__)
    p.add_argument('--sets', nargs='+', default=list(SETS), choices=list(SETS))
    p.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2],
                   help='of the new weights; of the samples also the animal')
    p.add_argument('--steps', type=int, help="of the optimiser; default: the set's own")
    p.add_argument('--size', type=int, help="side of the network's input")
    p.add_argument('--labels', type=int, help='labelled frames, or instants, to train on')
    p.add_argument('--variant', nargs='+', action='append', metavar=('NAME', 'KEY=VALUE'),
                   help='a name, and config keys it changes; may be repeated')
    p.add_argument('--keep', type=Path, metavar='FILE',
                   help='JSON lines: results are added, and what is there is not trained again')
    p.add_argument('--print', type=Path, nargs='+', metavar='FILE',
                   help='print the tables of kept results, and train nothing; '
                        'with --variant NAME only of these, in this order')
    p.add_argument('--table', type=Path, metavar='FILE', help='write the tables as CSV too')
    p.add_argument('--accelerator', default='cpu', help='cpu, gpu, mps or auto')
    p.add_argument('--threads', type=int, default=1, help='threads of each training')
    p.add_argument('--jobs', type=int, default=1, help='trainings at the same time')
    p.add_argument('--child', type=json.loads, help=argparse.SUPPRESS)
    return p.parse_args()


def variants(args: argparse.Namespace) -> dict[str, list[str]]:
    "The keys of each variant by its name; without any, one that changes nothing."
    found: dict[str, list[str]] = {}
    for name, *keys in args.variant or [['defaults']]:
        if name in found: raise SystemExit(f'two variants are called {name!r}')
        wrong = [key for key in keys if '=' not in key]
        if wrong: raise SystemExit(f'variant {name!r}: expected KEY=VALUE, found {wrong[0]!r}')
        found[name] = keys
    return found


def uses_video(keys: list[str]) -> bool:
    "Does a variant have losses on unlabelled video?"
    import yaml
    values = dict(key.split('=', 1) for key in keys)
    losses = yaml.safe_load(values.get('model.losses_to_use', '[]')) or []
    return any(not name.startswith('supervised_') for name in losses)


def jobs(args: argparse.Namespace) -> list[Job]:
    "Every variant with every seed on every set; seed by seed, so that early tables are whole."
    wanted = []
    for name, seed, (variant, keys) in product(args.sets, args.seeds, variants(args).items()):
        setting = SETS[name]
        wanted.append(Job(
            set=name,
            variant=variant,
            keys=keys,
            seed=seed,
            steps=args.steps or setting.steps,
            size=args.size or setting.size,
            labels=args.labels or setting.labels,
            losses=uses_video(keys),
        ))
    return wanted


def measure(job: Job, place: Path, accelerator: str) -> dict:
    "Train one variant with one seed, and judge it: a row of the kept results."
    from lightning_pose_nb import train
    setting = SETS[job.set]
    config, recipe = setting.prepare(job, place)
    recipe |= {'training.accelerator': accelerator}
    keys = [f'{key}={json.dumps(value)}' for key, value in recipe.items()]
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as temp:
        model = train(config, Path(temp)/'model', [*keys, *job.keys], progress=False)
        seconds = time.perf_counter()-began
        measures = setting.judge(model, job, config)
    about = model.model.about
    cost = dict(seconds=round(seconds, 1), trained=about['steps'], best_epoch=about['best_epoch'])
    return asdict(job) | cost | dict(lengths=animal_lengths(model), measures=measures)


def run(args: argparse.Namespace, place: Path, job: Job) -> dict:
    "One job, in a process of its own."
    order = dict(job=asdict(job), place=str(place), accelerator=args.accelerator)
    return in_fresh_process(__file__, order, args.threads)


def print_child(args: argparse.Namespace) -> None:
    "Measure one job in this process, and print its row."
    limit_threads(args.threads)
    order = args.child
    print(json.dumps(measure(Job(**order['job']), Path(order['place']), order['accelerator'])))


def read_rows(file: Path) -> list[dict]:
    "Kept results; a last line that was cut off is cut away."
    if not file.exists(): return []
    lines = file.read_bytes().splitlines(keepends=True)
    if lines and not lines[-1].endswith(b'\n'):
        print(f'{file}: the last line is incomplete and was removed', file=sys.stderr)
        lines = lines[:-1]
        file.write_bytes(b''.join(lines))
    return [json.loads(line) for line in lines]


def identity(row: dict) -> tuple:
    "What tells one run from another."
    return tuple(row[name] for name in ('set', 'steps', 'size', 'labels', 'variant', 'seed'))


def check_variants(rows: list[dict], wanted: list[Job]) -> None:
    "End the benchmark if a kept variant of the same name has other keys."
    kept = {row['variant']: row['keys'] for row in rows}
    for job in wanted:
        before = kept.get(job.variant, job.keys)
        if before == job.keys: continue
        raise SystemExit(f'variant {job.variant!r} was kept with {before}, and is {job.keys} now: '
                         'choose another name or another file')


def brief(row: dict) -> str:
    "One run in a line, errors as mean / median."
    import numpy as np
    parts = []
    for name, found in row['measures']['error'].items():
        errors = np.array(found['errors'], float)
        parts.append(f'{name} {np.nanmean(errors):.2f} / {np.nanmedian(errors):.2f}')
    run = f'{row["seconds"]:.0f} s, {row["trained"]} steps, best epoch {row["best_epoch"]}'
    return f'{row["set"]}, {row["variant"]}, seed {row["seed"]}: {"; ".join(parts)} px; {run}'


def results(args: argparse.Namespace, place: Path) -> Iterator[dict]:
    "Rows of all runs that are asked for, from the file or measured now."
    wanted = jobs(args)
    kept = read_rows(args.keep) if args.keep else []
    check_variants(kept, wanted)
    known = {identity(row): row for row in kept}
    missing = [job for job in wanted if identity(asdict(job)) not in known]
    yield from [known[identity(asdict(job))] for job in wanted if job not in missing]
    with ThreadPoolExecutor(args.jobs) as pool:
        for row in pool.map(partial(run, args, place), missing):
            if args.keep:
                with args.keep.open('a', encoding='utf-8') as file: file.write(json.dumps(row)+'\n')
            print(brief(row), flush=True)
            yield row


def by_variant(rows: list[dict], measure: str, subset: str) -> dict[str, list]:
    "Errors of all seeds of each variant, on validation or test frames."
    from lightning_pose_nb.evaluation import RunErrors
    found: dict[str, list] = {}
    for row in rows:
        errors = row['measures'][measure][subset]
        known = RunErrors(row['seed'], errors['frames'], errors['errors'])
        found.setdefault(row['variant'], []).append(known)
    return found


def cell(value: float, low: float, high: float, sign: str = '') -> str:
    "A number and its interval."
    if value != value: return ' '*26
    bounds = f'[{low:{sign}.2f}, {high:{sign}.2f}]'
    return f'{value:{sign}8.2f} {bounds:>17}'


def statistic_name(statistic: str, length: str) -> str:
    "What a statistic is called in a table."
    names = dict(
        mean='mean, px',
        median='median, px',
        p90='90th percentile, px',
        pck=f'PCK: share within {SHARE:.0%} of {length} px',
        far=f'share over {FAR:.0f} px',
    )
    return names[statistic]


def mean_lengths(rows: list[dict]):
    "The animal's length, one for each keypoint, over the runs of a set."
    import numpy as np
    return np.mean([row['lengths'] for row in rows], axis=0)


def comparisons(rows: list[dict], measure: str) -> dict:
    "The statistics of each variant, with intervals: of validation frames, and of test frames."
    from lightning_pose_nb.evaluation import Tolerances, compare_models
    limits = Tolerances(mean_lengths(rows), SHARE, FAR)
    subsets = ('validation', 'test')
    return {subset: compare_models(by_variant(rows, measure, subset), limits) for subset in subsets}


def table_lines(rows: list[dict], measure: str) -> Iterator[str]:
    "Each statistic of a measure: a line for each variant, validation on the left, test on the right."
    lengths = mean_lengths(rows)
    ends = sorted({f'{length:.0f}' for length in (lengths.min(), lengths.max())}, key=int)
    tables = [compared.set_index(['statistic', 'model']) for compared in comparisons(rows, measure).values()]
    for statistic in MEASURES[measure]:
        yield f'  {measure}, {statistic_name(statistic, " to ".join(ends))}'
        for variant, found in tables[0].loc[statistic].iterrows():
            cells = [f'{variant!s:>22} ({found.n_seeds:.0f})']
            for table in tables:
                line = table.loc[(statistic, variant)]
                cells.append(cell(line.value, line.low, line.high))
                cells.append(cell(line.difference, line.diff_low, line.diff_high, '+'))
            yield ''.join(cells).rstrip()


def print_table(rows: list[dict]) -> None:
    "The table of one set."
    first = rows[0]
    print('\n{set}: {steps} steps, {size} px, {labels} labelled frames'.format(**first))
    headings = ('validation', 'difference', 'test', 'difference')
    print(f'{"variant (seeds)":>26}' + ''.join(f'{heading:>26}' for heading in headings))
    for measure in MEASURES:
        if measure not in first['measures']: continue
        for line in table_lines(rows, measure): print(line, flush=True)


def in_order(rows: list[dict], names: list[str]) -> list[dict]:
    "Each run once, those of the first variant first, and only those of these variants."
    each = {identity(row): row for row in rows if row['variant'] in names}
    return sorted(each.values(), key=lambda row: names.index(row['variant']))


def by_setting(rows: list[dict]) -> list[list[dict]]:
    "The runs of each set, length of training, size and number of labels."
    groups: dict[tuple, list] = {}
    for row in rows:
        groups.setdefault(identity(row)[:4], []).append(row)
    return list(groups.values())


def write_table(rows: list[dict], file: Path) -> None:
    "Every number of the printed tables, a line each (CSV)."
    import pandas as pd
    tables = []
    for group in by_setting(rows):
        about = {name: group[0][name] for name in ('set', 'steps', 'size', 'labels')}
        keys = {row['variant']: ' '.join(row['keys']) for row in group}
        for measure in [name for name in MEASURES if name in group[0]['measures']]:
            for subset, compared in comparisons(group, measure).items():
                wanted = compared[compared.statistic.isin(MEASURES[measure])]
                part = wanted.rename(columns=dict(model='variant'))
                tables.append(part.assign(**about, measure=measure, subset=subset, keys=part.variant.map(keys)))
    pd.concat(tables).to_csv(file, index=False, float_format='%.3f')


def print_tables(rows: list[dict]) -> None:
    "A table for each set, length of training, size and number of labels."
    for group in by_setting(rows): print_table(group)
    print('\nChoose settings by the validation columns only. [ , ]: 95% intervals over seeds and '
          'frames; differences\nare paired, to the first variant.')


def main() -> None:
    "Train what is asked for, and print the tables."
    args = parse()
    if args.child: return print_child(args)
    if args.print: rows = [row for file in args.print for row in read_rows(file)]
    else:
        with tempfile.TemporaryDirectory() as temp: rows = list(results(args, Path(temp)))
    names = list(variants(args))
    if args.print and not args.variant: names = list(dict.fromkeys(row['variant'] for row in rows))
    rows = in_order(rows, names)
    print_tables(rows)
    if args.table: write_table(rows, args.table)


if __name__ == '__main__': main()
