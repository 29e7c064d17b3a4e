"""Commands that write files, and what their files hold: for the campaigns of this folder."""
import json
import os
import pathlib
import random
import shutil
import subprocess
import tempfile
import unittest

PROGRAM = os.environ["SKELETA_PROGRAM"]
HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE.parents[1] / "data"
SCALE = float(os.environ.get("SKELETA_TEST_SCALE", "1"))
MODEL = str(DATA / "trained/n5_m2_S0.95.h5")
COMMANDS = {
    "exact": ["estimate", MODEL, "--method", "exact", "--instance", "all"],
    "sampled": ["estimate", MODEL, "--method", "stratified", "--samples", "20000"],
    "train": ["train", "--features", "3", "--hidden", "1", "--density", "0.1", "--starts", "4"],
    "sweep": ["sweep", "PLAN"],
    "thomson": ["thomson", "solve", "--points", "4", "--dimension", "3", "--starts", "3"],
    "approximate": ["approximate", MODEL],
    "spectrum": ["spectrum", MODEL],
    "basins": ["basins", "--features", "2", "--hidden", "1", "--density", "0.1", "--starts", "20"],
    "certificate": ["certify", "--features", "5", "--hidden", "2"],
}
PLAN = 'features = [3]\nhidden = [1]\ndensity = [0.1, 0.2]\nstarts = 2\n'


def timeless(value):
    """JSON without the times of a run."""
    if isinstance(value, dict):
        return {key: timeless(x) for key, x in value.items() if "seconds" not in key and key != "created_at"}
    return [timeless(x) for x in value] if isinstance(value, list) else value


class Campaign(unittest.TestCase):
    """A folder of its own, and commands typed in it."""
    commands = COMMANDS

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="skeleta-trust-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "plan.toml").write_text(PLAN)

    def output(self, name, which=""):
        return self.folder / f"{name}{which}{'.txt' if name == 'certificate' else '.h5'}"

    def words(self, name, output, *more, threads=2):
        words = [str(self.folder / "plan.toml") if word == "PLAN" else word for word in self.commands[name]]
        return [PROGRAM, *words, *more, "-o", str(output), "--quiet", "--threads", str(threads)]

    def numbers(self, output):
        if output.suffix == ".txt":
            return output.read_text()
        shown = subprocess.run([PROGRAM, "show", output, "--json"], capture_output=True, text=True, check=True)
        return timeless(json.loads(shown.stdout))

    def undisturbed(self, name):
        """The numbers of a run that nothing happens to."""
        output = self.output(name, "-right")
        done = subprocess.run(self.words(name, output), capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.numbers(output)

    def ends_right(self, name, output, wanted, what):
        """Typed again after whatever happened, the command ends with the same numbers."""
        more = ["--force"] if output.suffix == ".txt" else []  # a certificate is not gone on from
        again = subprocess.run(self.words(name, output, *more), capture_output=True, text=True, timeout=60)
        self.assertEqual(again.returncode, 0, (what, again))
        self.assertEqual(self.numbers(output), wanted, what)
