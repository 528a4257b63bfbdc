"""How well each family of models does, beside the plain heatmap model, with equal steps of the optimiser.

    OMP_NUM_THREADS=1 python benchmarks/families_accuracy.py                                # the sample, one picture per instant
    OMP_NUM_THREADS=1 python benchmarks/families_accuracy.py --data ring                    # the sample, three calibrated cameras
    OMP_NUM_THREADS=1 python benchmarks/families_accuracy.py --data four-view-mouse         # real, four calibrated cameras
    OMP_NUM_THREADS=1 python benchmarks/families_accuracy.py --data mirror-mouse            # real, one picture per instant
    OMP_NUM_THREADS=1 python benchmarks/families_accuracy.py --data four-view-mouse --backbone resnet50 --checkpoint WEIGHTS --ways resnet
    OMP_NUM_THREADS=1 python benchmarks/families_accuracy.py --seeds 0 --steps 20           # does it run?

All ways see the same number of labelled instants in each step, in the same order, and take the same number of steps. A seed is another animal (or another
split of the real labels) and other new weights. Errors are distances in pixels of the original frame.

`sample`, `ring`: four videos to train on, of which a few instants are labelled, and two further videos that nobody trains on. Errors are measured on
those, in every frame, over all keypoints: `visible` ones; `bar`, those that only the bar hides, which sweeps through the picture and stays for a frame or
two; `hidden`, those behind the animal or the post. `jumps` counts, in a thousand steps from frame to frame, those in which a keypoint moves over 10 px more than it really did. `mm` is the mean
distance of triangulated points from where they are, `reproj` that of predictions from the triangulated points, in pixels.
Of heatmap_mhcrnn the two branches are judged by themselves, too: the frame alone, and its neighbours.

`four-view-mouse`, `mirror-mouse`: errors of the labelled instants that nobody trained on or chose the network by, by view, or by half of the picture.

Weights are random unless `--checkpoint` brings some. A plain ViT then learns next to nothing in so few steps (try `--vit vit_tiny_patch16_224`), so the
default for both ways on a ViT is one with a few convolutions in front.

`said` is the mean likelihood, and `within` the share of points within 5% of the picture's side of the truth: a regression model means the latter when it says
the former. `rank` is the rank correlation of likelihood and error; -1 were perfect.
"""
import argparse
import hashlib
import json
import logging
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from _common import in_fresh_process, limit_threads, settings

CONTEXT = {'model.model_type': 'heatmap_mhcrnn'}
MSE = {'model.model_type': 'regression'}
LAPLACE = MSE | {'model.regression_loss_type': 'laplace'}
VIT = {'model.backbone': 'vit'}
JOINT = VIT | {'model.model_type': 'heatmap_multiview_transformer'}
ONE = {'heatmap': {}, 'heatmap_mhcrnn': CONTEXT, 'regression mse': MSE, 'regression laplace': LAPLACE}
SEVERAL = {'heatmap resnet': {}, 'heatmap ViT': VIT, 'multiview ViT': JOINT}
WAYS = {'sample': ONE, 'ring': SEVERAL, 'four-view-mouse': SEVERAL, 'mirror-mouse': ONE}
RECIPE = {'sample': (300, 4, 96), 'ring': (700, 3, 96), 'four-view-mouse': (700, 2, 128), 'mirror-mouse': (300, 4, 128)} # steps, instants per step, side of the input
VIDEOS, LENGTH, NEW = 4, 200, 2 # of the samples: videos to train on, frames in each video, videos to judge by
LABELS, CHOOSE = 50, 10         # instants to train on, and to choose the network by
STRANGERS = 'The labelled pictures of mirror-mouse-example are counted, not numbered by frame: to heatmap_mhcrnn the neighbours of a picture are strangers.'


