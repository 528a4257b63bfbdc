"""What each family of models costs, beside the plain heatmap model: time and memory of a training step and of a frame.

    python benchmarks/families.py                                               # all families at 128 px, one thread
    python benchmarks/families.py --families heatmap heatmap_mhcrnn --sizes 256 --threads 2
    python benchmarks/families.py --accelerator gpu --sizes 256 --batch 16

Training and prediction of each family run in processes of their own. A step is one batch of labelled
instants: of one image each, of five (heatmap_mhcrnn), or of one from each of four cameras (`heatmap, 4
views`, heatmap_multiview_transformer). Times are medians over the steps after the first ones. A predicted
frame is one frame of one video, so an instant of four cameras counts four times. Memory is the largest of the
process, or of the GPU if there is one. Ratios are to the plain heatmap model on the same backbone; those of
time compare processor time, which other programs on the machine disturb less. The projects are samples and
weights are random; families choose their backbones (`--backbones` and `--sample` change nothing). A family
that fails is named, and the others go on.
"""
import json
import statistics
import sys
import tempfile
import time
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
    return make_project(folder, n_frames=40, n_videos=2, n_video_frames=60, context=True, cameras=cameras)


def config(job: dict):
    "The config of one family: the sample's data, the benchmarks' recipe, a handful of steps."
    from lightning_pose_nb import load_config
    model_type, backbone, several = FAMILIES[job['family']]
    data = load_config(sample(several)).data
    known = dict(data_dir=data.data_dir, csv_file=data.csv_file, video_dir=data.video_dir, view_names=data.view_names)
    values = settings(known, backbone, job['size'], train_batch_size=job['batch'], max_epochs=None, min_epochs=None,
                      max_steps=WARM+job['steps'], check_val_every_n_epoch=1000, accelerator=job['accelerator'])
    values['model']['model_type'] = model_type
    return load_config(values)


def gpu_or_process_megabytes(accelerator: str) -> float:
    "Largest memory so far: of the GPU, if one is used, or of this process."
    import torch
    if accelerator != 'cpu' and torch.cuda.is_available(): return torch.cuda.max_memory_allocated()/2**20
    return peak_megabytes()


def measure_training(job: dict) -> dict:
    "Milliseconds per step, and the memory that training takes."
    import torch
    from pytorch_lightning.callbacks import Callback

    from lightning_pose_nb.data import project_labels
    from lightning_pose_nb.training import fit_model

    class Clock(Callback):
        "When each step was done, on the clock and in processor time; a step includes loading its batch."
        times: list = []  # noqa: RUF012

        def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
            if torch.cuda.is_available(): torch.cuda.synchronize()
            self.times.append((time.perf_counter(), cpu_seconds()))

    cfg = config(job)
    fit_model(cfg, project_labels(cfg), job['folder'], progress=False, callbacks=(Clock(),))
    steps = [(b[0]-a[0], b[1]-a[1]) for a, b in pairwise(Clock.times)][WARM-1:]
    wall, cpu = map(statistics.median, zip(*steps, strict=True))
    return dict(step=1000*wall, step_cpu=1000*cpu, step_mb=gpu_or_process_megabytes(job['accelerator']))


def measure_prediction(job: dict) -> dict:
    "Milliseconds per frame of a video, and the memory that prediction takes; the first pass warms up."
    from lightning_pose_nb import TrainedModel, load_config
    from lightning_pose_nb.video import find_videos, probe

    data = load_config(sample(FAMILIES[job['family']][2])).data
    videos = [v for v in find_videos(data.video_path) if v.stem.startswith('session0')]
    views = {view: next(v for v in videos if v.stem.endswith(view)) for view in data.view_names or ()}
    model = TrainedModel(job['folder'], job['accelerator'])
    options = dict(progress=False, overwrite=True)
    frames = sum(probe(video).n_frames for video in videos)
    for _ in range(2):
        with stopwatch() as took:
            if views: model.predict_session(views, **options)
            else: model.predict_video(videos[0], **options)
    memory = gpu_or_process_megabytes(job['accelerator'])
    return dict(frame=1000*took['wall']/frames, frame_cpu=1000*took['cpu']/frames, frame_mb=memory)


def measure(job: dict) -> dict:
    "One half of one family's row; a family that cannot be trained says why."
    from lightning_pose_nb.core import ProjectError
    limit_threads(job['threads'])
    try: return measure_training(job) if job['phase'] == 'train' else measure_prediction(job)
    except ProjectError as error: return dict(why=error.problems[0].found)


def both_halves(job: dict) -> dict:
    "Training and prediction of one family; a family that fails has the reason under `why`."
    row = dict(job)
    with tempfile.TemporaryDirectory() as folder:
        for phase in ('train', 'predict'):
            try: row |= in_fresh_process(__file__, job | dict(folder=folder, phase=phase), job['threads'])
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
    common = dict(batch=args.batch, steps=args.steps, threads=args.threads, accelerator=args.accelerator)
    jobs = [common | dict(family=family, size=size) for size, family in product(args.sizes, args.families)]
    def ratio(name): return lambda r: f'{r[name]/r["plain"][name]:.2f}' if r['plain'] else '-'
    def ms(name): return lambda r: f'{r[name]:.1f}'
    columns = {'family                       ': lambda r: r['family'], 'size': lambda r: str(r['size'])}
    for what, space in (('step', ''), ('frame', ' ')):  # headings differ, as they are keys
        columns |= {
            f'{what} ms': ms(what), f'{what} CPU ms': ms(f'{what}_cpu'), f'× plain{space}': ratio(f'{what}_cpu'),
            f'{what} MB': ms(f'{what}_mb'), f'× plain  {space}': ratio(f'{what}_mb')}
    table(columns, rows(jobs))


if __name__ == '__main__': main()
