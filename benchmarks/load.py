"""Load: predict many short videos and a very long one in one command, and count what came of it.

    python benchmarks/load.py                                # 500 videos, and one of 500,000 frames
    python benchmarks/load.py --videos 50 --frames 20000     # a quick look

The videos are made on the spot: 48 × 64 pixels, 30 to 90 frames each; the long one repeats one
encoded second. The model is mobilenetv3_small_050 at 64 × 64 with random weights. `lpnb predict FOLDER`
runs in a process of its own, then once more, when there is nothing left to do. Printed are time, peak
memory, and whether every file has as many rows as its video has frames.
"""
import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

from _common import THREADS, plain_parser

SIZE = 48, 64 # height and width of the videos, pixels
SECOND = 100  # frames that the long video repeats
KEYPOINTS = ['nose', 'tail']
LONG = 'overnight' # name of the long video
LPNB = 'from lightning_pose_nb.cli.main import main; main()'


def write_model(folder: Path) -> None:
    "A small network with random weights as a model folder."
    from lightning_pose_nb import load_config
    from lightning_pose_nb.models import build_network, save_model
    cfg = load_config({
        'data': {'image_resize_dims': {'height': 64, 'width': 64}},
        'model': {'backbone': 'mobilenetv3_small_050', 'backbone_pretrained': False},
    })
    save_model(folder, build_network(cfg, num_keypoints=2, pretrained=False), cfg, KEYPOINTS, {})


def write_video(path: Path, frames: int) -> None:
    "A video of grey squares that move."
    import av
    import numpy as np
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=30, options={'bf': '0', 'g': str(SECOND), 'preset': 'ultrafast'})
        stream.height, stream.width = SIZE
        stream.pix_fmt = 'yuv420p'
        for number in range(frames):
            image = np.full((*SIZE, 3), 60, np.uint8)
            image[10:20, number % 50:number % 50+10] = 200
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format='rgb24')))
        container.mux(stream.encode())


def write_long_video(path: Path, frames: int) -> None:
    "A video that repeats the packets of a short one, so that it is made in seconds."
    import av
    short = path.with_suffix('.short.mp4')
    write_video(short, SECOND)
    with av.open(str(short)) as source, av.open(str(path), 'w') as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        packets = [(bytes(packet), packet.is_keyframe) for packet in source.demux(stream) if packet.size]
        for number in range(frames):
            data, is_key = packets[number % SECOND]
            packet = av.Packet(data)
            packet.stream = copy
            packet.time_base = stream.time_base
            packet.pts = packet.dts = round(number/(30*stream.time_base))
            packet.is_keyframe = is_key
            target.mux(packet)
    short.unlink()


def planned(args: argparse.Namespace) -> dict[str, int]:
    "The number of frames of each video by name."
    frames = {f'session{i:04d}': 30+7*i % 61 for i in range(args.videos)}
    if args.frames: frames[LONG] = args.frames
    return frames


def prepare(model: Path, videos: Path, frames: dict[str, int]) -> None:
    "Write the model and the videos; in a process of its own, whose memory is not counted."
    write_model(model)
    videos.mkdir()
    for name, n in frames.items():
        path = videos/f'{name}.mp4'
        if name == LONG: write_long_video(path, n)
        else: write_video(path, n)


def predict(model: Path, videos: Path, threads: int) -> dict[str, float]:
    "Run the command and measure it."
    command = [sys.executable, '-c', LPNB, 'predict', str(model), str(videos)]
    environment = os.environ | dict.fromkeys(THREADS, str(threads))
    began = time.perf_counter()
    with (model/'load.log').open('w') as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter()-began
    code = os.waitstatus_to_exitcode(status)
    return dict(code=code, wall=wall, cpu=used.ru_utime+used.ru_stime, peak=used.ru_maxrss/2**10)


def differences(folder: Path, frames: dict[str, int]) -> Iterator[str]:
    "Videos whose predictions do not have one row for each frame."
    for name, n in frames.items():
        path = folder/f'{name}.csv'
        rows = sum(1 for _ in path.open())-3 if path.is_file() else None
        if rows != n: yield f'{name}: {rows} rows for {n} frames'


def main() -> None:
    "Make, predict, predict again, count."
    p = plain_parser(__doc__)
    p.add_argument('--videos', type=int, default=500, help='short videos')
    p.add_argument('--frames', type=int, default=500_000, help='of the long video; 0: none')
    p.add_argument('--threads', type=int, default=2, help='threads that computations may use')
    args = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder)/'model'
        videos = Path(folder)/'videos'
        frames = planned(args)
        process = get_context('spawn').Process(target=prepare, args=(model, videos, frames))
        process.start()
        process.join()
        if process.exitcode: raise SystemExit('the videos could not be made')
        print(f'{len(frames)} videos, {sum(frames.values())} frames, {args.threads} threads')
        for what in ('first time', 'again'):
            took = predict(model, videos, args.threads)
            print('{}: exit code {code}, {wall:.1f} s, {cpu:.1f} CPU s, peak {peak:.0f} MB'.format(what, **took))
        wrong = list(differences(model/'video_preds', frames))
        print(f'rows equal frames in {len(frames)-len(wrong)} of {len(frames)} videos', *wrong[:10], sep='\n')


if __name__ == '__main__': main()
