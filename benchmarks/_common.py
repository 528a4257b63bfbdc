"What the benchmarks share: a project to measure on, a fresh process per configuration, a table."
from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

THREADS = ('OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'NUMEXPR_NUM_THREADS')


def plain_parser(doc: str) -> argparse.ArgumentParser:
    "A command line without options; the script's docstring is its help, as it is written."
    as_written = argparse.RawDescriptionHelpFormatter
    return argparse.ArgumentParser(description=doc, formatter_class=as_written)


def parser(doc: str) -> argparse.ArgumentParser:
    "Options that every benchmark has; the script's docstring is its help."
    p = plain_parser(doc)
    p.add_argument('--sizes', type=int, nargs='+', default=[128, 256],
                   help="side of the network's input, pixels")
    p.add_argument('--backbones', nargs='+', default=['resnet18', 'resnet50'])
    p.add_argument('--threads', type=int, default=1, help='threads that computations may use')
    p.add_argument('--sample', action='store_true',
                   help='the sample project, even if there are real data')
    p.add_argument('--accelerator', default='cpu', help='cpu, gpu, mps or auto')
    p.add_argument('--child', help=argparse.SUPPRESS)
    return p


def project(sample: bool) -> tuple[dict, Path, str]:
    "The `data` section of a config, a video, and the name of the project that they belong to."
    from lightning_pose_nb import make_project
    from lightning_pose_nb.synthetic import real_data
    from lightning_pose_nb.video import find_videos
    name = 'mirror-mouse-example'
    folder = None if sample else real_data(name)
    if folder is None:
        name = 'sample project'
        home = Path(tempfile.gettempdir())/'lpnb_benchmark_sample'
        folder = make_project(home, n_frames=90, n_videos=3).parent
    data = dict(data_dir=str(folder), csv_file='CollectedData.csv', video_dir='videos')
    return data, find_videos(folder/'videos')[0], name


def settings(data: dict, backbone: str, size: int, **training) -> dict:
    "A config: Lightning Pose's recipe for 90 labelled frames, of which 72 are trained on."
    recipe = dict(
        imgaug='dlc',
        train_batch_size=16,
        train_prob=0.8,
        val_prob=0.1,
        rng_seed_data_pt=42,
        unfreezing_epoch=None,
    )
    model = dict(
        model_type='heatmap',
        backbone=backbone,
        backbone_pretrained=False,
        losses_to_use=[],
    )
    return dict(
        data=data | dict(image_resize_dims=dict(height=size, width=size)),
        model=model,
        training=recipe | training,
        eval=dict(predict_vids_after_training=False))


def limit_threads(n: int) -> None:
    "Hold this process to n threads, where libraries can be told, and Lightning to what matters."
    import cv2
    import torch
    torch.set_num_threads(n)
    cv2.setNumThreads(n)
    logging.getLogger('pytorch_lightning').setLevel(logging.ERROR)


def cpu_seconds() -> float:
    "Processor time of this process, all its threads, and its children that have ended."
    child = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + child.ru_utime + child.ru_stime


def peak_megabytes() -> float:
    "Largest memory this process had so far."
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak/2**20 if sys.platform == 'darwin' else peak/2**10


@contextmanager
def stopwatch() -> Iterator[dict]:
    "Wall-clock and processor seconds of a block, in the dictionary that it is given."
    took: dict = {}
    wall = time.perf_counter()
    cpu = cpu_seconds()
    yield took
    took.update(wall=time.perf_counter()-wall, cpu=cpu_seconds()-cpu)


def in_fresh_process(script: str, job: dict, threads: int) -> dict:
    "Run `script --child JOB`, and return the JSON in the last line it prints."
    command = [sys.executable, script, '--threads', str(threads), '--child', json.dumps(job)]
    environment = os.environ | dict.fromkeys(THREADS, str(threads))
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode: raise SystemExit(f'{Path(script).name} failed at {job}')
    return json.loads(done.stdout.splitlines()[-1])


IMPORT = '''
import time
wall = time.perf_counter()
cpu = time.process_time()
import lightning_pose_nb.api
print(time.perf_counter()-wall, time.process_time()-cpu)
'''


def one_import() -> tuple[float, float]:
    "Wall-clock and processor seconds of one import in a process of its own."
    command = [sys.executable, '-c', IMPORT]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    wall, cpu = done.stdout.split()
    return float(wall), float(cpu)


def import_time() -> str:
    "How long `import lightning_pose_nb.api` takes in a process of its own, best of three."
    wall, cpu = min(one_import() for _ in range(3))
    return f'import lightning_pose_nb.api: {wall:.2f} s ({cpu:.2f} CPU s)'


def table(columns: dict[str, Callable[[dict], str]], rows: Iterator[dict]) -> None:
    "Print rows as they arrive, under their headings."
    width = {name: max(len(name), 8)+2 for name in columns}
    print(''.join(f'{name:>{width[name]}}' for name in columns))
    for row in rows:
        cells = [f'{show(row):>{width[name]}}' for name, show in columns.items()]
        print(''.join(cells), flush=True)
