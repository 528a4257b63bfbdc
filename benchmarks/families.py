"""What each family of models costs beside the plain heatmap model: time and memory, step and frame.

    python benchmarks/families.py                        # all families at 128 px, one thread
    python benchmarks/families.py --families heatmap heatmap_mhcrnn --sizes 256 --threads 2
    python benchmarks/families.py --accelerator gpu --sizes 256 --batch 16

Training and prediction of each family run in processes of their own. A step is one batch of
labelled instants: of one image each, of five (heatmap_mhcrnn), or of one from each of four cameras
(`heatmap, 4 views`, heatmap_multiview_transformer). Times are medians over the steps after the
first ones. A predicted frame is one frame of one video, so an instant of four cameras counts four
times. Memory is the largest of the process, or of the GPU if there is one. Ratios are to the plain
heatmap model on the same backbone; those of time compare processor time, which other programs on
the machine disturb less. The projects are samples and weights are random; families choose their
backbones (`--backbones` and `--sample` change nothing). A family that fails is named, and the
others go on.
"""
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise, product
from pathlib import Path

from _common import (
    cpu_seconds,
    import_time,
    in_fresh_process,
    limit_threads,
    parser,
    peak_megabytes,
    settings,
    stopwatch,
    table,
)

WARM = 3  # steps that are not measured
CAMERAS = 4
FAMILIES = {  # name: model_type, backbone, several cameras
    'heatmap': ('heatmap', 'resnet18', False),
    'regression': ('regression', 'resnet18', False),
    'heatmap_mhcrnn': ('heatmap_mhcrnn', 'resnet18', False),
    f'heatmap, {CAMERAS} views': ('heatmap', 'resnet18', True),
    'heatmap on a ViT': ('heatmap', 'vits_dino', False),
    'heatmap_multiview_transformer': ('heatmap_multiview_transformer', 'vits_dino', True)}


def sample(several: bool) -> Path:
    "The config of a sample project, with one image per instant or with one per camera."
    from lightning_pose_nb import make_project
    folder = Path(tempfile.gettempdir())/f'lpnb_benchmark_{"views" if several else "frames"}'
    cameras = CAMERAS if several else 0
    size = dict(n_frames=40, n_videos=2, n_video_frames=60, cameras=cameras)
    return make_project(folder, context=True, **size)


def config(job: dict):
    "The config of one family: the sample's data, the benchmarks' recipe, a handful of steps."
    from lightning_pose_nb import load_config
    model_type, backbone, several = FAMILIES[job['family']]
    data = load_config(sample(several)).data
    keys = ('data_dir', 'csv_file', 'video_dir', 'view_names')
    known = {key: getattr(data, key) for key in keys}
    training = dict(
        train_batch_size=job['batch'],
        max_epochs=None,
        min_epochs=None,
        max_steps=WARM+job['steps'],
        check_val_every_n_epoch=1000,
        accelerator=job['accelerator'],
    )
    values = settings(known, backbone, job['size'], **training)
    values['model']['model_type'] = model_type
    return load_config(values)


def gpu_or_process_megabytes(accelerator: str) -> float:
    "Largest memory so far: of the GPU, if one is used, or of this process."
    import torch
    on_gpu = accelerator != 'cpu' and torch.cuda.is_available()
    if on_gpu: return torch.cuda.max_memory_allocated()/2**20
    return peak_megabytes()


def measure_training(job: dict) -> dict:
    "Milliseconds per step, and the memory that training takes."
    import torch
    from pytorch_lightning.callbacks import Callback

    from lightning_pose_nb.data import project_labels
    from lightning_pose_nb.training import fit_model

    class Clock(Callback):
        "When each step, loading of its batch included, was done: on the clock, in processor time."
        times: list = []  # noqa: RUF012

        def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
            if torch.cuda.is_available(): torch.cuda.synchronize()
            self.times.append((time.perf_counter(), cpu_seconds()))

    cfg = config(job)
    fit_model(cfg, project_labels(cfg), job['folder'], progress=False, callbacks=(Clock(),))
    steps = [(b[0]-a[0], b[1]-a[1]) for a, b in pairwise(Clock.times)][WARM-1:]
    wall, cpu = map(statistics.median, zip(*steps, strict=True))
    memory = gpu_or_process_megabytes(job['accelerator'])
    return dict(step=1000*wall, step_cpu=1000*cpu, step_mb=memory)


