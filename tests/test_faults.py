"""Kills: every job that `tests/faults.py` knows, at random moments, and at each operation of some.

The long run is a command: `python tests/faults.py --kills 1000`.
"""
import pytest
from bad_faults import KILLS_OF
from faults import JOBS, kill_often


@pytest.mark.parametrize('name', KILLS_OF)
def test_a_killed_job_ends_as_if_nothing_had_happened(bench, name):
    tally = kill_often(bench, JOBS[name], KILLS_OF[name], seed=1)
    assert tally.wrong == []
    assert tally.kills > 0
    assert tally.lost < 10
