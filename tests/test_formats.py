"""Files that go out, opened by the programs that they are for, where these are installed."""
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lightning_pose_nb.data.predictions import Predictions
from lightning_pose_nb.exports.exporting import WRITERS
from lightning_pose_nb.interop.tracks import PointTracks, VideoTracks, sample_points, sample_tracks

NAMES = st.lists(st.text('abcXYZ_ -12', min_size=1, max_size=8).map(str.strip).filter(bool),
    min_size=1, max_size=5, unique_by=str.casefold)


@st.composite
def tables(draw: st.DrawFn) -> VideoTracks:
    "Predictions with any names in any order, gaps, and frames that were left out."
    names = [name for name in draw(NAMES) if not name.isdecimal()] or ['nose']
    n = draw(st.integers(1, 6))
    frames = sorted(draw(st.sets(st.integers(0, 50), min_size=n, max_size=n)))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    xy = rng.uniform(-50, 5000, (n, len(names), 2))
    sure = rng.uniform(0, 1, (n, len(names)))
    xy[rng.random(sure.shape) < .3] = np.nan
    predictions = Predictions(frames, names, xy, sure)
    return VideoTracks('v', predictions, Path('v.csv'), None, 30., (480, 640))


def read_parquet(file: Path, tracks: VideoTracks):
    import pandas as pd
    table = pd.read_parquet(file)
    shape = tracks.likelihood.shape
    names = table.keypoint.tolist()[:shape[1]]
    return names, table.frame.to_numpy().reshape(shape)[:, 0], table[['x', 'y']].to_numpy().reshape(*shape, 2)


def read_netcdf(file: Path, tracks: VideoTracks):
    import xarray as xr
    with xr.open_dataset(file) as data:
        frames = np.rint(data.time.values*tracks.fps).astype(int)
        return data.keypoints.values.tolist(), frames, data.position.values[..., 0].swapaxes(1, 2)


def read_nwb(file: Path, tracks: VideoTracks):
    from pynwb import NWBHDF5IO
    with NWBHDF5IO(str(file), 'r') as io:
        pose = io.read().processing['behavior']['PoseEstimation']
        names = list(pose.skeleton.nodes[:])
        series = [pose.pose_estimation_series[name] for name in names]
        times = series[0].timestamps
        if times is None: times = series[0].starting_time+np.arange(len(series[0].data))/series[0].rate
        frames = np.rint(np.asarray(times)*tracks.fps).astype(int)
        return names, frames, np.stack([one.data[:] for one in series], 1)


def read_dlc(file: Path, tracks: VideoTracks):
    import pandas as pd
    frame = pd.read_hdf(file) if file.suffix == '.h5' else pd.read_csv(file, header=[0, 1, 2], index_col=0)
    names = list(dict.fromkeys(frame.columns.get_level_values(1)))
    return names, frame.index.to_numpy(), frame.to_numpy().reshape(len(frame), -1, 3)[..., :2]


def read_coco(file: Path, tracks: VideoTracks):
    from pycocotools.coco import COCO
    coco = COCO(str(file))
    xy = np.full(tracks.xy.shape, np.nan)
    for annotation in coco.anns.values():
        triples = np.reshape(annotation['keypoints'], (-1, 3))
        row = annotation['image_id']-1
        xy[row] = np.where(triples[:, 2:] > 0, triples[:, :2], np.nan)
    frames = np.array([coco.imgs[n+1]['frame'] for n in range(len(xy))])
    return coco.cats[1]['keypoints'], frames, xy


READERS = {'coco': read_coco, 'parquet': read_parquet, 'movement': read_netcdf, 'nwb': read_nwb, 'deeplabcut': read_dlc,
    'anipose': read_dlc, 'keypoint-moseq': read_dlc}


@pytest.mark.parametrize('name', READERS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tracks=tables())
def test_names_order_frames_gaps_and_numbers_go_out(tmp_path: Path, name: str, tracks: VideoTracks):
    output = WRITERS[name].predictions
    assert output is not None
    files = [tmp_path/Path(file).name for file in output.names(tracks)]
    for file in files: file.unlink(missing_ok=True)
    output.write(tracks, files, tmp_path)
    for file in files:
        names, frames, xy = READERS[name](file, tracks)
        assert names == tracks.keypoint_names
        assert frames.tolist() == tracks.frames.tolist()
        np.testing.assert_allclose(xy, tracks.xy, rtol=0, atol=1e-3)


def written(name: str, tracks: VideoTracks | PointTracks, folder: Path) -> Path:
    "The file of a format."
    output = WRITERS[name].of(tracks)
    assert output is not None
    files = [folder/Path(file).name for file in output.names(tracks)]
    output.write(tracks, files, folder)
    return files[-1]


PROGRAMS = [('nwb', 'NWB'), ('deeplabcut', 'DeepLabCut'), ('anipose', 'Anipose')]


@pytest.mark.parametrize(('name', 'program'), PROGRAMS, ids=[name for name, _ in PROGRAMS])
def test_movement_reads_what_goes_out(tmp_path: Path, name: str, program: str):
    load = pytest.importorskip('movement.io', reason='movement is not installed: pip install movement')
    tracks = sample_points() if name == 'anipose' else sample_tracks()
    positions = tracks.xyz if isinstance(tracks, PointTracks) else tracks.xy
    options = {} if name == 'nwb' else {'fps': 30}
    data = load.load_dataset(str(written(name, tracks, tmp_path)), source_software=program, **options)
    keypoint = 'keypoints' if 'keypoints' in data.dims else 'keypoint'
    found = data.position.sel({keypoint: tracks.keypoint_names}).values[..., 0].swapaxes(1, 2)
    np.testing.assert_allclose(found, positions, rtol=0, atol=1e-3)


def test_movement_computes_with_its_own_file(tmp_path: Path):
    pytest.importorskip('movement.io', reason='movement is not installed: pip install movement')
    import xarray as xr
    from movement.io import load as loading
    from movement.kinematics import compute_speed
    for tracks in (sample_tracks(), sample_points()):
        with xr.open_dataset(written('movement', tracks, tmp_path)) as data:
            rename = getattr(loading, 'rename_legacy_dimensions', lambda same: same)
            speed = compute_speed(rename(data).position)
        assert speed.sizes['time'] == 12
        assert np.isfinite(speed).any()
