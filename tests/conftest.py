"""Settings of all tests."""
import os
import tempfile

# What hypothesis remembers must not lie beside the notebooks, in whose folders their tests run.
os.environ.setdefault('HYPOTHESIS_STORAGE_DIRECTORY', os.path.join(tempfile.gettempdir(), 'lpnb_hypothesis'))
