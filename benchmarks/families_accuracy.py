"""How well each family of models does, beside the plain heatmap model, with equally many steps.

    export OMP_NUM_THREADS=1
    python benchmarks/families_accuracy.py                          # sample, one image per instant
    python benchmarks/families_accuracy.py --data ring              # the sample, three cameras
    python benchmarks/families_accuracy.py --data four-view-mouse   # real, four calibrated cameras
    python benchmarks/families_accuracy.py --data mirror-mouse      # real, one image per instant
    python benchmarks/families_accuracy.py --seeds 0 --steps 20     # does it run?
    python benchmarks/families_accuracy.py --data four-view-mouse --backbone resnet50 \\
        --checkpoint WEIGHTS --ways 'heatmap resnet'
    python benchmarks/families_accuracy.py --data four-view-mouse --ways resnet   # is 3D of any use?
    python benchmarks/families_accuracy.py --data four-view-mouse --ways resnet --judge validation \\
        --set training.train_prob=0.6 training.val_prob=0.2                       # to choose by

All ways see the same number of labelled instants in each step, in the same order, and take the same
number of steps. A seed is another animal (or another split of the real labels) and other new
weights. Errors are distances in pixels of the original frame.

`sample`, `ring`: four videos to train on, of which a few instants are labelled, and two further
videos that nobody trains on. Errors are measured on those, in every frame, over all keypoints:
`visible` ones; `bar`, those that only the bar hides, which sweeps through the image and stays for a
frame or two; `hidden`, those behind the animal or the post. `jumps` counts, in a thousand steps
from frame to frame, those in which a keypoint moves over 10 px more than it really did. `mm` is the
mean distance of triangulated points from where they are, `reproj` that of predictions from the
triangulated points, in pixels. Of heatmap_mhcrnn the two branches are judged by themselves, too:
the frame alone, and its neighbours.

`four-view-mouse`, `mirror-mouse`: errors of the labelled instants that nobody trained on or chose
the network by, by view, or by half of the image. With `--judge validation` they are those of the
validation instants: whoever compares settings in order to choose one leaves the test alone.

Of calibrated cameras the defaults (`heatmap resnet`: losses in 3D, each image augmented by itself)
stand beside `resnet 3D augmentation`, in which the animal is moved instead, and `resnet without 3D`,
which has neither that nor the losses.
`labelled` is the part of `reproj` where there is a label, and `own` the reprojection error of those
labels themselves: a model that says exactly what the labels say has it too.

Weights are random unless `--checkpoint` brings some. A plain ViT then learns next to nothing in so
few steps (try `--vit vit_tiny_patch16_224`), so the default for both ways on a ViT is one with a
few convolutions in front.

`said` is the mean likelihood, and `within` the share of points within 5% of the image's side of the
truth: a regression model means the latter when it says the former. `rank` is the rank correlation
of likelihood and error; -1 were perfect.
"""
import argparse
import hashlib
import json
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from itertools import product
from pathlib import Path

from _common import in_fresh_process, limit_threads, plain_parser
from _sets import equal_steps, real_project, square

CONTEXT = {'model.model_type': 'heatmap_mhcrnn'}
MSE = {'model.model_type': 'regression'}
LAPLACE = MSE | {'model.regression_loss_type': 'laplace'}
VIT = {'model.backbone': 'vit'}
JOINT = VIT | {'model.model_type': 'heatmap_multiview_transformer'}
ONE = {
    'heatmap': {},
    'heatmap_mhcrnn': CONTEXT,
    'regression mse': MSE,
    'regression laplace': LAPLACE,
}
NO_3D = {
    'training.imgaug_3d': False,
    'losses.supervised_reprojection_heatmap_mse.log_weight': None,
    'losses.supervised_pairwise_projections.log_weight': None,
}
SEVERAL = {
    'heatmap resnet': {},
    'resnet 3D augmentation': {'training.imgaug_3d': True},
    'resnet without 3D': NO_3D,
    'heatmap ViT': VIT,
    'multiview ViT': JOINT,
}
WAYS = {'sample': ONE, 'ring': SEVERAL, 'four-view-mouse': SEVERAL, 'mirror-mouse': ONE}
RECIPE = {  # steps, instants per step, side of the input
    'sample': (300, 4, 96),
    'ring': (700, 3, 96),
    'four-view-mouse': (700, 2, 128),
    'mirror-mouse': (300, 4, 128),
}
VIDEOS = 4    # of the samples: videos to train on,
LENGTH = 200  # frames in each video,
NEW = 2       # videos to judge by,
LABELS = 50   # instants to train on,
CHOOSE = 10   # and instants to choose the network by
STRANGERS = ('The labelled images of mirror-mouse-example are counted, not numbered by frame: '
             'to heatmap_mhcrnn the neighbours of an image are strangers.')


