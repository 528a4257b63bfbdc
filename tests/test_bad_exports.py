"""Each case of `bad_exports`."""
from pathlib import Path

import pytest
from bad_exports import CASES, Place
from bad_input import Case


@pytest.mark.parametrize('case', CASES, ids=str)
def test_what_happens(case: Case, tmp_path: Path):
    assert case.make is not None
    case.make(Place(tmp_path))
