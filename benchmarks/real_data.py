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
all 994 frames are printed, too.
"""
import argparse
import logging
import tempfile
import time
from pathlib import Path

from _common import plain_parser, settings

Errors = dict[str, tuple[float, float]]  # of the validation and of the test frames: mean, median
LIGHTNING_POSE: Errors = {'validation': (14.1, 7.5), 'test': (22.3, 7.7)}  # decoded correctly
ABSENT = 'mirror-mouse-example is not there: see lightning_pose_nb.synthetic.real_data'


def errors(csv: Path) -> Errors:
    "Mean and median pixel error of the validation and test frames in a table of errors."
    import numpy as np
    import pandas as pd
    frame = pd.read_csv(csv, index_col=0)
    found = {}
    for name in LIGHTNING_POSE:
        values = frame[frame['set'] == name].drop(columns='set').to_numpy(float)
        found[name] = float(np.nanmean(values)), float(np.nanmedian(values))
    return found


def line(label: object, result: Errors, note: str = '') -> None:
    "Print one row of the table."
    numbers = [*result['validation'], *result['test']]
    cells = [f'{number:12.2f}' for number in numbers]
    print(f'{label!s:>15}' + ''.join(cells) + f'   {note}', flush=True)


def with_video(cfg: dict, args: argparse.Namespace) -> None:
    "Add the example's PCA columns and, with losses, its video, for as many steps as without."
    body = [*range(7), *range(8, 15)]
    cfg['data']['columns_for_singleview_pca'] = body
    cfg['data']['mirrored_column_matches'] = [body[:7], body[7:]]
    if not args.losses: return
    fade = max(1, args.epochs//10)
    cfg['model']['losses_to_use'] = args.losses
    cfg['losses'] = {name: dict(log_weight=args.log_weight) for name in args.losses}
    cfg['training'] |= dict(
        max_steps=5*args.epochs,
        max_epochs=None,
        check_val_every_n_epoch=max(1, args.validate_every//2),
    )
    cfg['dali'] = dict(base=dict(train=dict(sequence_length=16)))
    cfg['callbacks'] = dict(anneal_weight=dict(freeze_until_epoch=fade-1, increase_factor=1/fade))


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


def train_one(seed: int, folder: Path, keep: Path, args: argparse.Namespace) -> Errors:
    "Train with one seed, print its row, and return its errors."
    from lightning_pose_nb import train
    data = dict(data_dir=str(folder), csv_file='CollectedData.csv', video_dir='videos')
    training = dict(
        max_epochs=args.epochs,
        check_val_every_n_epoch=args.validate_every,
        rng_seed_model_pt=seed,
        optimizer='Adam',
        optimizer_params=dict(learning_rate=1e-3),
        accelerator=args.accelerator,
    )
    cfg = settings(data, 'resnet18', 128, **training)
    with_video(cfg, args)
    began = time.perf_counter()
    model = train(cfg, keep/f'seed{seed}', progress=False)
    seconds = time.perf_counter()-began
    result = errors(model.folder/'predictions_pixel_error.csv')
    about = model.model.about
    steps = about.get('steps', '?')
    best = about.get('best_epoch', '?')
    run = f'{seconds:.0f} s, {steps} steps, best epoch {best}'
    line(f'seed {seed}', result, run+on_video(model))
    return result


def main() -> None:
    "Train once per seed and print a table."
    args = parse()
    from lightning_pose_nb.synthetic import real_data
    folder = real_data('mirror-mouse-example')
    if folder is None: raise SystemExit(ABSENT)
    logging.getLogger('pytorch_lightning').setLevel(logging.ERROR)
    headings = ('val mean', 'val median', 'test mean', 'test median')
    print(f'{"px":>15}' + ''.join(f'{heading:>12}' for heading in headings))
    with tempfile.TemporaryDirectory() as temp:
        results = [train_one(seed, folder, args.keep or Path(temp), args) for seed in args.seeds]
    average = {}
    for name in LIGHTNING_POSE:
        columns = zip(*(result[name] for result in results), strict=True)
        average[name] = tuple(sum(column)/len(results) for column in columns)
    line('average', average)
    line('Lightning Pose', LIGHTNING_POSE)


if __name__ == '__main__': main()
