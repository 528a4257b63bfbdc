"""Settings of all tests."""
import os
import tempfile

import pytest

# What hypothesis remembers must not lie beside the notebooks, in whose folders their tests run.
os.environ.setdefault('HYPOTHESIS_STORAGE_DIRECTORY', os.path.join(tempfile.gettempdir(), 'lpnb_hypothesis'))


@pytest.fixture(scope='session')
def bench(tmp_path_factory):
    "Inputs of the jobs that are killed, or whose system fails, and a place to work."
    from faults import Bench
    return Bench(tmp_path_factory.mktemp('faults').resolve())
