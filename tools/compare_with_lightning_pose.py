"""Predict the same images with Lightning Pose and with a model folder made of its run, and say how far apart they are.

    python tools/compare_with_lightning_pose.py RUN MODEL IMAGE_OR_FOLDER [...]

RUN is the run folder of Lightning Pose, MODEL what `lpnb import RUN MODEL` made of it. Runs where both packages are
installed. Images are resized to the size of the network once, so that both see the same pixels. Exit code 0: the
largest distance at sure keypoints in the interior is at most 0.05 px; 1: it is more; 2: something is missing.
"""
import argparse
import sys
from pathlib import Path

import numpy as np

NEAR = 8      # model pixels from the border; closer than that nothing is compared
SURE = 0.9    # likelihood that both have to exceed
MOST = 0.05   # pixels


def stop(text: str):
    "End with a message."
    print(f'error: {text}', file=sys.stderr)
    raise SystemExit(2)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('run', type=Path, help='run folder of Lightning Pose')
    parser.add_argument('model', type=Path, help='model folder that lpnb import made of it')
    parser.add_argument('images', type=Path, nargs='+', help='images, or folders of images')
    parser.add_argument('--most', type=int, default=200, help='how many images at most [200]')
    return parser.parse_args()


def load_their_model(run: Path):
    "The model by Lightning Pose's own interface (2.x)."
    try:
        from lightning_pose.api import Model  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        stop(f'Lightning Pose (2.x) is not installed here ({error}). Run this where it is: pip install lightning-pose')
    return Model.from_dir(run)


def load_our_model(folder: Path):
    "The imported model."
    try:
        from lightning_pose_nb.models.folder import load_model
    except ImportError as error:
        stop(f'lightning_pose_nb is not installed here ({error}): pip install lightning-pose-nb')
    model = load_model(folder)
    if not model.is_lightning_pose: stop(f'{folder} was not made by lpnb import from a run of Lightning Pose')
    if model.cfg.model.model_type not in ('heatmap', 'regression'):
        stop(f'{model.cfg.model.model_type}: only models of single images can be compared image by image')
    return model


def read_images(paths: list[Path], most: int, size: tuple[int, int]) -> np.ndarray:
    "Images at the size of the network, uint8 (N, H, W, 3)."
    from lightning_pose_nb.core.coordinates import resize_images
    from lightning_pose_nb.video.images import read_image
    files = []
    for path in paths: files += sorted(path.rglob('*.png'))+sorted(path.rglob('*.jpg')) if path.is_dir() else [path]
    if not files: stop(f'no .png or .jpg in {", ".join(map(str, paths))}')
    return np.stack([resize_images(read_image(file), size) for file in files[:most]])


def compare(ours: np.ndarray, theirs: np.ndarray, sure: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    "Distances at sure keypoints in the interior, in pixels of the network."
    height, width = size
    far = np.array([width, height])-1-NEAR
    interior = ((theirs >= NEAR) & (theirs <= far)).all(-1)
    return np.linalg.norm(ours-theirs, axis=-1)[interior & sure]


def main():
    arguments = read_arguments()
    for folder in (arguments.run, arguments.model):
        if not folder.is_dir(): stop(f'{folder}: no such folder')
    theirs = load_their_model(arguments.run)
    ours = load_our_model(arguments.model)
    size = ours.cfg.data.size
    images = read_images(arguments.images, arguments.most, size)

    from lightning_pose_nb.inference.batches import predict_frames
    xy, likelihood = predict_frames(ours, images)
    answers = [theirs.predict_frame(image) for image in images]
    their_xy = np.stack([np.asarray(answer['keypoints']) for answer in answers])
    their_likelihood = np.stack([np.asarray(answer['confidence']) for answer in answers])
    sure = their_likelihood > SURE
    if ours.cfg.model.model_type == 'heatmap': sure &= likelihood > SURE
    distances = compare(xy, their_xy, sure, size)
    if not len(distances): stop(f'no keypoint is sure (likelihood above {SURE}) and {NEAR} px from the border')
    print(f'{len(images)} images, {len(distances)} of {sure.size} keypoints are sure and in the interior')
    print(f'distance in pixels of the network: median {np.median(distances):.4f}, largest {distances.max():.4f}')
    raise SystemExit(int(distances.max() > MOST))


if __name__ == '__main__': main()
