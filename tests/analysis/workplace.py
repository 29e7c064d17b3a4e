"""Paths and small helpers of the tests of analysis/. Run by ctest, which names the program."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = SOURCE / "data/fixtures"
GOLDEN = ("estimate", "estimate_1_5", "estimate_one", "train", "sweep",
          "thomson_match", "linear_flow", "approximate")
sys.path.insert(0, str(SOURCE / "analysis/python"))


class Workplace(unittest.TestCase):
    """A test case with an empty folder, removed at its end."""

    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="skeleta-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def run_command(self, *command, expect=0, **options):
        """stdout of a command; fails, with its output, if the exit code is another."""
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                              encoding="utf-8", check=False, **options)
        self.assertEqual(done.returncode, expect, f"{command}\n{done.stdout}{done.stderr}")
        return done.stdout if expect == 0 else done.stderr

    def altered(self, name, change):
        """A copy of a golden file with change(h5py file) applied."""
        import h5py

        copy = self.folder / "altered.h5"
        shutil.copy(FIXTURES / f"{name}.h5", copy)
        with h5py.File(copy, "r+") as file:
            change(file)
        return copy


def program():
    return os.environ["SKELETA_PROGRAM"]


def estimate(model, output, *options):
    """Runs `skeleta estimate`; a precision that was not reached is no failure."""
    done = subprocess.run([program(), "estimate", str(model), "-o", str(output), "--quiet", *options],
                          capture_output=True, text=True, check=False)
    assert done.returncode in (0, 3), done.stderr
    return output
