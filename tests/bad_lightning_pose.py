"""Models of Lightning Pose and calibrations as people have them: with code in them, cut off, of something else."""
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import torch
import torchvision
import yaml
from bad_input import Case
from torch import Tensor, nn

CHECKPOINT = 'tb_logs/test/version_0/checkpoints/epoch=9-step=99-best.ckpt'
TRACE = 'it_ran'  # what a checkpoint with code in it would leave
NAMES = ['nose', 'paw', 'tail']

Make = Callable[[Path], Path]  # makes the source in a folder, and says which it is


class Trap:
    "Makes a folder when it is unpickled."

    def __init__(self, folder: Path): self.folder = folder

    def __reduce__(self): return os.mkdir, (str(self.folder/TRACE),)


@lru_cache
def weights(backbone: str = 'resnet18', n_keypoints: int = 3) -> dict[str, Tensor]:
    "Random weights by the names of Lightning Pose."
    torch.manual_seed(0)
    row = nn.Sequential(*list(torchvision.models.get_model(backbone).children())[:-2])
    state = {f'backbone.{name}': value for name, value in row.state_dict().items()}
    for number, channels in ((1, 128), (2, n_keypoints)):
        layer = nn.ConvTranspose2d(channels, n_keypoints, 3, stride=2, padding=1, output_padding=1)
        state |= {f'head.upsampling_layers.{number}.{name}': value for name, value in layer.state_dict().items()}
    return state


def make_run(folder: Path, state: dict[str, Tensor] | None = None, **model) -> Path:
    "A run folder, as Lightning Pose leaves it."
    run = folder/'run'
    (run/CHECKPOINT).parent.mkdir(parents=True)
    size = {'height': 128, 'width': 128}
    data = {'image_resize_dims': size, 'data_dir': '/data', 'csv_file': 'labels.csv', 'video_dir': 'videos',
            'num_keypoints': 3, 'keypoint_names': NAMES}
    kind = {'backbone': 'resnet18', 'model_type': 'heatmap', 'lightning_pose_version': '2.0.6'}
    (run/'config.yaml').write_text(yaml.safe_dump({'data': data, 'training': {}, 'model': kind | model}))
    torch.save({'state_dict': state or weights(), 'epoch': 9}, run/CHECKPOINT)
    return run


def with_code(folder: Path) -> Path:
    run = make_run(folder)
    torch.save({'state_dict': weights(), 'hyper_parameters': Trap(folder)}, run/CHECKPOINT)
    return run


def cut(share: float) -> Make:
    "A checkpoint of which only the beginning is there."
    def make(folder: Path) -> Path:
        run = make_run(folder)
        content = (run/CHECKPOINT).read_bytes()
        (run/CHECKPOINT).write_bytes(content[:int(share*len(content))])
        return run
    return make


def flipped(folder: Path) -> Path:
    run = make_run(folder)
    content = bytearray((run/CHECKPOINT).read_bytes())
    content[len(content)//2] ^= 1
    (run/CHECKPOINT).write_bytes(content)
    return run


def without_checkpoint(folder: Path) -> Path:
    run = make_run(folder)
    (run/CHECKPOINT).unlink()
    return run


def cut_mat(folder: Path) -> Path:
    from scipy.io import savemat
    savemat(folder/'whole.mat', {'s': {'CameraParameters1': {'IntrinsicMatrix': [[1., 2, 3]]*3}}})
    content = (folder/'whole.mat').read_bytes()
    (folder/'whole.mat').unlink()
    (folder/'cut.mat').write_bytes(content[:len(content)-60])
    return folder/'cut.mat'


def cut_toml(folder: Path) -> Path:
    (folder/'rig.toml').write_text('[cam_0]\nname = "left"\nsize = [640, ')
    return folder/'rig.toml'


_ASKED = 'a message names the file and what does not fit; nothing is written'

CASES = [
    Case('formats', 'a checkpoint of Lightning Pose with code in it',
         'a message names the code, which is not run, and the way to convert the file', 'refused', with_code,
         ('needs code to be read', 'mkdir', 'python -c')),
    Case('formats', 'a checkpoint of Lightning Pose that was cut off or damaged', _ASKED, 'refused', cut(0.5),
         ('no undamaged checkpoint', 'Copy the file again')),
    Case('formats', 'a checkpoint of Lightning Pose that was cut off or damaged', _ASKED, 'refused', cut(0.999),
         ('no undamaged checkpoint', 'Copy the file again')),
    Case('formats', 'a checkpoint of Lightning Pose that was cut off or damaged', _ASKED, 'refused', flipped,
         ('is damaged', 'Copy the file again')),
    Case('formats', 'a checkpoint of Lightning Pose for other keypoints', _ASKED, 'refused',
         lambda folder: make_run(folder, weights(n_keypoints=4)), ('weights for 4 keypoints', 'expected 3')),
    Case('formats', 'a checkpoint of Lightning Pose with another backbone', _ASKED, 'refused',
         lambda folder: make_run(folder, weights('resnet34')), ('another backbone', 'resnet18')),
    Case('formats', 'a checkpoint of Lightning Pose with another backbone', _ASKED, 'refused',
         lambda folder: make_run(folder, backbone='resnet34'), ('another backbone', 'resnet34')),
    Case('formats', 'a run of Lightning Pose without a checkpoint', _ASKED, 'refused', without_checkpoint,
         ('a folder without weights', '.ckpt')),
    Case('formats', 'a run of Lightning Pose whose backbone nobody knows', _ASKED, 'refused',
         lambda folder: make_run(folder, backbone='resnet5o'), ('resnet5o', 'config.yaml')),
    Case('formats', 'a calibration that was cut off', 'a message names the file; nothing is written', 'refused',
         cut_mat, ('cut.mat', 'cannot be read')),
    Case('formats', 'a calibration that was cut off', 'a message names the file; nothing is written', 'refused',
         cut_toml, ('rig.toml', 'no TOML')),
]
