"""What jobs cost: overhead of a unit, and the state of a manifest of a hundred thousand videos.

    python benchmarks/cluster.py units --units 1000 --workers 2
    python benchmarks/cluster.py status --videos 100000

`units` predicts that many copies of a short video and compares with the time that the predictions themselves take;
`status` writes a manifest, marks half of it as done and asks how it stands. Both print JSON.
"""
import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lightning_pose_nb import make_project, train
from lightning_pose_nb.cluster import Portions, plan_predictions, read_manifest, run_local

QUICK = {
    'data.image_resize_dims.height': 64, 'data.image_resize_dims.width': 64, 'model.backbone': 'test_resnet',
    'model.backbone_pretrained': False, 'training.max_epochs': 1, 'training.check_val_every_n_epoch': 1,
    'training.train_batch_size': 6, 'training.accelerator': 'cpu', 'eval.predict_vids_after_training': False}


def measure_units(folder: Path, units: int, workers: int) -> dict:
    "Seconds of a unit beside its prediction."
    config = make_project(folder/'mouse', n_frames=12, n_videos=1, n_video_frames=16)
    train(config, folder/'model', QUICK, progress=False)
    video = next((folder/'mouse'/'videos').glob('*.mp4'))
    (folder/'videos').mkdir()
    copies = [folder/'videos'/f'{n:05d}.mp4' for n in range(units)]
    for copy in copies: shutil.copy(video, copy)
    manifest = plan_predictions(folder/'model', [[copy] for copy in copies], folder/'out', Portions(frames=1))
    began = time.perf_counter()
    done = run_local(manifest, workers, say=lambda line: None)
    wall = time.perf_counter()-began
    notes = [json.loads(file.read_text()) for file in (folder/'out').glob('*.csv.json')]
    predicting = sum(note['prediction_seconds'] for note in notes)
    return dict(units=units, workers=workers, done=done, wall_s=round(wall, 1), predicting_s=round(predicting, 1),
                overhead_per_unit_s=round((wall*workers-predicting)/units, 4))


def measure_status(folder: Path, videos: int) -> dict:
    "Seconds and memory of asking for the state of very many units."
    (folder/'out').mkdir()
    lines = []
    for n in range(videos):
        unit = dict(name=f'videos-{n:06d}', kind='predict', model='model', videos=[f'/data/day{n//1000}/{n:06d}.mp4'],
                    csvs=[f'{n:06d}.csv'])
        lines.append(json.dumps(unit))
    path = folder/'out'/'jobs.json'
    path.write_text('{"format": 1, "units": [\n'+',\n'.join(lines)+'\n]}\n')
    manifest = read_manifest(path)
    manifest.state.mkdir()
    for unit in manifest.units[::2]:
        manifest.place(unit.csvs[0]).touch()
        (manifest.state/f'{unit.name}.{unit.digest}.done').touch()
    program = [sys.executable, '-c', 'from lightning_pose_nb.cli.main import main; main()', 'jobs', 'status', str(path)]
    began = time.perf_counter()
    said = subprocess.run(program, capture_output=True, text=True).stdout.splitlines()
    seconds = time.perf_counter()-began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return dict(videos=videos, said=said[0], seconds=round(seconds, 2), manifest_mb=round(path.stat().st_size/1e6, 1),
                peak_mb=round(peak/1e3))


def main() -> None:
    "Measure, and print."
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('what', choices=['units', 'status'])
    parser.add_argument('--units', type=int, default=1000)
    parser.add_argument('--workers', type=int, default=2)
    parser.add_argument('--videos', type=int, default=100_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if args.what == 'units': found = measure_units(Path(folder), args.units, args.workers)
        else: found = measure_status(Path(folder), args.videos)
    print(json.dumps(found, indent=1))


if __name__ == '__main__': main()
