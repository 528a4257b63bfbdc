"""Accuracy on real data, beside Lightning Pose: mirror-mouse-example, a new resnet18, 128 px.

    python benchmarks/real_data.py                       # three seeds; a minute of two cores each
    python benchmarks/real_data.py --seeds 0 --epochs 1  # does it run?
    python benchmarks/real_data.py --losses temporal pca_singleview --log-weight 6.5  # video, too

The recipe is the one that Lightning Pose was measured with: random weights, augmentation `dlc`,
batch 16, Adam at 1e-3, no freezing, 47 epochs of 5 steps (235 steps of the optimiser), data seed
42, 80% of the 90 frames to train on and 10% each to validate and test. The errors are distances in
pixels of the original frame (396 × 406), over all labelled keypoints of the 9 validation and the 9
test frames. The validation frames also choose the network that is kept, so only the test frames are
a fair judge. With `--losses` the steps are as many, sixteen unlabelled frames of the example's
video join each of them, off for the first fifth and faded in over the second, and the PCA errors of
all 994 frames are printed, too. To compare settings, with intervals, take benchmarks/accuracy.py;
this is the line of its `mirror-mouse` beside Lightning Pose.
"""
import argparse
import logging
import tempfile
import time
from pathlib import Path

from _common import plain_parser
from _sets import Job, Keys, labelled_parts, mirror_mouse

Errors = dict[str, tuple[float, float]]  # of the validation and of the test frames: mean, median
LIGHTNING_POSE: Errors = {'validation': (14.1, 7.5), 'test': (22.3, 7.7)}  # decoded correctly


def errors(model: object) -> Errors:
    "Mean and median pixel error of the labelled validation and test frames."
    import numpy as np
    found = {}
    for name, part in labelled_parts(model).items():
        values = np.array(part['errors'], float)
        found[name] = float(np.nanmean(values)), float(np.nanmedian(values))
    return found


def line(label: object, result: Errors, note: str = '') -> None:
    "Print one row of the table."
    numbers = [*result['validation'], *result['test']]
    cells = [f'{number:12.2f}' for number in numbers]
    print(f'{label!s:>15}' + ''.join(cells) + f'   {note}', flush=True)


def with_losses(args: argparse.Namespace) -> Keys:
    "The losses on video, and their weights."
    weights = {f'losses.{name}.log_weight': args.log_weight for name in args.losses}
    return weights | {'model.losses_to_use': args.losses}


def on_video(model: object) -> str:
    "Mean PCA errors and jumps of the example's video, ready to print."
    import numpy as np

    from lightning_pose_nb.evaluation import pca_errors, temporal_norm
    from lightning_pose_nb.video import find_videos
    table = model.predict_video(find_videos(model.cfg.data.video_path)[0], progress=False)
    pca = pca_errors(table.xy, model.model.subspaces)
    found = {name.removesuffix('_error'): np.nanmean(values) for name, values in pca.items()}
    found['jumps over 20 px, per 1000'] = 1000*np.mean(temporal_norm(table.xy)[1:] > 20)
    return '; video: ' + ', '.join(f'{name} {value:.2f}' for name, value in found.items())


def parse() -> argparse.Namespace:
    "The command line."
    p = plain_parser(__doc__)
    p.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2],
                   help='seeds of the new weights (training.rng_seed_model_pt)')
    p.add_argument('--epochs', type=int, default=47)
    p.add_argument('--validate-every', type=int, default=5, help='epochs between two validations')
    p.add_argument('--accelerator', default='cpu', help='cpu, gpu, mps or auto')
    p.add_argument('--losses', nargs='*', default=[], help='losses on unlabelled video')
    p.add_argument('--log-weight', type=float, default=11., help='of each of them')
    p.add_argument('--keep', type=Path,
                   help='folder for the trained models; default: they are deleted')
    return p.parse_args()


def train_one(seed: int, keep: Path, args: argparse.Namespace) -> Errors:
    "Train with one seed, print its row, and return its errors."
    from lightning_pose_nb import train
    job = Job('mirror-mouse', '', [], seed, 5*args.epochs, 128, 72, bool(args.losses))
    cfg, keys = mirror_mouse(job, keep)
    keys |= with_losses(args) | {'training.accelerator': args.accelerator}
    if not args.losses: keys['training.check_val_every_n_epoch'] = args.validate_every
    began = time.perf_counter()
    model = train(cfg, keep/f'seed{seed}', keys, progress=False)
    seconds = time.perf_counter()-began
    result = errors(model)
    about = model.model.about
    steps = about.get('steps', '?')
    best = about.get('best_epoch', '?')
    run = f'{seconds:.0f} s, {steps} steps, best epoch {best}'
    line(f'seed {seed}', result, run+on_video(model))
    return result


def main() -> None:
    "Train once per seed and print a table."
    args = parse()
    logging.getLogger('pytorch_lightning').setLevel(logging.ERROR)
    headings = ('val mean', 'val median', 'test mean', 'test median')
    print(f'{"px":>15}' + ''.join(f'{heading:>12}' for heading in headings))
    with tempfile.TemporaryDirectory() as temp:
        results = [train_one(seed, args.keep or Path(temp), args) for seed in args.seeds]
    average = {}
    for name in LIGHTNING_POSE:
        columns = zip(*(result[name] for result in results), strict=True)
        average[name] = tuple(sum(column)/len(results) for column in columns)
    line('average', average)
    line('Lightning Pose', LIGHTNING_POSE)


if __name__ == '__main__': main()