def parse() -> argparse.Namespace:
    "The command line."
    p = plain_parser(__doc__)
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
    p.add_argument('--set', nargs='*', default=[], metavar='KEY=VALUE',
                   help='further config keys, for all ways')
    p.add_argument('--folder', type=Path,
                   help='keep samples and results here; what is there is not measured again')
    p.add_argument('--judge', default='test', choices=['test', 'validation'],
                   help='instants of real data to judge by')
    p.add_argument('--threads', type=int, default=1)
    p.add_argument('--child', type=json.loads, help=argparse.SUPPRESS)
    return p.parse_args()


def overrides(job: dict, instants: int) -> dict[str, object]:
    "What makes a project's config one of the ways."
    values = dict(WAYS[job['data']][job['way']])
    epoch = max(1, -(-instants//job['batch']))
    vit = values.pop('model.backbone', None)
    if job['checkpoint'] and not vit: values['model.backbone_checkpoint'] = job['checkpoint']
    recipe = {
        'model.backbone': job['vit'] if vit else job['backbone'],
        'training.optimizer_params.learning_rate': job['vit_rate'] if vit else job['rate'],
        'training.train_batch_size': job['batch'],
        'training.unfreezing_epoch': None,
        'training.rng_seed_model_pt': job['seed'],
        'training.rng_seed_data_pt': job['seed'],
        'training.accelerator': 'cpu',
    }
    recipe |= square(job['size']) | equal_steps(job['steps'], epoch)
    return values | recipe | dict(pair.split('=', 1) for pair in job['set'])


def sample(job: dict, sweep: bool = True) -> Path:
    "The config of a sample project; with or without the bar, all else is the same."
    from lightning_pose_nb import make_project
    ring = job['data'] == 'ring'
    folder = Path(job['folder'])/f'{job["data"]}_{job["seed"]}_{sweep}'
    cameras = job['cameras'] if ring else 0
    look = dict(context=not ring, sweep=sweep, cameras=cameras)
    return make_project(folder, LABELS+CHOOSE, VIDEOS, LENGTH, NEW, job['seed'], **look)


def trained(job: dict, place: Path):
    "The trained model, and the folder of its project."
    from lightning_pose_nb import train
    if job['data'] in ('sample', 'ring'):
        cfg = sample(job)
        total = LABELS+CHOOSE
        split = {'training.train_prob': LABELS/total, 'training.val_prob': CHOOSE/total}
        return train(cfg, place, overrides(job, LABELS) | split, progress=False), cfg.parent
    name = {'mirror-mouse': 'mirror-mouse-example'}.get(job['data'], job['data'])
    cfg, root, instants = real_project(name, job['size'])
    return train(cfg, place, overrides(job, instants), progress=False), root


def sureness(errors, shares, likelihood) -> dict[str, float]:
    "Whether likelihoods mean something; `shares` are the errors as shares of the image's side."
    import numpy as np
    import pandas as pd
    known = np.isfinite(errors)
    ranks = [pd.Series(a[known]).rank() for a in (likelihood, errors)]
    return dict(
        said=likelihood[known].mean(),
        within=(shares[known] < .05).mean(),
        rank=np.corrcoef(*ranks)[0, 1],
    )


class Collected:
    "Arrays of numbers under names, joined at the end."

    def __init__(self): self.parts: dict[str, list] = {}

    def add(self, **values) -> None:
        "Keep some numbers under their names."
        import numpy as np
        for name, array in values.items(): self.parts.setdefault(name, []).append(np.ravel(array))

    def joined(self) -> dict:
        "Everything under each name, as one array."
        import numpy as np
        return {name: np.concatenate(parts) for name, parts in self.parts.items()}


def summary(found: dict, columns: tuple[str, ...]) -> dict[str, float]:
    "Mean, median, 95th percentile of all errors; means of the other columns; what likelihoods say."
    import numpy as np
    errors = found['error'][np.isfinite(found['error'])]
    means = {name: np.nanmean(found[name]) for name in columns if name in found}
    whole = dict(mean=errors.mean(), median=np.median(errors), p95=np.quantile(errors, .95))
    return whole | means | sureness(found['error'], found['share'], found['likelihood'])


def sessions(model, root: Path) -> Iterator[tuple[str, list[Path]]]:
    "Each new session, and the videos of its views."
    from lightning_pose_nb.video import find_videos
    views = model.cfg.data.view_names
    for video in find_videos(root/'videos_new'):
        if not views: yield video.stem, [video]
        elif video.stem.endswith(f'_{views[0]}'):
            session = video.stem.removesuffix(f'_{views[0]}')
            yield session, [video.with_name(f'{session}_{view}.mp4') for view in views]


def predicted(model, videos: list[Path]) -> list:
    "Predictions of every view of one session."
    options = dict(progress=False, overwrite=True)
    if model.cfg.data.view_names: return list(model.predict_session(videos, **options).values())
    return [model.predict_video(videos[0], **options)]


def judge_video(found: Collected, video: Path, table, roots: tuple[Path, Path]) -> None:
    "Compare predictions of one video with the truth of the project, and of that without the bar."
    import numpy as np

    from lightning_pose_nb import read_predictions
    from lightning_pose_nb.evaluation import temporal_norm
    from lightning_pose_nb.video import probe
    truth, clear = (read_predictions(root/'ground_truth'/f'{video.stem}.csv') for root in roots)
    off = table.xy-truth.xy
    error = np.linalg.norm(off, axis=-1)
    seen = truth.likelihood > .5
    seen_without_bar = clear.likelihood > .5
    sides = np.array(probe(video).size[::-1])
    too_far = temporal_norm(table.xy)[1:]-temporal_norm(truth.xy)[1:] > 10
    found.add(
        error=error,
        share=np.linalg.norm(off/sides, axis=-1),
        likelihood=table.likelihood,
        visible=error[seen],
        bar=error[seen_without_bar & ~seen],
        hidden=error[~seen_without_bar],
        jumps=1000*too_far,
    )


def judge_in_space(found: Collected, model, root: Path, session: str, videos: list[Path]) -> None:
    "Reprojection errors of every view of a session, and distances in space."
    import numpy as np

    from lightning_pose_nb.cameras import read_points
    from lightning_pose_nb.evaluation import read_metric
    results = model.folder/'video_preds'
    for video in videos:
        reprojection = read_metric(results/f'{video.stem}_reprojection_error.csv')
        found.add(reproj=reprojection.to_numpy(float))
    points = read_points(results/f'{session}_3d.csv')[2]
    true = read_points(root/'ground_truth_3d'/f'{session}.csv')[2]
    found.add(mm=np.linalg.norm(points-true, axis=-1))


def on_videos(job: dict, model, root: Path) -> dict[str, float]:
    "Errors in every frame of the videos nobody trained on."
    views = model.cfg.data.view_names or []
    roots = root, sample(job, False).parent
    found = Collected()
    for session, videos in sessions(model, root):
        for i, table in enumerate(predicted(model, videos)):
            one = Collected()
            judge_video(one, videos[i], table, roots)
            found.add(**one.joined())
            if views: found.add(**{views[i]: one.joined()['error']})
        if views: judge_in_space(found, model, root, session, videos)
    return summary(found.joined(), (*views, 'visible', 'bar', 'hidden', 'reproj', 'mm', 'jumps'))


def own_residuals(model):
    "Reprojection errors (N, V, K) of the labels themselves; the project has one session."
    import numpy as np

    from lightning_pose_nb import read_labels
    from lightning_pose_nb.cameras import find_cameras, reprojection_errors, triangulate
    data = model.cfg.data
    session = next((data.root/'calibrations').glob('*.toml')).stem
    cameras = find_cameras(data.root, data.view_names, [session])[0][session]
    xy = np.stack([read_labels(csv).xy for csv in data.csv_paths], 1)
    return reprojection_errors(cameras, triangulate(cameras, xy), xy)


def judge_view(found: Collected, model, judge: str, csv: Path, view: str) -> None:
    "Errors of the labelled instants of one set, of one view or of the only one."
    import numpy as np

    from lightning_pose_nb import read_labels, read_predictions
    from lightning_pose_nb.evaluation import read_metric
    from lightning_pose_nb.video import image_size
    ending = f'_{view}' if view else ''
    labels = read_labels(csv)
    table = read_predictions(model.folder/f'predictions{ending}.csv')
    subset = read_metric(model.folder/f'predictions_pixel_error{ending}.csv')['set']
    test = (subset == judge).to_numpy()
    off = table.xy[test]-labels.xy[test]
    error = np.linalg.norm(off, axis=-1)
    sides = np.array(image_size(model.cfg.data.root/labels.images[0])[::-1])
    share = np.linalg.norm(off/sides, axis=-1)
    found.add(error=error, share=share, likelihood=table.likelihood[test])
    if view:
        metric = read_metric(model.folder/f'predictions_reprojection_error{ending}.csv')
        reprojection = metric.drop(columns='set').to_numpy(float)[test]
        own = own_residuals(model)[test, model.cfg.data.view_names.index(view)]
        labelled = np.where(np.isfinite(error), reprojection, np.nan)
        found.add(**{view: error}, reproj=reprojection, labelled=labelled, own=own)
        return
    for half in ('top', 'bot'):
        columns = [k for k, name in enumerate(labels.keypoint_names) if name.endswith(half)]
        found.add(**{half: error[:, columns]})


def on_labels(judge: str, model, root: Path) -> dict[str, float]:
    "Errors of the labelled instants of one set; `root` is where the project is."
    model.evaluate(progress=False)
    views = model.cfg.data.view_names or ['']
    found = Collected()
    for csv, view in zip(model.cfg.data.csv_paths, views, strict=True):
        judge_view(found, model, judge, csv, view)
    columns = views if views[0] else ['top', 'bot']
    return summary(found.joined(), (*columns, 'reproj', 'labelled', 'own'))


def decode_branch(network, branch: int, outputs) -> tuple:
    "Keypoints and likelihoods of one branch of a network that has two."
    return tuple(part[branch] for part in network.decode_all(outputs))


def measure(job: dict, place: Path) -> dict[str, dict[str, float]]:
    "Train one way, and judge it; of a model with two branches, both and each."
    limit_threads(job['threads'])
    logging.getLogger('pytorch_lightning').setLevel(logging.ERROR)
    began = time.process_time()
    model, root = trained(job, place)
    about = model.model.about
    cost = dict(cpu=time.process_time()-began, steps=about['steps'], best=about['best_epoch'] or 0)
    judge = partial(on_videos, job)
    if job['data'] not in ('sample', 'ring'): judge = partial(on_labels, job['judge'])
    rows = {job['way']: judge(model, root) | cost}
    network = model.model.network
    if not network.context: return rows
    for branch, name in enumerate(('frame alone', 'neighbours')):
        network.decode = partial(decode_branch, network, branch)
        rows[f'  {name}'] = judge(model, root) | cost
    return rows


def cell(column: str, value: float) -> str:
    "A number in the table; counts have no decimals."
    return f'{value:9.0f}' if column in ('cpu', 'steps', 'best') else f'{value:9.2f}'


def line(name: str, values: dict[str, float]) -> None:
    "Print one row."
    cells = [cell(column, value) for column, value in values.items()]
    print(f'{name:>28}' + ''.join(cells), flush=True)


def once(job: dict) -> dict[str, dict[str, float]]:
    "The rows of a job, measured in a process of its own unless they are known."
    identity = {name: value for name, value in job.items() if name != 'folder'}
    key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:12]
    file = Path(job['folder'])/f'{job["data"]}_{key}.json'
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        rows = in_fresh_process(__file__, job, job['threads'])
        file.write_text(json.dumps(rows), encoding='utf-8')
    return json.loads(file.read_text(encoding='utf-8'))


def print_child(job: dict) -> None:
    "Measure one job in this process, and print its rows as JSON."
    with tempfile.TemporaryDirectory() as place: rows = measure(job, Path(place)/'model')
    plain = {}
    for name, row in rows.items():
        plain[name] = {column: float(value) for column, value in row.items()}
    print(json.dumps(plain))


def common_settings(args: argparse.Namespace) -> dict:
    "What all jobs share."
    steps, batch, size = RECIPE[args.data]
    common = dict(vars(args))
    for name in ('ways', 'seeds', 'child'): del common[name]
    common |= dict(steps=args.steps or steps, batch=args.batch or batch, size=args.size or size)
    if args.checkpoint: common['checkpoint'] = str(Path(args.checkpoint).resolve())
    return common


def print_means(results: dict[str, list[dict]]) -> None:
    "Print the mean over seeds of every row."
    print('\nmean over seeds')
    for name, rows in results.items():
        means = {}
        for column in rows[0]: means[column] = statistics.fmean(row[column] for row in rows)
        line(name, means)


def chosen_ways(data: str, parts: list[str] | None) -> list[str]:
    "The ways whose names contain one of the parts; all without parts."
    if not parts: return list(WAYS[data])
    return [way for way in WAYS[data] if any(part in way for part in parts)]


def print_recipe(args: argparse.Namespace, common: dict) -> None:
    "Print what all ways have in common."
    backbones = args.backbone
    if WAYS[args.data] is SEVERAL: backbones += f' or {args.vit}'
    print(f'{args.data}: {common["batch"]} instants a step, {common["size"]} px, {backbones}')
    if args.data == 'mirror-mouse': print(STRANGERS)


def main() -> None:
    "Train every way with every seed, and print tables as results come in."
    args = parse()
    if args.child: return print_child(args.child)
    ways = chosen_ways(args.data, args.ways)
    common = common_settings(args)
    print_recipe(args, common)
    results: dict[str, list[dict]] = {}
    with tempfile.TemporaryDirectory() as temp:
        common['folder'] = str(args.folder or temp)
        for seed, way in product(args.seeds, ways):
            for name, row in once(common | dict(seed=seed, way=way)).items():
                if not results: print(f'\n{"":>28}' + ''.join(f'{column:>9}' for column in row))
                results.setdefault(name, []).append(row)
                line(f'{seed}, {name}', row)
    print_means(results)


if __name__ == '__main__': sys.exit(main())
