"The sets that accuracy is measured on: projects, keys of their configs, and errors of a model."
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from _common import settings

Keys = dict[str, object]      # dotted config keys and their values
Part = dict[str, list]        # `frames`: N names; `errors`: N lists of K errors in frame pixels
BLOCK = 10                    # neighbouring frames of a video that are resampled together
CHOOSE = 10                   # labelled frames of a sample to choose the network by
BODY = [*range(7), *range(8, 15)]  # keypoints of mirror-mouse that both of its views show
PCA = dict(columns_for_singleview_pca=BODY, mirrored_column_matches=[BODY[:7], BODY[7:]])


@dataclass(frozen=True)
class Job:
    "One training: what is trained on, how, and for how long."
    set: str
    variant: str
    keys: list[str]   # config keys of the variant, 'section.key=value'
    seed: int
    steps: int
    size: int         # side of the network's input, pixels
    labels: int       # labelled frames, or instants, to train on
    losses: bool      # does the variant use unlabelled video?


def square(size: int) -> Keys:
    "The size of the network's input."
    return {'data.image_resize_dims.height': size, 'data.image_resize_dims.width': size}


def equal_steps(steps: int, epoch: int) -> Keys:
    "A training of so many steps: ten validations; no videos."
    return {
        'training.max_steps': steps,
        'training.max_epochs': None,
        'training.check_val_every_n_epoch': max(1, steps//10//epoch),
        'eval.predict_vids_after_training': False,
    }


def fade_in(first: int, epochs: int) -> Keys:
    "Losses on video: off until an epoch, then faded in over so many."
    return {
        'callbacks.anneal_weight.freeze_until_epoch': first-1,
        'callbacks.anneal_weight.increase_factor': 1/epochs,
    }


def real_folder(name: str) -> Path:
    "The folder of real data; ends the benchmark where they are absent."
    from lightning_pose_nb.synthetic import real_data
    folder = real_data(name)
    if folder: return folder
    raise SystemExit(f'{name} is not there: see lightning_pose_nb.synthetic.real_data')


def real_project(name: str, size: int) -> tuple[dict, Path, int]:
    "The config of a real project, its folder, and how many instants are trained on."
    from lightning_pose_nb import read_labels
    root = real_folder(name)
    tables = [path.name for path in sorted(root.glob('CollectedData*.csv'))]
    data = dict(data_dir=str(root), csv_file=tables[0], video_dir='videos')
    train_prob = .8
    if len(tables) > 1:
        views = [name.removeprefix('CollectedData_').removesuffix('.csv') for name in tables]
        data |= dict(csv_file=tables, view_names=views)
        train_prob = .7
    cfg = settings(data, 'resnet18', size, train_prob=train_prob, val_prob=.1)
    return cfg, root, round(train_prob*len(read_labels(root/tables[0])))


def mirror_mouse_keys(job: Job) -> Keys:
    "Images, steps and batches that Lightning Pose was measured with; with losses on video as many steps."
    epoch = -(-job.labels//16)
    every = max(1, 25//epoch)
    keys: Keys = {
        'training.max_steps': job.steps,
        'training.max_epochs': None,
        'training.check_val_every_n_epoch': every,
        'training.optimizer': 'Adam',
        'training.rng_seed_model_pt': job.seed,
        'training.train_frames': job.labels,
    }
    keys |= {f'data.{name}': columns for name, columns in PCA.items()}
    if not job.losses: return keys
    fade = max(1, job.steps//50)
    video = {
        'training.check_val_every_n_epoch': max(1, 25//max(epoch, 10)),
        'dali.base.train.sequence_length': 16,
    }
    return keys | video | fade_in(fade, fade)


def mirror_mouse(job: Job, place: Path) -> tuple[dict, Keys]:
    "Real: a mouse and its mirror image, always the same 9 frames to validate and 9 to test."
    cfg = real_project('mirror-mouse-example', job.size)[0]
    return cfg, mirror_mouse_keys(job)


def four_view(job: Job, place: Path) -> tuple[dict, Keys]:
    "Real: four calibrated cameras, always the same 4 instants to validate and 8 to test."
    cfg = real_project('four-view-mouse', job.size)[0]
    keys = equal_steps(job.steps, -(-job.labels//2))
    recipe = {
        'training.train_batch_size': 2,
        'training.train_frames': job.labels,
        'training.rng_seed_model_pt': job.seed,
    }
    return cfg, keys | recipe


def split_of_sample(labels: int) -> Keys:
    "So many labelled frames to train on, and some to choose the network by."
    total = labels+CHOOSE
    return {'training.train_prob': labels/total, 'training.val_prob': CHOOSE/total}


def sample_keys(job: Job, batch: int) -> Keys:
    "The recipe of the samples; losses on video are off for a fifth, and faded in over another."
    epoch = -(-job.labels//batch)
    fade = max(1, job.steps//5//epoch)
    recipe = {
        'data.columns_for_singleview_pca': list(range(9)),
        'model.backbone': 'resnet18',
        'training.train_batch_size': batch,
        'training.limit_train_batches': epoch,  # also with video, which else has ten, all of them full
        'training.rng_seed_model_pt': job.seed,
        'dali.base.train.sequence_length': 8,
    }
    keys = square(job.size) | split_of_sample(job.labels) | equal_steps(job.steps, epoch)
    return keys | recipe | fade_in(fade, fade)


def make_sample(place: Path, labels: int, seed: int) -> Path:
    "The config of a sample project: four videos to train on, three to judge by."
    from lightning_pose_nb import make_project
    return make_project(place/f'sample_{labels}_{seed}', labels+CHOOSE, 4, 200, 3, seed)


def sample(job: Job, place: Path) -> tuple[Path, Keys]:
    "Synthetic: each seed is another animal; every frame of three new videos is a test."
    return make_sample(place, job.labels, job.seed), sample_keys(job, batch=8)


def make_bar_sample(place: Path, labels: int, seed: int, sweep: bool) -> Path:
    "The config of a sample with context frames, with or without the bar; all else is the same."
    from lightning_pose_nb import make_project
    folder = place/f'bar_{labels}_{seed}_{sweep}'
    return make_project(folder, labels+CHOOSE, 4, 200, 2, seed, context=True, sweep=sweep)


def occluding_bar(job: Job, place: Path) -> tuple[Path, Keys]:
    "Synthetic: a bar sweeps through the image; the test is what only the bar hides, in new videos."
    config = make_bar_sample(place, job.labels, job.seed, sweep=True)
    recipe = {
        'model.model_type': 'heatmap_mhcrnn',
        'training.rng_seed_data_pt': job.seed,
    }
    return config, sample_keys(job, batch=4) | recipe


def part(frames: list[str], errors) -> Part:
    "Errors (N, K) by frame, to hundredths of a pixel; frames without any are left out."
    import numpy as np
    known = np.isfinite(errors).any(1)
    names = [name for name, some in zip(frames, known, strict=True) if some]
    return dict(frames=names, errors=np.round(errors[known], 2).tolist())


def labelled_parts(model, metric: str = 'pixel_error') -> dict[str, Part]:
    "A metric of the labelled validation and test frames, the views side by side."
    import numpy as np

    from lightning_pose_nb.evaluation import read_metric
    endings = [f'_{view}' for view in model.cfg.data.view_names or ()] or ['']
    tables = [read_metric(model.folder/f'predictions_{metric}{end}.csv') for end in endings]
    values = np.concatenate([table.drop(columns='set').to_numpy(float) for table in tables], 1)
    images = [str(name) for name in tables[0].index]
    parts = {}
    for name in ('validation', 'test'):
        rows = np.flatnonzero(tables[0]['set'] == name)
        parts[name] = part([images[row] for row in rows], values[rows])
    return parts


def judge_labels(model, job: Job, config) -> dict[str, dict[str, Part]]:
    "Errors of labelled frames, and of calibrated cameras the reprojection errors."
    measures = {'error': labelled_parts(model)}
    calibrated = list(model.folder.glob('predictions_reprojection_error_*.csv'))
    if calibrated: measures['reprojection error'] = labelled_parts(model, 'reprojection_error')
    return measures


def of_this_seed(found: Part, job: Job) -> Part:
    "Names of frames that no other seed has: each is another animal."
    return found | dict(frames=[f'animal {job.seed}: {name}' for name in found['frames']])


def judge_videos(model, job: Job, config: Path) -> dict[str, dict[str, Part]]:
    "Errors in every frame of the new videos, all keypoints; or those that only the bar hides."
    import numpy as np

    from lightning_pose_nb import read_predictions
    from lightning_pose_nb.video import find_videos
    names = []
    found = []
    for video in find_videos(config.parent/'videos_new'):
        truth = read_predictions(config.parent/'ground_truth'/f'{video.stem}.csv')
        table = model.predict_video(video, progress=False)
        errors = np.linalg.norm(table.xy-truth.xy, axis=-1)
        if job.set == 'occluding-bar':
            errors[~behind_bar(job, config, video.stem, truth)] = np.nan
        found.append(errors)
        names += [f'{video.stem}, block {t//BLOCK}' for t in range(len(errors))]
    test = of_this_seed(part(names, np.concatenate(found)), job)
    validation = of_this_seed(labelled_parts(model)['validation'], job)
    return {'error': dict(validation=validation, test=test)}


def behind_bar(job: Job, config: Path, video: str, truth):
    "Which keypoints (T, K) only the bar hides: without it, they would be visible."
    from lightning_pose_nb import read_predictions
    place = config.parent.parent
    clear = make_bar_sample(place, job.labels, job.seed, sweep=False).parent
    without = read_predictions(clear/'ground_truth'/f'{video}.csv')
    return (without.likelihood > .5) & (truth.likelihood <= .5)


def animal_lengths(model) -> list[float]:
    "The animal's length for each column of the errors: in each view, its own."
    from lightning_pose_nb import read_labels
    from lightning_pose_nb.evaluation import animal_length
    data = model.cfg.data
    groups = None if data.view_names else data.mirrored_column_matches
    lengths = []
    for csv in data.csv_paths:
        labels = read_labels(csv)
        lengths += [animal_length(labels.xy, groups)]*len(labels.keypoint_names)
    return lengths
