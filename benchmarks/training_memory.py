"""Is the estimate of a training step's memory right? What PyTorch allocates on a CUDA device tells.

    python benchmarks/training_memory.py
    python benchmarks/training_memory.py --backbones resnet50 vits_dino --sizes 384

Three steps with Adam, on images made of noise, in single precision: labelled batches of 16 (windows
of 5 for `heatmap_mhcrnn`), and a clip of 16 unlabelled frames where the first column says so.
`ratio` is allocated / forecast; the CUDA context comes on top.
"""
import gc
from itertools import product

from _common import parser, table

BACKBONES = [
    'resnet18',
    'resnet50',
    'vits_dino',
    'convnext_tiny',
    'efficientnet_b0',
    'mobilenetv3_small_050',
]
KINDS = {'heatmap': 16, 'heatmap_mhcrnn': 16, 'regression': 0}  # model_type: unlabelled frames


def step(kind: str, backbone: str, size: int, batch: int, clip: int) -> dict:
    "Forecast and peak of one network."
    import torch

    from lightning_pose_nb.config import Config
    from lightning_pose_nb.models import build_network
    from lightning_pose_nb.training import network_memory
    cfg = Config()
    cfg.model.model_type = kind
    cfg.model.backbone = backbone
    cfg.model.backbone_pretrained = False
    cfg.data.image_resize_dims.height = size
    cfg.data.image_resize_dims.width = size
    window = 5 if kind == 'heatmap_mhcrnn' else 1
    parameters, given = network_memory(cfg, 17)
    network = build_network(cfg, 17, False).cuda()
    optimiser = torch.optim.Adam(network.parameters(), fused=True)
    torch.cuda.reset_peak_memory_stats()
    shape = (batch, 5, 3, size, size) if window == 5 else (batch, 3, size, size)
    for _ in range(3):
        images = torch.rand(shape, device='cuda')
        loss = sum(output.mean() for output in network(images).values())
        if clip:
            frames = torch.rand(clip, 3, size, size, device='cuda')
            outputs = network.sequence(frames, edges='drop')
            loss = loss+sum(output.mean() for output in outputs.values())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    peak = torch.cuda.max_memory_allocated()
    del network, optimiser, loss
    gc.collect()
    torch.cuda.empty_cache()
    forecast = 16*parameters+given*(batch*window+clip)
    job = dict(kind=kind, backbone=backbone, size=size, clip=clip)
    return job | dict(forecast=forecast, peak=peak)


def all_jobs(sizes: list[int], backbones: list[str]) -> list[tuple[str, str, int, int, int]]:
    "The arguments of `step`: every backbone without video, then every model type with the first."
    jobs = [('heatmap', backbone, size, 16, 0) for size, backbone in product(sizes, backbones)]
    for size, (kind, clip) in product(sizes, KINDS.items()):
        jobs.append((kind, backbones[0], size, 16, clip))
    return jobs


def main():
    "Measure, and print."
    p = parser(__doc__)
    p.set_defaults(sizes=[256], backbones=BACKBONES)
    args = p.parse_args()
    import torch
    if not torch.cuda.is_available(): raise SystemExit('there is no CUDA device here')
    print(torch.cuda.get_device_name())
    columns = {
        f'{"model_type":>22}': lambda r: r['kind'],
        f'{"backbone":>22}': lambda r: r['backbone'],
        'size': lambda r: f'{r["size"]}',
        'clip': lambda r: f'{r["clip"]}',
        'forecast': lambda r: f'{r["forecast"]/1e9:.2f} GB',
        'peak': lambda r: f'{r["peak"]/1e9:.2f} GB',
        'ratio': lambda r: f'{r["peak"]/r["forecast"]:.2f}'}
    table(columns, (step(*job) for job in all_jobs(args.sizes, args.backbones)))


if __name__ == '__main__': main()
