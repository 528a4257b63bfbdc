"""Every odd or damaged video of `bad_videos.py` is read right, told or refused."""
import os
import warnings
from dataclasses import dataclass

import av
import numpy as np
import pytest
from bad_videos import CASES, Expect

from lightning_pose_nb.core.testing import frame_number
from lightning_pose_nb.video import VideoReader, probe, read_batches, read_clips
from lightning_pose_nb.video.io import VideoError

SLOW = 'each jump in it reads everything'  # said of files without time stamps; no fault


@dataclass
class Reading:
    "What one way of reading a video gives."
    rows: np.ndarray
    lost: set[int]
    damaged: set[int]
    says: list[str]

    def sound(self) -> np.ndarray:
        "Rows that are neither lost nor damaged."
        return np.setdiff1d(np.arange(len(self.rows)), [*self.lost, *self.damaged]).astype(int)


def collect(batches) -> Reading:
    "All batches of a video as one."
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        batches = list(batches())
    rows = np.concatenate([batch.frames for batch in batches])
    lost = {number for batch in batches for number in batch.lost_frames}
    damaged = {number for batch in batches for number in batch.damaged_frames}
    said = [str(warning.message) for warning in caught if SLOW not in str(warning.message)]
    return Reading(rows, lost, damaged, said)


def spans(n: int, seed: int = 0) -> list[tuple[int, int, int]]:
    "Clips of video 0 that begin anywhere."
    firsts = np.random.default_rng(seed).integers(0, n, 6).tolist()
    return [(0, first, 9) for first in [*firsts, max(0, n-3), 0]]


def check_numbers(reading: Reading, expect: Expect):
    "Sound rows must carry the expected numbers."
    numbers = [frame_number(expect.upright(row)) for row in reading.rows]
    rows = range(len(numbers)) if expect.numbers is None else expect.numbers
    assert len(numbers) == len(rows)
    for row in reading.sound(): assert numbers[row] == rows[row], f'row {row} of {numbers}'


def check_other_ways(path, whole: Reading):
    "Random access and clips must give what reading in order gives."
    reader = VideoReader(path)
    n = len(whole.rows)
    wanted = spans(n)
    by_jumping = [reader.read(first, n_frames) for _, first, n_frames in wanted]
    reader.close()
    clips = list(read_clips([path], wanted))
    for (_, first, n_frames), *batches in zip(wanted, by_jumping, clips, strict=True):
        expected = whole.rows[first:first+n_frames]
        sound = [i for i in range(len(expected)) if first+i not in whole.lost | whole.damaged]
        for batch in batches:
            assert (batch.first, len(batch)) == (first, len(expected))
            assert np.array_equal(batch.frames[sound], expected[sound]), f'{first} to {first+n_frames}'
            unknown = set(batch.lost_frames) - whole.lost
            assert not unknown, f'lost by jumping only: {unknown}'


def check_info(path, whole: Reading, expect: Expect, outcome: str):
    "Count, rate, size and promise of a video."
    info = probe(path)
    assert (info.n_frames, info.size) == (len(whole.rows), expect.size)
    assert expect.fps is None or abs(info.fps-expect.fps) <= 0.02*expect.fps
    if expect.promised != -1: assert info.promised == expect.promised
    told = bool(whole.says) or info.missing > 0
    is_short = outcome == 'told' and expect.promised != len(whole.rows)
    assert told == (is_short or bool(expect.says))


def check_video(path, expect: Expect, outcome: str):
    "Every way of reading a video gives the right frames."
    whole = collect(lambda: read_batches(path, 16))
    check_numbers(whole, expect)
    if expect.lost is not None: assert whole.lost == set(expect.lost)
    assert any(expect.says in text for text in whole.says) or not expect.says
    check_info(path, whole, expect, outcome)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        check_other_ways(path, whole)


def check_refused(path, message: str):
    "Every way of reading a file says the same."
    ways = [
        lambda: probe(path),
        lambda: list(read_batches(path, 4)),
        lambda: VideoReader(path).read(0, 4),
        lambda: list(read_clips([path], [(0, 0, 4)]))]
    for way in ways:
        with pytest.raises(VideoError) as raised: way()
        assert path.name in str(raised.value)
        assert message in str(raised.value)


def forbid(monkeypatch, path):
    "Let nobody read a file, not even root."
    path.chmod(0)
    if not os.access(path, os.R_OK): return
    def refuse(*_, **__): raise PermissionError(13, 'Permission denied', str(path))
    monkeypatch.setattr(av, 'open', refuse)


@pytest.mark.parametrize('case', CASES, ids=str)
def test_bad_video(case, tmp_path, monkeypatch):
    path = case.make(tmp_path)
    if path.name == 'forbidden.mp4': forbid(monkeypatch, path)
    if case.outcome == 'refused': check_refused(path, case.expect)
    else: check_video(path, case.expect, case.outcome)


def test_there_are_at_least_sixty():
    assert len(CASES) >= 60