def parse() -> argparse.Namespace:
    "The command line."
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--data', default='sample', choices=list(WAYS))
    p.add_argument('--ways', nargs='+', help='only those whose names contain one of these')
    p.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    p.add_argument('--steps', type=int, help='steps of the optimiser')
    p.add_argument('--batch', type=int, help='labelled instants a step')
    p.add_argument('--size', type=int, help="side of the network's input")
    p.add_argument('--cameras', type=int, default=3, help='of the ring')
    p.add_argument('--backbone', default='resnet18', help='of all ways but those on a ViT')
    p.add_argument('--vit', default='vit_tiny_r_s16_p8_224', help='the backbone of the others')
    p.add_argument('--checkpoint', help='weights file for --backbone')
    p.add_argument('--rate', type=float, default=1e-3, help='learning rate')
    p.add_argument('--vit-rate', type=float, default=1e-3, help='learning rate of ways on a ViT')
    p.add_argument('--set', nargs='*', default=[], metavar='KEY=VALUE', help='further config keys, for all ways')
    p.add_argument('--folder', type=Path, help='keep samples and results here; what was measured before is not measured again')
    p.add_argument('--threads', type=int, default=1)
    p.add_argument('--child', type=json.loads, help=argparse.SUPPRESS)
    return p.parse_args()


