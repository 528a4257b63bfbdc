"""Draw README's picture, nbs/images/demo.png, from what `lpnb demo` left behind.

    lpnb demo DEMO_FOLDER && python tools/readme_picture.py DEMO_FOLDER
"""
import sys
from itertools import islice
from pathlib import Path

import matplotlib

matplotlib.use('agg')
import matplotlib.pyplot as plt

from lightning_pose_nb import read_predictions
from lightning_pose_nb.plots import plot_keypoints
from lightning_pose_nb.video import read_frames


def main(demo: Path, frame: int = 40, keypoint: str = 'paw_front_right_bot') -> None:
    "One frame of the held-out video with the model's keypoints, and one paw's path and the truth."
    tables = sorted((demo/'model'/'video_preds').glob('*.csv'))
    csv = next(path for path in tables if (demo/'ground_truth'/path.name).is_file())
    found = read_predictions(csv)
    true = read_predictions(demo/'ground_truth'/csv.name)
    frames = read_frames(demo/'videos_new'/f'{csv.stem}.mp4')
    image = next(islice(frames, frame, None))
    places = [['picture', 'x'], ['picture', 'y']]
    look = dict(figsize=(7.5, 3), width_ratios=[1, 1.5], layout='constrained')
    fig, axes = plt.subplot_mosaic(places, **look)
    likelihood = found.likelihood[frame]
    plot_keypoints(image, found.xy[frame], likelihood, ax=axes['picture'], threshold=0.5)
    k = found.keypoint_names.index(keypoint)
    for axis, name in enumerate('xy'):
        axes[name].plot(true.xy[:, k, axis], color='0.7', lw=3, label='drawn')
        axes[name].plot(found.xy[:, k, axis], color='#0072b2', lw=1, label='found')
        axes[name].axvline(frame, color='0.85', lw=1, zorder=0)
        axes[name].set_ylabel(f'{name} (px)', fontsize=8)
        axes[name].spines[['top', 'right']].set_visible(False)
    axes['x'].set_title(f'{keypoint}, held-out video', fontsize=9)
    axes['y'].legend(frameon=False, fontsize=7, loc='upper left', ncols=2)
    axes['y'].set_xlabel('frame', fontsize=8)
    out = Path(__file__).parent.parent/'nbs'/'images'/'demo.png'
    fig.savefig(out, dpi=110, metadata={'Software': None})
    print(out, f'{out.stat().st_size/1000:.0f} kB')


if __name__ == '__main__': main(Path(sys.argv[1]))
