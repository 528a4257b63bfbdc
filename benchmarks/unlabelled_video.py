"""Does unlabelled video help? Supervised against semi-supervised training on the sample animal, with equal steps of the optimiser.

    OMP_NUM_THREADS=1 python benchmarks/unlabelled_video.py                     # 20 and 50 labels, three seeds, five ways to train
    python benchmarks/unlabelled_video.py --labels 20 --seeds 0 --steps 20      # does it run?

Every seed is another animal on other days: four videos of 200 frames to train on, of which a few frames are labelled, ten more labelled frames to choose
the network by, and three further videos that nobody trains on. Errors are measured on those three, in every frame, where the sample knows the truth:
pixels of the original frame (176 × 200), over all 20 keypoints, hidden ones included. `jumps` counts, in a thousand steps from frame to frame, those in
which a keypoint moves over 10 px more than it really did; `pose` and `views` are the mean errors of the two subspaces, fitted to the same labels.

All ways see the same labelled batches, seeds and learning rates, and take the same number of steps; those with losses on video see as many unlabelled
frames as `--length` says in each step after the first fifth, over which the losses are off, and the second, over which they are faded in.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from _common import THREADS, limit_threads

WAYS = {'supervised': [], 'temporal': ['temporal'], 'pca_singleview': ['pca_singleview'], 'pca_multiview': ['pca_multiview'],
        'all three': ['temporal', 'pca_singleview', 'pca_multiview']}
COLUMNS = ('mean', 'median', 'p95', 'visible', 'hidden', 'jumps', 'pose', 'views')


def parse() -> argparse.Namespace:
    "The command line."
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--labels', type=int, nargs='+', default=[20, 50], help='labelled training frames')
    p.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    p.add_argument('--ways', nargs='+', default=list(WAYS), choices=list(WAYS))
    p.add_argument('--steps', type=int, default=250, help='steps of the optimiser')
    p.add_argument('--batch', type=int, default=8, help='labelled frames a step')
    p.add_argument('--length', type=int, default=8, help='unlabelled frames a step')
    p.add_argument('--size', type=int, default=96, help="side of the network's input")
    p.add_argument('--backbone', default='resnet18')
    p.add_argument('--log-weights', type=json.loads, default=dict(temporal=6., pca_singleview=7.5, pca_multiview=8.5), help='such as \'{"temporal": 9}\'')
    p.add_argument('--epsilon', type=float, default=20., help='motion a frame that costs nothing, px; the truth moves 9 px at most in 99 of 100 steps')
    p.add_argument('--jobs', type=int, default=2, help='trainings at the same time, one thread each')
    p.add_argument('--folder', type=Path, help='keep samples and models here')
    p.add_argument('--child', type=json.loads, help=argparse.SUPPRESS)
    return p.parse_args()


def settings(job: dict, batches: int) -> dict[str, object]:
    "Overrides that make a sample's config one of the ways."
    n, steps, losses = job['labels'], job['steps'], WAYS[job['way']]
    epoch = max(batches, 10) if losses else batches
    fade = max(1, steps//5//epoch)
    return {
        'training.train_prob': n/(n+10), 'training.val_prob': 10/(n+10), 'training.train_batch_size': job['batch'], 'training.max_steps': steps,
        'training.lr_scheduler_params.multisteplr.milestone_steps': [steps*6//10, steps*8//10], 'training.max_epochs': None,
        'training.lr_scheduler_params.multisteplr.milestones': None, 'training.check_val_every_n_epoch': max(1, steps//10//epoch),
        'training.rng_seed_model_pt': job['seed'], 'training.accelerator': 'cpu', 'training.unfreezing_epoch': 0, 'eval.predict_vids_after_training': False,
        'data.image_resize_dims.height': job['size'], 'data.image_resize_dims.width': job['size'], 'model.backbone': job['backbone'],
        'model.losses_to_use': losses, 'dali.base.train.sequence_length': job['length'], 'data.columns_for_singleview_pca': list(range(n//2))[:9],
        'callbacks.anneal_weight.freeze_until_epoch': fade-1, 'callbacks.anneal_weight.increase_factor': 1/fade,
        'losses.temporal.epsilon': job['epsilon'], **{f'losses.{name}.log_weight': weight for name, weight in job['log_weights'].items()}}


def measure(job: dict) -> dict[str, float]:
    "Train one way, predict the videos nobody trained on, and compare with the truth."
    import numpy as np

    from lightning_pose_nb.api import train
    from lightning_pose_nb.data.predictions import read_table
    from lightning_pose_nb.evaluation.metrics import pca_errors, temporal_norm
    from lightning_pose_nb.synthetic.project import make_project
    from lightning_pose_nb.video.io import find_videos

    limit_threads(1)
    folder = Path(job['folder'])
    config = make_project(folder/f'sample_{job["labels"]}_{job["seed"]}', job['labels']+10, 4, 200, 3, job['seed'])
    batches = -(-job['labels']//job['batch'])
    model = train(config, folder/'{labels}_{seed}_{way}'.format(**job), settings(job, batches), progress=False)
    errors, seen, jumps, pose = [], [], [], {}
    for video in find_videos(config.parent/'videos_new'):
        table = model.predict_video(video, progress=False)
        truth = read_table(config.parent/'ground_truth'/f'{video.stem}.csv')
        errors.append(np.linalg.norm(table.xy-truth.xy, axis=-1))
        seen.append(truth.likelihood > 0.5)
        jumps.append(temporal_norm(table.xy)[1:]-temporal_norm(truth.xy)[1:] > 10)
        for name, values in pca_errors(table.xy, model.model.subspaces).items(): pose.setdefault(name, []).append(values)
    e, v = np.concatenate(errors), np.concatenate(seen)
    return dict(mean=e.mean(), median=np.median(e), p95=np.quantile(e, .95), visible=e[v].mean(), hidden=e[~v].mean(), jumps=1000*np.concatenate(jumps).mean(),
                **{short: float(np.nanmean(np.concatenate(pose[f'pca_{name}_error']))) for short, name in (('pose', 'singleview'), ('views', 'multiview'))},
                steps=model.model.about['steps'])


def run(job: dict) -> dict[str, float]:
    "One job in a process of its own."
    done = subprocess.run([sys.executable, __file__, '--child', json.dumps(job)], env=os.environ | dict.fromkeys(THREADS, '1'), stdout=subprocess.PIPE, text=True)
    if done.returncode: raise SystemExit(f'failed: {job}')
    return json.loads(done.stdout.splitlines()[-1])


def line(name: str, rows: list[dict]) -> None:
    "One row of the table: the mean over rows."
    print(f'{name:>26}' + ''.join(f'{sum(r[c] for r in rows)/len(rows):9.2f}' for c in COLUMNS) + f'{rows[0]["steps"]:7d}', flush=True)


def main() -> None:
    "Train every way with every seed, and print a table as results come in."
    args = parse()
    if args.child: return print(json.dumps({k: float(v) if k != 'steps' else int(v) for k, v in measure(args.child).items()}))
    common = dict(vars(args))
    with tempfile.TemporaryDirectory() as temp, ThreadPoolExecutor(args.jobs) as pool:
        for k in ('labels', 'seeds', 'ways', 'jobs', 'child'): common.pop(k)
        common['folder'] = str(args.folder or temp)
        from lightning_pose_nb.synthetic.project import make_project
        for n in args.labels:
            for s in args.seeds: make_project(Path(common['folder'])/f'sample_{n}_{s}', n+10, 4, 200, 3, s)
        jobs = [common | dict(labels=n, seed=s, way=w) for n in args.labels for s in args.seeds for w in args.ways]
        print(f'{"":>26}' + ''.join(f'{c:>9}' for c in COLUMNS) + f'{"steps":>7}')
        results = {}
        for job, result in zip(jobs, pool.map(run, jobs), strict=True):
            results[job['labels'], job['way'], job['seed']] = result
            line('{labels} labels, {seed}, {way}'.format(**job), [result])
        print('\nmean over seeds')
        for n in args.labels:
            for w in args.ways: line(f'{n} labels, {w}', [results[n, w, s] for s in args.seeds])


if __name__ == '__main__': main()