def overrides(job: dict, instants: int) -> dict[str, object]:
    "What makes a project's config one of the ways."
    values, steps = dict(WAYS[job['data']][job['way']]), job['steps']
    vit, epoch = values.pop('model.backbone', None), max(1, -(-instants//job['batch']))
    values |= {'model.backbone': job['vit'] if vit else job['backbone'], 'training.optimizer_params.learning_rate': job['vit_rate' if vit else 'rate']}
    if job['checkpoint'] and not vit: values['model.backbone_checkpoint'] = job['checkpoint']
    drops = 'training.lr_scheduler_params.multisteplr.'
    return values | {
        'training.train_batch_size': job['batch'], 'training.max_steps': steps, 'training.max_epochs': None, 'training.unfreezing_epoch': None,
        drops+'milestones': None, drops+'milestone_steps': [steps*6//10, steps*8//10], 'training.check_val_every_n_epoch': max(1, steps//10//epoch),
        'training.rng_seed_model_pt': job['seed'], 'training.rng_seed_data_pt': job['seed'], 'training.accelerator': 'cpu', 'eval.predict_vids_after_training': False,
        'data.image_resize_dims.height': job['size'], 'data.image_resize_dims.width': job['size']} | dict(pair.split('=', 1) for pair in job['set'])


def sample(job: dict, sweep: bool = True) -> Path:
    "The config of a sample project; with or without the bar, all else is the same."
    from lightning_pose_nb.synthetic.project import make_project
    ring = job['data'] == 'ring'
    return make_project(Path(job['folder'])/f'{job["data"]}_{job["seed"]}_{sweep}', LABELS+CHOOSE, VIDEOS, LENGTH, NEW, job['seed'], context=not ring, sweep=sweep,
                        cameras=job['cameras'] if ring else 0)


def trained(job: dict, place: Path):
    "The project's config and the trained model."
    from lightning_pose_nb.api import train
    from lightning_pose_nb.data.labels import read_labels
    from lightning_pose_nb.synthetic.project import real_data
    if job['data'] in ('sample', 'ring'):
        cfg = sample(job)
        split = {'training.train_prob': LABELS/(LABELS+CHOOSE), 'training.val_prob': CHOOSE/(LABELS+CHOOSE)}
        return train(cfg, place, overrides(job, LABELS) | split, progress=False), cfg.parent
    name = {'mirror-mouse': 'mirror-mouse-example'}.get(job['data'], job['data'])
    root = real_data(name)
    if root is None: raise SystemExit(f'{name} is not there: see lightning_pose_nb.synthetic.project.real_data')
    tables = [p.name for p in sorted(root.glob('CollectedData*.csv'))]
    data = dict(data_dir=str(root), csv_file=tables if len(tables) > 1 else tables[0], video_dir='videos')
    if len(tables) > 1: data['view_names'] = [t.removeprefix('CollectedData_').removesuffix('.csv') for t in tables]
    shares = (.7, .1) if len(tables) > 1 else (.8, .1)
    cfg = settings(data, 'resnet18', job['size'], train_prob=shares[0], val_prob=shares[1])
    return train(cfg, place, overrides(job, round(shares[0]*len(read_labels(root/tables[0])))), progress=False), root


def sureness(errors, shares, likelihood) -> dict[str, float]:
    "Whether likelihoods mean something: arrays of distances, of distances as a share of the picture's side, and of likelihoods."
    import numpy as np
    import pandas as pd
    known = np.isfinite(errors)
    ranks = [pd.Series(a[known]).rank() for a in (likelihood, errors)]
    return dict(said=likelihood[known].mean(), within=(shares[known] < .05).mean(), rank=np.corrcoef(*ranks)[0, 1])


def on_videos(job: dict, model, root: Path) -> dict[str, float]:
    "Errors in every frame of the videos nobody trained on."
    import numpy as np

    from lightning_pose_nb.cameras.triangulation import read_points
    from lightning_pose_nb.data.predictions import read_table
    from lightning_pose_nb.evaluation.metrics import read_metric, temporal_norm
    from lightning_pose_nb.video.io import find_videos
    from lightning_pose_nb.video.sequential import probe
    open_view, views, found = sample(job, False).parent, model.cfg.data.view_names or [''], {}
    def add(name, values): found.setdefault(name, []).append(np.ravel(values))
    for video in find_videos(root/'videos_new'):
        session = video.stem.removesuffix(f'_{views[0]}')
        if views[0] and session == video.stem: continue
        videos = [video.with_name(f'{session}_{view}.mp4') if view else video for view in views]
        tables = model.predict_session(videos, progress=False, overwrite=True).values() if views[0] else [model.predict_video(video, progress=False, overwrite=True)]
        for file, view, table in zip(videos, views, tables, strict=True):
            truth, clear = (read_table(folder/'ground_truth'/f'{file.stem}.csv') for folder in (root, open_view))
            off = table.xy-truth.xy
            error, seen, without = np.linalg.norm(off, axis=-1), truth.likelihood > .5, clear.likelihood > .5
            add('error', error)
            add('share', np.linalg.norm(off/np.array(probe(file).size[::-1]), axis=-1))
            add('likelihood', table.likelihood)
            for name, which in (('visible', seen), ('bar', without & ~seen), ('hidden', ~without)): add(name, error[which])
            if view: add(view, error)
            add('jump', temporal_norm(table.xy)[1:]-temporal_norm(truth.xy)[1:] > 10)
            if view: add('reproj', read_metric(model.folder/'video_preds'/f'{file.stem}_reprojection_error.csv').to_numpy(float))
        if views[0]:
            points = [read_points(file)[2] for file in (model.folder/'video_preds'/f'{session}_3d.csv', root/'ground_truth_3d'/f'{session}.csv')]
            add('mm', np.linalg.norm(points[0]-points[1], axis=-1))
    all_ = {name: np.concatenate(values) for name, values in found.items()}
    e = all_['error']
    means = {name: np.nanmean(all_[name]) for name in (*filter(None, views), 'visible', 'bar', 'hidden', 'reproj', 'mm') if name in all_}
    return dict(mean=e.mean(), median=np.median(e), p95=np.quantile(e, .95)) | means | dict(jumps=1000*all_['jump'].mean()) | sureness(e, all_['share'], all_['likelihood'])


def on_labels(model, root: Path) -> dict[str, float]:
    "Errors of the labelled instants of the test set."
    import numpy as np

    from lightning_pose_nb.data.labels import read_labels
    from lightning_pose_nb.data.predictions import read_table
    from lightning_pose_nb.evaluation.metrics import read_metric
    from lightning_pose_nb.video.io import image_size
    model.evaluate(progress=False)
    views, found = model.cfg.data.view_names or [''], {}
    for csv, view in zip(model.cfg.data.csv_paths, views, strict=True):
        ending, labels = f'_{view}'*bool(view), read_labels(csv)
        test = np.array([s == 'test' for s in read_metric(model.folder/f'predictions_pixel_error{ending}.csv')['set']])
        table, truth = read_table(model.folder/f'predictions{ending}.csv'), labels.xy[test]
        off = table.xy[test]-truth
        error, size = np.linalg.norm(off, axis=-1), image_size(root/labels.images[0])
        halves = {view: slice(None)} if view else {end: [i for i, k in enumerate(labels.keypoint_names) if k.endswith(end)] for end in ('top', 'bot')}
        for name, columns in halves.items(): found.setdefault(name, []).append(error[:, columns].ravel())
        for name, values in (('error', error), ('share', np.linalg.norm(off/np.array(size[::-1]), axis=-1)), ('likelihood', table.likelihood[test])):
            found.setdefault(name, []).append(values.ravel())
        if view:
            values = read_metric(model.folder/f'predictions_reprojection_error{ending}.csv').drop(columns='set').to_numpy(float)[test]
            found.setdefault('reproj', []).append(values.ravel())
    all_ = {name: np.concatenate(values) for name, values in found.items()}
    sure = sureness(*(all_.pop(name) for name in ('error', 'share', 'likelihood')))
    e = np.concatenate(found['error'])
    e = e[np.isfinite(e)]
    return dict(mean=e.mean(), median=np.median(e), p95=np.quantile(e, .95)) | {name: np.nanmean(values) for name, values in all_.items()} | sure


def measure(job: dict, place: Path) -> dict[str, dict[str, float]]:
    "Train one way, and judge it; of a model with two branches, both and each."
    limit_threads(job['threads'])
    logging.getLogger('pytorch_lightning').setLevel(logging.ERROR)
    began = time.process_time()
    model, root = trained(job, place)
    cost = dict(cpu=time.process_time()-began, steps=model.model.about['steps'], best=model.model.about['best_epoch'] or 0)
    judge = partial(on_videos, job) if job['data'] in ('sample', 'ring') else on_labels
    rows, network = {job['way']: judge(model, root) | cost}, model.model.network
    for branch, name in enumerate(('frame alone', 'neighbours')) if network.context else ():
        network.decode = lambda outputs, branch=branch: tuple(part[branch] for part in network.decode_all(outputs))
        rows[f'  {name}'] = judge(model, root) | cost
    return rows


def line(name: str, values: dict[str, float]) -> None:
    "Print one row."
    print(f'{name:>28}' + ''.join(f'{v:9.0f}' if c in ('cpu', 'steps', 'best') else f'{v:9.2f}' for c, v in values.items()), flush=True)


def once(job: dict) -> dict[str, dict[str, float]]:
    "The rows of a job, measured in a process of its own unless they are known."
    key = hashlib.sha256(json.dumps({k: v for k, v in job.items() if k != 'folder'}, sort_keys=True).encode()).hexdigest()[:12]
    file = Path(job['folder'])/f'{job["data"]}_{key}.json'
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(in_fresh_process(__file__, job, job['threads'])), encoding='utf-8')
    return json.loads(file.read_text(encoding='utf-8'))


def main() -> None:
    "Train every way with every seed, and print tables as results come in."
    args = parse()
    if args.child:
        with tempfile.TemporaryDirectory() as place: rows = measure(args.child, Path(place)/'model')
        return print(json.dumps({name: {column: float(value) for column, value in row.items()} for name, row in rows.items()}))
    ways = [w for w in WAYS[args.data] if not args.ways or any(part in w for part in args.ways)]
    steps, batch, size = (a or b for a, b in zip((args.steps, args.batch, args.size), RECIPE[args.data], strict=True))
    common = {k: v for k, v in vars(args).items() if k not in ('ways', 'seeds', 'child')} | dict(steps=steps, batch=batch, size=size)
    if args.checkpoint: common['checkpoint'] = str(Path(args.checkpoint).resolve())
    print(f'{args.data}: {batch} instants a step, {size} px, {args.backbone}' + (f' or {args.vit}' if WAYS[args.data] is SEVERAL else ''))
    if args.data == 'mirror-mouse': print(STRANGERS)
    results: dict = {}
    with tempfile.TemporaryDirectory() as temp:
        common['folder'] = str(args.folder or temp)
        for seed in args.seeds:
            for way in ways:
                for name, row in once(common | dict(seed=seed, way=way)).items():
                    if not results: print(f'\n{"":>28}' + ''.join(f'{c:>9}' for c in row))
                    results.setdefault(name, []).append(row)
                    line(f'{seed}, {name}', row)
    print('\nmean over seeds')
    for name, rows in results.items(): line(name, {c: sum(r[c] for r in rows)/len(rows) for c in rows[0]})


if __name__ == '__main__': sys.exit(main())
