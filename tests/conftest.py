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


@pytest.fixture(autouse=True)
def threads_stay():
    "A test that leaves another number of threads behind changes the last digits of those that start processes."
    names = ('OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS')
    before = [os.environ.get(name) for name in names]
    yield
    assert [os.environ.get(name) for name in names] == before
