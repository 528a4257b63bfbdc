"""Frames per second of each way to read video, and how long a training step waits for them.

    OMP_NUM_THREADS=1 python benchmarks/video_readers.py       # two sizes, then twenty steps
    python benchmarks/video_readers.py --frames 100 --steps 0  # does it run?

The videos are made on the spot: H.264 as `VideoWriter` writes it (a key frame every 60 frames), a
textured image that moves, and noise. `decoder` is FFmpeg alone, one thread and no conversion; the
others give resized, normalised batches: windows of 96 in order, as prediction reads, or clips of 16
in random order, as training does. `again` is a second round over the same clips, kept in memory.
`dali` is NVIDIA's pipeline: decoded by the card where there is one, elsewhere fed by the CPU reader
(`dali fed`), which measures its overhead and no more. The second table trains the plain heatmap
model with a temporal loss and adds up the time in which the network waited for unlabelled frames.
"""
import tempfile
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from _common import limit_threads, plain_parser, project, settings, stopwatch


def film(folder: Path, size: tuple[int, int], frames: int) -> Path:
    "A moving texture with noise."
    import cv2
    import numpy as np

    from lightning_pose_nb.video import VideoWriter
    rng = np.random.default_rng(0)
    h, w = size
    texture = cv2.GaussianBlur(rng.integers(0, 256, (h+64, w+64, 3), dtype=np.uint8), (0, 0), 4)
    texture = cv2.normalize(texture, None, 0, 255, cv2.NORM_MINMAX)
    with VideoWriter(folder/f'{w}x{h}.mp4', size, 30) as writer:
        for i in range(frames):
            x = int(32+30*np.sin(i/20))
            y = int(32+30*np.cos(i/13))
            noise = rng.integers(0, 12, (h, w, 3), dtype=np.uint8)
            writer.add(cv2.add(texture[y:y+h, x:x+w], noise))
    return folder/f'{w}x{h}.mp4'


def decode(video: Path) -> Iterator[int]:
    "Every frame decoded by FFmpeg and dropped."
    import av
    with av.open(str(video)) as container:
        container.streams.video[0].thread_count = 1
        for _ in container.decode(video=0): yield 1


def through(batches: Iterable) -> Iterator[int]:
    "Batches of frames, normalised as the network does it."
    import torch

    from lightning_pose_nb.models import Normalise
    normalise = Normalise()
    for batch in batches:
        frames = torch.as_tensor(batch.frames)
        normalise.to(frames.device)(frames.permute(0, 3, 1, 2))
        yield len(frames)


Way = tuple[str, Iterable[int]]  # name, numbers of frames as they arrive


def ways(video: Path, frames: int, size: tuple[int, int], device: str) -> Iterator[Way]:
    "Name and frames of each way to read a video."
    import numpy as np

    from lightning_pose_nb.video import dali_missing, machine_reason, read_clips, read_clips_dali
    order = [(0, first, 96) for first in range(0, frames, 96)]
    clips = [(0, int(16*i), 16) for i in np.random.default_rng(0).permutation(frames//16)]
    yield 'decoder', decode(video)
    yield 'video, in order', through(read_clips([video], order, size))
    yield 'video, random', through(read_clips([video], clips, size))
    kept = through(read_clips([video], clips*2, size, keep_bytes=2**31))
    for _ in islice(kept, len(clips)): pass
    yield 'video, again', kept
    if not machine_reason(device):
        yield 'dali, in order', through(read_clips_dali([video], order, size, device))
        yield 'dali, random', through(read_clips_dali([video], clips, size, device))
    elif not dali_missing():
        yield 'dali fed, in order', through(read_clips_dali([video], order, size))


NOTHING_ELSE = dict(  # a trainer that only trains
    logger=False,
    enable_checkpointing=False,
    enable_progress_bar=False,
    enable_model_summary=False,
    limit_val_batches=0,
)


def waiting(steps: int, size: int, device: str) -> None:
    "Train a little, and print how long the network waited for unlabelled frames."
    import pytorch_lightning as pl

    from lightning_pose_nb import load_config, read_labels
    from lightning_pose_nb.datasets import PoseData
    from lightning_pose_nb.models import build_network, pick_device
    from lightning_pose_nb.training import PoseModule, make_rates, quiet

    data, _, name = project(False)
    values = settings(data, 'resnet18', size, max_steps=steps, max_epochs=None)
    values['callbacks'] = dict(anneal_weight=dict(freeze_until_epoch=0, init_val=1.))
    values['dali'] = dict(base=dict(train=dict(sequence_length=16)))
    cfg = load_config(values, ['model.losses_to_use=[temporal]', f'training.accelerator={device}'])
    labels = read_labels(cfg.data.csv_paths[0])
    with quiet():
        pose = PoseData(cfg, labels, device=pick_device(device))
        frames = pose.unlabelled
        network = build_network(cfg, len(labels.keypoint_names))
        module = PoseModule(network, cfg, make_rates(cfg, pose.steps_per_epoch))
        trainer = pl.Trainer(max_steps=steps, accelerator=device, **NOTHING_ELSE)
        began = time.perf_counter()
        trainer.fit(module, pose)
        took = time.perf_counter()-began
    work = f'{steps} steps of 16 labelled and 16 unlabelled frames'
    print(f'\n{name}, resnet18, {size}: {work} in {took:.1f} s')
    print(f'waited {frames.waited:.2f} s for frames, {100*frames.waited/took:.1f} %\n{frames.why}')


def main() -> None:
    "Print both tables."
    p = plain_parser(__doc__)
    p.add_argument('--frames', type=int, default=960)
    p.add_argument('--steps', type=int, default=20, help='steps of training for the second table')
    p.add_argument('--size', type=int, default=256, help='side of the images given out')
    p.add_argument('--accelerator', default='cpu', help='cpu, gpu or auto')
    args = p.parse_args()
    limit_threads(1)
    from lightning_pose_nb.models import pick_device
    device = str(pick_device(args.accelerator))
    with tempfile.TemporaryDirectory() as folder:
        print(f'{"":>32}{"frames/s":>10}{"CPU ms/frame":>14}')
        for size in ((400, 400), (1024, 1280)):
            video = film(Path(folder), size, args.frames)
            for name, stream in ways(video, args.frames, (args.size, args.size), device):
                with stopwatch() as took: frames = sum(stream)
                speed = frames/took['wall']
                cost = 1000*took['cpu']/frames
                print(f'{size[1]}×{size[0]:<6}{name:>22}{speed:10.0f}{cost:14.2f}', flush=True)
    if args.steps: waiting(args.steps, args.size, args.accelerator)


if __name__ == '__main__': main()
