"""What the tests of the Python module share: models, and the program beside it."""

import json
import os
import subprocess

import numpy as np
import pytest


@pytest.fixture
def model():
    """W [2, 5] and bias [5], not symmetric in any way."""
    rng = np.random.default_rng(3)
    return rng.normal(size=(2, 5)), 0.2 * rng.normal(size=5)


@pytest.fixture
def program():
    """Runs the program and reads its --json."""
    def run(*arguments):
        found = subprocess.run([os.environ["SKELETA_PROGRAM"], *map(str, arguments), "--json"],
                               capture_output=True, text=True, check=True)
        return json.loads(found.stdout)
    return run
