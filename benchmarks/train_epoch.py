"""Time one training epoch: 72 frames of mirror-mouse-example or the sample, batch 16, imgaug `dlc`.

    python benchmarks/train_epoch.py                     # 128 and 256 px, resnet18 and resnet50
    python benchmarks/train_epoch.py --sizes 128 --backbones resnet18 --threads 2 --epochs 5

Each configuration runs in a process of its own. The first epoch, which fills the image cache, is
reported apart; the other columns are medians over the rest. `load` is the part of the CPU seconds
that goes into making the batches (augmentation, nearly all of it), measured by going through the
loader without a network. For comparison, Lightning Pose needs 5.9 + 2.6 CPU seconds (network +
batches) for resnet18 at 128 on one thread, 23.4 + 2.7 at 256, and 59.4 + 3.1 for resnet50 at 256.
"""
import json
import statistics
import tempfile
import time
from itertools import product

from _common import (
    cpu_seconds,
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


def n_labelled(batch: object) -> int:
    "Labelled frames of a batch; 0 for one that video frames have joined."
    return len(batch['images']) if isinstance(batch, dict) and 'images' in batch else 0


def measure(job: dict) -> dict:
    "Train a few epochs, then go through the loader alone."
    from pytorch_lightning.callbacks import Callback

    from lightning_pose_nb import load_config, read_labels
    from lightning_pose_nb.datasets import PoseData
    from lightning_pose_nb.training import fit_model

    class Clock(Callback):
        "Wall-clock and processor time of each epoch, validation left out."
        epochs: list = []  # noqa: RUF012

        def on_train_epoch_start(self, trainer, module):
            self.began = time.perf_counter(), cpu_seconds()

        def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
            wall, cpu = self.began
            if batch_idx+1 == trainer.num_training_batches:
                self.epochs.append((time.perf_counter()-wall, cpu_seconds()-cpu))

    limit_threads(job['threads'])
    data, _, name = project(job['sample'])
    epochs = job['epochs']+1
    training = dict(
        max_epochs=epochs,
        check_val_every_n_epoch=epochs,
        accelerator=job['accelerator'],
    )
    cfg = load_config(settings(data, job['backbone'], job['size'], **training))
    labels = read_labels(cfg.data.csv_paths[0])
    with tempfile.TemporaryDirectory() as folder:
        fit_model(cfg, labels, folder, progress=False, callbacks=(Clock(),))
    peak = peak_megabytes()
    loader = PoseData(cfg, labels).train_dataloader()
    for _ in loader: pass  # fills the cache
    with stopwatch() as load: frames = sum(map(n_labelled, loader))
    first, *rest = Clock.epochs
    wall, cpu = (statistics.median(column) for column in zip(*rest, strict=True))
    return dict(
        project=name,
        frames=frames,
        first=first[0],
        wall=wall,
        cpu=cpu,
        load=load['cpu'],
        peak=peak,
    )


def main() -> None:
    "Measure every configuration and print a table."
    p = parser(__doc__)
    p.add_argument('--epochs', type=int, default=3, help='epochs to measure, after the first')
    args = p.parse_args()
    if args.child: return print(json.dumps(measure(json.loads(args.child))))
    _, _, name = project(args.sample)
    print(f'{name}, {args.threads} thread(s), {args.accelerator}; {import_time()}\n')
    common = dict(
        sample=args.sample,
        epochs=args.epochs,
        threads=args.threads,
        accelerator=args.accelerator,
    )
    choices = product(args.backbones, args.sizes)
    jobs = [common | dict(backbone=backbone, size=size) for backbone, size in choices]
    columns = {
        'backbone': lambda r: r['backbone'],
        'size': lambda r: str(r['size']),
        'frames': lambda r: str(r['frames']),
        'first epoch s': lambda r: f'{r["first"]:.2f}',
        'epoch s': lambda r: f'{r["wall"]:.2f}',
        'frames/s': lambda r: f'{r["frames"]/r["wall"]:.1f}',
        'epoch CPU s': lambda r: f'{r["cpu"]:.2f}',
        'of it load': lambda r: f'{r["load"]:.2f}',
        'peak MB': lambda r: f'{r["peak"]:.0f}'}
    table(columns, (job | in_fresh_process(__file__, job, args.threads) for job in jobs))


if __name__ == '__main__': main()
