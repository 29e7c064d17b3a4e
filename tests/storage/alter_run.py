"""Makes damaged copies of a run file: alter_run.py FILE [COPY STATEMENT]..., with f the open copy."""
import shutil
import sys

import h5py
import numpy as np  # noqa: F401, for the statements, as h5py

for copy, statement in zip(sys.argv[2::2], sys.argv[3::2]):
    shutil.copy(sys.argv[1], copy)
    with h5py.File(copy, "r+") as f:
        exec(statement)
