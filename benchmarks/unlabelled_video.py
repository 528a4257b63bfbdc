"""Does unlabelled video help? Training with and without it on the sample animal, with equal steps.

    OMP_NUM_THREADS=1 python benchmarks/unlabelled_video.py  # 20 and 50 labels, 3 seeds, 6 ways
    python benchmarks/unlabelled_video.py --labels 20 --seeds 0 --steps 20  # does it run?

Every seed is another animal on other days: four videos of 200 frames to train on, of which a few
frames are labelled, ten more labelled frames to choose the network by, and three further videos
that nobody trains on. Errors are measured on those three, in every frame, where the sample knows
the truth: pixels of the original frame (176 × 200), over all 20 keypoints, hidden ones included.
`jumps` counts, in a thousand steps from frame to frame, those in which a keypoint moves over 10 px
more than it really did; `pose` and `views` are the mean errors of the two subspaces, fitted to the
same labels. `val` is the lowest error on the ten frames that choose the network: whoever compares
settings looks at this column, and at seeds of which no other column is reported.

All ways see the same labelled batches, seeds and learning rates, and take the same number of steps;
those with losses on video see as many unlabelled frames as `--length` says in each step after the
first fifth, over which the losses are off, and the second, over which they are faded in.
"""
import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from _common import THREADS, limit_threads, plain_parser
from _sets import Job, make_sample, sample_keys

LOSSES = ('temporal', 'pca_singleview', 'pca_multiview')
WAYS = {
    'supervised': [],
    **{name: [name] for name in (*LOSSES, 'ema_teacher')},
    'all three': list(LOSSES),
    'all four': [*LOSSES, 'ema_teacher'],
}
DEFAULT_WAYS = [way for way in WAYS if way != 'all four']
LOG_WEIGHTS = dict(temporal=6., pca_singleview=7.5, pca_multiview=8.5)
COLUMNS = ('val', 'mean', 'median', 'p95', 'visible', 'hidden', 'jumps', 'pose', 'views')


def parse() -> argparse.Namespace:
    "The command line."
    p = plain_parser(__doc__)
    p.add_argument('--labels', type=int, nargs='+', default=[20, 50],
                   help='labelled training frames')
    p.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    p.add_argument('--ways', nargs='+', default=DEFAULT_WAYS, choices=list(WAYS))
    p.add_argument('--steps', type=int, default=250, help='steps of the optimiser')
    p.add_argument('--batch', type=int, default=8, help='labelled frames a step')
    p.add_argument('--length', type=int, default=8, help='unlabelled frames a step')
    p.add_argument('--size', type=int, default=96, help="side of the network's input")
    p.add_argument('--backbone', default='resnet18')
    p.add_argument('--log-weights', type=json.loads, default=LOG_WEIGHTS,
                   help='such as \'{"temporal": 9}\'')
    p.add_argument('--epsilon', type=float, default=20.,
                   help='motion a frame that costs nothing, px; '
                        'the truth moves 9 px at most in 99 of 100 steps')
    p.add_argument('--threshold', type=float,
                   help='losses.ema_teacher.prob_threshold, if not its default')
    p.add_argument('--jobs', type=int, default=2,
                   help='trainings at the same time, one thread each')
    p.add_argument('--folder', type=Path, help='keep samples and models here')
    p.add_argument('--child', type=json.loads, help=argparse.SUPPRESS)
    return p.parse_args()


