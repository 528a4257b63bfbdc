"""Time the prediction of a whole video: reading, network, heatmap decoding, writing.

    python benchmarks/predict_video.py                   # 128 and 256 px, resnet18 and resnet50
    python benchmarks/predict_video.py --sizes 128 --backbones resnet18 --frames 100

The video is that of mirror-mouse-example (994 frames of 396 × 406), or of the sample project where
the data are not there. Random weights cost the same. Each configuration runs in a process of its
own. `read` is decoding and resizing alone. For comparison, Lightning Pose predicts 4.1 (resnet18)
and 2.2 (resnet50) frames per CPU second at 256.
"""
import json
import tempfile
from itertools import islice, product
from pathlib import Path

from _common import (
    import_time,
    in_fresh_process,
    limit_threads,
    parser,
    peak_megabytes,
    project,
    settings,
    stopwatch,
    table,
)


def clip(video: Path, frames: int, folder: str) -> Path:
    "The video, or its first frames as a video of their own."
    from lightning_pose_nb.video import VideoWriter, probe, read_frames
    if not frames: return video
    info = probe(video)
    with VideoWriter(Path(folder)/'clip.mp4', (info.height, info.width), info.fps) as writer:
        for frame in islice(read_frames(video), frames): writer.add(frame)
    return Path(folder)/'clip.mp4'


def measure(job: dict) -> dict:
    "Predict the video with a new network, then read it without one."
    from lightning_pose_nb import TrainedModel, load_config, read_labels
    from lightning_pose_nb.models import build_network, save_model
    from lightning_pose_nb.video import read_batches

    limit_threads(job['threads'])
    data, video, _ = project(job['sample'])
    cfg = load_config(settings(data, job['backbone'], job['size']))
    names = read_labels(cfg.data.csv_paths[0]).keypoint_names
    with tempfile.TemporaryDirectory() as folder:
        video = clip(video, job['frames'], folder)
        save_model(folder, build_network(cfg, num_keypoints=len(names)), cfg, names, {})
        model = TrainedModel(folder, job['accelerator'])
        with stopwatch() as whole:
            table = model.predict_video(video, batch_size=job['batch'], progress=False)
        peak = peak_megabytes()
        with stopwatch() as read:
            batches = read_batches(video, job['batch'] or 96, cfg.data.size)
            rows = sum(len(batch.frames) for batch in batches)
    predicted = len(table.index)
    if rows != predicted: raise SystemExit(f'{rows} frames were read, but {predicted} predicted')
    return dict(
        frames=rows,
        wall=whole['wall'],
        cpu=whole['cpu'],
        read_wall=read['wall'],
        read_cpu=read['cpu'],
        peak=peak,
    )


def main() -> None:
    "Measure every configuration and print a table."
    p = parser(__doc__)
    p.add_argument('--frames', type=int, default=0,
                   help='predict only so many frames; 0: the whole video')
    p.add_argument('--batch', type=int, help="frames at a time; default the config's")
    args = p.parse_args()
    if args.child: return print(json.dumps(measure(json.loads(args.child))))
    _, video, name = project(args.sample)
    machine = f'{args.threads} thread(s), {args.accelerator}'
    print(f'{video.name} of {name}, {machine}; {import_time()}\n')
    common = dict(
        sample=args.sample,
        frames=args.frames,
        batch=args.batch,
        threads=args.threads,
        accelerator=args.accelerator,
    )
    choices = product(args.backbones, args.sizes)
    jobs = [common | dict(backbone=backbone, size=size) for backbone, size in choices]
    columns = {
        'backbone': lambda r: r['backbone'],
        'size': lambda r: str(r['size']),
        'frames': lambda r: str(r['frames']),
        'seconds': lambda r: f'{r["wall"]:.1f}',
        'frames/s': lambda r: f'{r["frames"]/r["wall"]:.1f}',
        'CPU s': lambda r: f'{r["cpu"]:.1f}',
        'frames/CPU s': lambda r: f'{r["frames"]/r["cpu"]:.1f}',
        'read s': lambda r: f'{r["read_wall"]:.2f}',
        'read CPU s': lambda r: f'{r["read_cpu"]:.2f}',
        'peak MB': lambda r: f'{r["peak"]:.0f}'}
    table(columns, (job | in_fresh_process(__file__, job, args.threads) for job in jobs))


if __name__ == '__main__': main()
