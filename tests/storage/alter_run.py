"""Makes one damaged copy of a run file: alter_run.py FILE COPY STATEMENT, with f the open copy."""
import shutil
import sys

import h5py
import numpy as np  # noqa: F401, for the statements, as h5py

shutil.copy(sys.argv[1], sys.argv[2])
with h5py.File(sys.argv[2], "r+") as f:
    exec(sys.argv[3])
