"""All speeds in one table: training, prediction with every runtime and precision, start-up, memory.

    python benchmarks/run.py                       # everything, on one thread; an hour
    python benchmarks/run.py --quick               # resnet18 at 128 px only, one run each; minutes
    python benchmarks/run.py --only predict        # or train, start
    python benchmarks/run.py --compare A.json B.json

Each number is the median of three runs, each in a process of its own, on mirror-mouse-example or
the sample. CPU seconds stand beside wall-clock seconds: other programs on the machine lengthen only
the latter. Times of prediction are end to end: reading, network, decoding, writing; their memory
includes the engines that were tried. The keypoints of each runtime and precision are compared with
those of eager fp32 (median and 99th percentile in pixels of the frame, of sure keypoints). Weights
are those of `--model`, a model folder, or random ones, which cost the same and say nothing about
int8. Results go to benchmarks/results/NAME.json.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path

import predict_video
import train_epoch
from _common import in_fresh_process, limit_threads, plain_parser, project, settings, stopwatch

RESULTS = Path(__file__).parent/'results'
KINDS = {
    'supervised': {},
    'semi-supervised': {
        'model.losses_to_use': ['temporal'],
        'callbacks.anneal_weight': {'freeze_until_epoch': 0, 'increase_factor': 1.0}},
    'context': {'model.model_type': 'heatmap_mhcrnn'}}
ENGINES = (('eager', '32'), ('onnx', '32'), ('openvino', '32'), ('openvino', 'int8'), ('auto', 'bf16'))


def machine(threads: int) -> dict:
    "What the numbers depend on."
    import torch

    from lightning_pose_nb.runtimes import has_amx
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else 'none'
    return dict(amx=has_amx(), threads=threads, cores=os.cpu_count(), gpu=gpu,
        processor=platform.processor() or platform.machine(), torch=torch.__version__)


def predict(job: dict) -> dict:
    "Predict a video with one runtime and precision; beside it eager fp32, for its keypoints."
    import numpy as np
    from _common import peak_megabytes

    from lightning_pose_nb import TrainedModel, load_config, read_labels
    from lightning_pose_nb.models import build_network, save_model
    limit_threads(job['threads'])
    data, video, _ = project(job['sample'])
    cfg = load_config(settings(data, job['backbone'], job['size']))
    names = read_labels(cfg.data.csv_paths[0]).keypoint_names
    options = dict(progress=False, batch_size=16)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(job['model'] or folder)
        if not job['model']: save_model(place, build_network(cfg, num_keypoints=len(names)), cfg, names, {})
        video = predict_video.clip(video, job['frames'], folder)
        model = TrainedModel(place, job['accelerator'])
        chosen = dict(runtime=job['runtime'], precision=job['precision'])
        short = predict_video.clip(video, 40, tempfile.mkdtemp(dir=folder))
        model.predict_video(short, Path(folder)/'first.csv', **options, **chosen)  # compiles and chooses
        with stopwatch() as took: found = model.predict_video(video, Path(folder)/'own.csv', **options, **chosen)
        peak = peak_megabytes()
        eager = model.predict_video(video, Path(folder)/'eager.csv', **options, precision='32')
        note = json.loads((place/'runtime.json').read_text()) if (place/'runtime.json').is_file() else {}
    shift = np.linalg.norm(found.xy-eager.xy, axis=-1)
    sure = eager.likelihood >= 0.9
    shift = shift[sure] if sure.any() else shift.ravel()
    return dict(frames=len(found.index), wall=took['wall'], cpu=took['cpu'], peak=peak,
        used='eager' if job['runtime'] == 'eager' else note.get('runtime', 'eager'),
        median_shift=float(np.median(shift)), tail_shift=float(np.quantile(shift, 0.99)))


def train(job: dict) -> dict:
    "CPU seconds of an epoch."
    plain = train_epoch.settings
    def with_kind(*args: object, **training: object) -> dict:
        config = plain(*args, **training)
        for key, value in KINDS[job['kind']].items():
            section, name = key.split('.')
            config.setdefault(section, {})[name] = value
        return config
    train_epoch.settings = with_kind
    return train_epoch.measure(job)


START = {
    'import lightning_pose_nb': [sys.executable, '-c', 'import lightning_pose_nb'],
    'lpnb --help': [sys.executable, '-m', 'lightning_pose_nb', '--help']}


def start(job: dict) -> dict:
    "Seconds until a command has ended."
    with stopwatch() as took: subprocess.run(START[job['what']], check=True, stdout=subprocess.DEVNULL)
    return took


MEASURES = {'start': start, 'predict': predict, 'train': train}


def jobs(args: argparse.Namespace) -> list[dict]:
    "What is to be measured."
    sizes = [128] if args.quick else [128, 256]
    backbones = ['resnet18'] if args.quick else ['resnet18', 'resnet50']
    common = dict(sample=args.sample, threads=args.threads, accelerator=args.accelerator)
    found = []
    if 'start' in args.only: found += [dict(measure='start', threads=args.threads, what=what) for what in START]
    for backbone, size in product(backbones, sizes):
        network = common | dict(backbone=backbone, size=size)
        if 'predict' in args.only:
            more = dict(measure='predict', frames=args.frames, model=args.model)
            found += [network | more | dict(runtime=runtime, precision=precision) for runtime, precision in ENGINES]
        if 'train' in args.only:
            found += [network | dict(measure='train', epochs=1 if args.quick else 3, kind=kind) for kind in KINDS]
    return found


def name_of(job: dict) -> str:
    "What a row is called."
    keys = ('measure', 'what', 'kind', 'backbone', 'size', 'runtime', 'precision')
    return ' '.join(str(job[key]) for key in keys if key in job)


def measure(job: dict, repeats: int) -> dict:
    "Medians of a job that is done several times."
    runs = [in_fresh_process(__file__, job, job['threads']) for _ in range(repeats)]
    row = {}
    for key, value in runs[0].items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        row[key] = statistics.median(run[key] for run in runs) if is_number else value
    return row


def line(name: str, row: dict) -> str:
    "A row of the table."
    cells = [f'{name:<42}', f'{row["wall"]:8.2f} s', f'{row["cpu"]:8.2f} CPU s']
    if 'used' in row:
        cells.append(f'{row["frames"]/row["wall"]:7.1f}/s {row["frames"]/row["cpu"]:7.1f}/CPU s  {row["used"]}, '
            f'moves {row["median_shift"]:.2g}; {row["tail_shift"]:.2g} px')
    if 'peak' in row: cells.append(f'{row["peak"]:6.0f} MB')
    return '  '.join(cells)


def compare(files: list[Path]) -> None:
    "Print what two results have in common, and how the second differs."
    before, after = (json.loads(file.read_text(encoding='utf-8')) for file in files)
    for key, value in before['machine'].items():
        if after['machine'].get(key) != value: print(f'{key}: {value} → {after["machine"].get(key)}')
    for name, row in before['rows'].items():
        if name not in after['rows']: continue
        old, new = row['cpu'], after['rows'][name]['cpu']
        print(f'{name:<42}  {old:8.2f} → {new:8.2f} CPU s  ({new/old-1:+.0%})')


def parse() -> argparse.Namespace:
    "The command line."
    p = plain_parser(__doc__)
    p.add_argument('--only', nargs='+', choices=list(MEASURES), default=list(MEASURES))
    p.add_argument('--quick', action='store_true', help='resnet18 at 128 px, one run each')
    p.add_argument('--threads', type=int, default=1, help='threads that computations may use')
    p.add_argument('--accelerator', default='cpu', help='cpu, gpu, mps or auto')
    p.add_argument('--sample', action='store_true', help='the sample project, even if there are real data')
    p.add_argument('--frames', type=int, default=200, help='frames of the video; 0: all')
    p.add_argument('--model', help='a model folder to predict with, of any size; default: random weights')
    p.add_argument('--name', default=platform.node() or 'machine', help='of the file in benchmarks/results')
    p.add_argument('--compare', type=Path, nargs=2, metavar=('A', 'B'), help='two results')
    p.add_argument('--child', help=argparse.SUPPRESS)
    return p.parse_args()


def main() -> None:
    "Measure, print and store."
    args = parse()
    if args.compare: return compare(args.compare)
    if args.child:
        job = json.loads(args.child)
        return print(json.dumps(MEASURES[job['measure']](job)))
    result: dict = dict(machine=machine(args.threads), rows={})
    print(', '.join(f'{key} {value}' for key, value in result['machine'].items()) + '\n')
    for job in jobs(args):
        row = measure(job, 1 if args.quick else 3)
        result['rows'][name_of(job)] = row
        print(line(name_of(job), row), flush=True)
        (RESULTS/f'{args.name}.json').write_text(json.dumps(result, indent=1)+'\n', encoding='utf-8')


if __name__ == '__main__': main()
