"""Kills: every job that `tests/faults.py` knows, at random moments, and at each operation of some.

The long run is a command: `python tests/faults.py --kills 1000`.
"""
import pytest
from bad_faults import KILLS_OF
from faults import JOBS, LONG, Fault, Tally, kill_often, sittings


@pytest.mark.parametrize('name', KILLS_OF)
def test_a_killed_job_ends_as_if_nothing_had_happened(bench, name):
    tally = kill_often(bench, JOBS[name], KILLS_OF[name], seed=1)
    assert tally.wrong == []
    assert tally.kills == KILLS_OF[name]
    assert tally.lost < 10


def test_a_kill_in_the_middle_of_a_long_epoch_costs_a_step(bench):
    reference = bench.undisturbed(LONG)
    operations = enumerate(reference.operations)
    saved = [n for n, operation in operations if operation.startswith('os.rename model/.resume.ckpt')]
    assert len(saved) >= 12
    tally = Tally()
    bench.kill(LONG, reference, [Fault(None, saved[6])], tally)
    assert tally.wrong == []
    before, after = sittings(bench.home/'a_long_epoch')
    assert max(before)-1 <= min(after) <= max(before)
    assert max(after) == 11