def measure_prediction(job: dict) -> dict:
    "Milliseconds per frame of a video, and the memory of prediction; the first pass warms up."
    from lightning_pose_nb import TrainedModel, load_config
    from lightning_pose_nb.video import find_videos, probe

    data = load_config(sample(FAMILIES[job['family']][2])).data
    videos = [video for video in find_videos(data.video_path) if video.stem.startswith('session0')]
    views = {}
    for view in data.view_names or ():
        views[view] = next(video for video in videos if video.stem.endswith(view))
    model = TrainedModel(job['folder'], job['accelerator'])
    options = dict(progress=False, overwrite=True)
    frames = sum(probe(video).n_frames for video in videos)
    for _ in range(2):
        with stopwatch() as took:
            if views: model.predict_session(views, **options)
            else: model.predict_video(videos[0], **options)
    memory = gpu_or_process_megabytes(job['accelerator'])
    wall = 1000*took['wall']/frames
    cpu = 1000*took['cpu']/frames
    return dict(frame=wall, frame_cpu=cpu, frame_mb=memory)


def measure(job: dict) -> dict:
    "One half of one family's row; a family that cannot be trained says why."
    from lightning_pose_nb.core import ProjectError
    limit_threads(job['threads'])
    half = measure_training if job['phase'] == 'train' else measure_prediction
    try: return half(job)
    except ProjectError as error: return dict(why=error.problems[0].found)


def both_halves(job: dict) -> dict:
    "Training and prediction of one family; a family that fails has the reason under `why`."
    row = dict(job)
    with tempfile.TemporaryDirectory() as folder:
        for phase in ('train', 'predict'):
            half = job | dict(folder=folder, phase=phase)
            try: row |= in_fresh_process(__file__, half, job['threads'])
            except SystemExit as error: row['why'] = str(error)
            if 'why' in row: break
    return row


def rows(jobs: list[dict]):
    "The measured families, each with those of the plain model on its backbone and size."
    plain: dict = {}
    for job in jobs:
        model_type, backbone, several = FAMILIES[job['family']]
        row = both_halves(job)
        if 'why' in row:
            print(f'{job["family"]}: {row["why"]}', file=sys.stderr)
            continue
        if model_type == 'heatmap' and not several: plain[backbone, job['size']] = row
        yield row | dict(plain=plain.get((backbone, job['size']), {}))


def number(name: str) -> Callable[[dict], str]:
    "A column that shows a number of a row."
    return lambda row: f'{row[name]:.1f}'


def ratio(name: str) -> Callable[[dict], str]:
    "A column that shows how a number of a row compares with that of the plain model."
    return lambda row: f'{row[name]/row["plain"][name]:.2f}' if row['plain'] else '-'


def all_columns() -> dict[str, Callable[[dict], str]]:
    "Heading and contents of each column."
    columns = {
        'family                       ': lambda row: row['family'],
        'size': lambda row: str(row['size']),
    }
    for what, space in (('step', ''), ('frame', ' ')):  # headings differ, as they are keys
        columns |= {
            f'{what} ms': number(what),
            f'{what} CPU ms': number(f'{what}_cpu'),
            f'× plain{space}': ratio(f'{what}_cpu'),
            f'{what} MB': number(f'{what}_mb'),
            f'× plain  {space}': ratio(f'{what}_mb'),
        }
    return columns


def main() -> None:
    "Measure every family and print a table."
    p = parser(__doc__)
    p.add_argument('--families', nargs='+', default=list(FAMILIES), choices=list(FAMILIES))
    p.add_argument('--batch', type=int, default=4, help='labelled instants per step')
    p.add_argument('--steps', type=int, default=12, help=f'training steps to measure, after {WARM}')
    p.set_defaults(sizes=[128])
    args = p.parse_args()
    if args.child: return print(json.dumps(measure(json.loads(args.child))))
    print(f'batch {args.batch}, {args.threads} thread(s), {args.accelerator}; {import_time()}\n')
    common = dict(
        batch=args.batch,
        steps=args.steps,
        threads=args.threads,
        accelerator=args.accelerator,
    )
    choices = product(args.sizes, args.families)
    jobs = [common | dict(family=family, size=size) for size, family in choices]
    table(all_columns(), rows(jobs))


if __name__ == '__main__': main()