def settings(job: dict) -> dict[str, object]:
    "Overrides that make a sample's config one of the ways."
    n = job['labels']
    losses = WAYS[job['way']]
    run = Job('sample', job['way'], [], job['seed'], job['steps'], job['size'], n, bool(losses))
    log_weights = {}
    for name, weight in job['log_weights'].items():
        log_weights[f'losses.{name}.log_weight'] = weight
    if job['threshold'] is not None:
        log_weights['losses.ema_teacher.prob_threshold'] = job['threshold']
    return sample_keys(run, job['batch']) | log_weights | {
        'data.columns_for_singleview_pca': list(range(n//2))[:9],
        'model.backbone': job['backbone'],
        'model.losses_to_use': losses,
        'training.unfreezing_epoch': 0,
        'training.accelerator': 'cpu',
        'dali.base.train.sequence_length': job['length'],
        'losses.temporal.epsilon': job['epsilon'],
    }


def measure(job: dict) -> dict[str, float]:
    "Train one way, predict the videos nobody trained on, and compare with the truth."
    import numpy as np

    from lightning_pose_nb import read_predictions, train
    from lightning_pose_nb.evaluation import pca_errors, temporal_norm
    from lightning_pose_nb.video import find_videos

    limit_threads(1)
    folder = Path(job['folder'])
    config = make_sample(folder, job['labels'], job['seed'])
    place = folder/'{labels}_{seed}_{way}'.format(**job)
    model = train(config, place, settings(job), progress=False)
    errors = []
    seen = []
    jumps = []
    pose: dict[str, list] = {}
    for video in find_videos(config.parent/'videos_new'):
        table = model.predict_video(video, progress=False)
        truth = read_predictions(config.parent/'ground_truth'/f'{video.stem}.csv')
        errors.append(np.linalg.norm(table.xy-truth.xy, axis=-1))
        seen.append(truth.likelihood > 0.5)
        jumps.append(temporal_norm(table.xy)[1:]-temporal_norm(truth.xy)[1:] > 10)
        pca = pca_errors(table.xy, model.model.subspaces)
        for name, values in pca.items(): pose.setdefault(name, []).append(values)
    error = np.concatenate(errors)
    visible = np.concatenate(seen)
    return dict(
        val=model.model.about['val_pixel_error'],
        mean=error.mean(),
        median=np.median(error),
        p95=np.quantile(error, .95),
        visible=error[visible].mean(),
        hidden=error[~visible].mean(),
        jumps=1000*np.concatenate(jumps).mean(),
        pose=np.nanmean(np.concatenate(pose['pca_singleview_error'])),
        views=np.nanmean(np.concatenate(pose['pca_multiview_error'])),
        steps=model.model.about['steps'])


def run(job: dict) -> dict[str, float]:
    "One job in a process of its own."
    command = [sys.executable, __file__, '--child', json.dumps(job)]
    environment = os.environ | dict.fromkeys(THREADS, '1')
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode: raise SystemExit(f'failed: {job}')
    return json.loads(done.stdout.splitlines()[-1])


def line(name: str, rows: list[dict]) -> None:
    "One row of the table: the mean over rows."
    means = [statistics.fmean(row[column] for row in rows) for column in COLUMNS]
    cells = [f'{mean:9.2f}' for mean in means]
    print(f'{name:>26}' + ''.join(cells) + f'{rows[0]["steps"]:7d}', flush=True)


def print_child(job: dict) -> None:
    "Measure one job in this process, and print its numbers as JSON."
    plain = {name: float(value) for name, value in measure(job).items()}
    plain['steps'] = int(plain['steps'])
    print(json.dumps(plain))


def all_jobs(args: argparse.Namespace, folder: Path) -> list[dict]:
    "Every way with every number of labels and every seed; their samples are made first."
    common = dict(vars(args)) | dict(folder=str(folder))
    for key in ('labels', 'seeds', 'ways', 'jobs', 'child'): common.pop(key)
    jobs = []
    for labels, seed in itertools.product(args.labels, args.seeds):
        make_sample(folder, labels, seed)
        jobs += [common | dict(labels=labels, seed=seed, way=way) for way in args.ways]
    return jobs


def main() -> None:
    "Train every way with every seed, and print a table as results come in."
    args = parse()
    if args.child: return print_child(args.child)
    with tempfile.TemporaryDirectory() as temp, ThreadPoolExecutor(args.jobs) as pool:
        jobs = all_jobs(args, args.folder or Path(temp))
        headings = ''.join(f'{column:>9}' for column in COLUMNS)
        print(f'{"":>26}{headings}{"steps":>7}')
        results: dict[tuple, list] = {}
        for job, result in zip(jobs, pool.map(run, jobs), strict=True):
            results.setdefault((job['labels'], job['way']), []).append(result)
            line('{labels} labels, {seed}, {way}'.format(**job), [result])
        print('\nmean over seeds')
        for (labels, way), rows in results.items(): line(f'{labels} labels, {way}', rows)


if __name__ == '__main__': main()
