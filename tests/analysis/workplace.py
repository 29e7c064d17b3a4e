"""Paths and small helpers of the tests of analysis/. Run by ctest, which names the program."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = SOURCE / "data/fixtures"
GOLDEN = ("estimate", "estimate_1_5", "estimate_1_6", "estimate_one", "train", "sweep",
          "thomson_match", "thomson_match_1_4", "linear_flow", "approximate", "approximate_1_4", "dictionary",
          "basins", "spectrum")
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


PAGES = ("README.md", "analysis/README.md", "analysis/tour.md", "analysis/answers.md", "analysis/open_problems.md")


def text_of(page):
    return (SOURCE / page).read_text(encoding="utf-8")


def blocks_of(page):
    """(language, code) of each fenced block of a page that names its language."""
    return re.findall(r"```(\w+)\n(.*?)```", text_of(page), re.DOTALL)


class TypedLines(Workplace):
    """Runs what pages print, as it is printed: at the top of a tree like ours, in one session. The `python3` that
    comes first in PATH is one without packages, as people have it who use pyenv or conda."""

    TOOLS = {
        "python": ("/usr/bin/python3", "{file}"),
        "octave": ("octave-cli", "--norc", "--quiet", "{file}"),
        "r": ("Rscript", "{file}"),
        "sh": ("bash", "-euo", "pipefail", "{file}"),
    }

    def setUp(self):
        super().setUp()
        for name in ("analysis", "data"):
            (self.folder / name).symlink_to(SOURCE / name)
        release = self.folder / "build/release"
        release.mkdir(parents=True)
        (release / "skeleta").symlink_to(program())
        tools = pathlib.Path(tempfile.mkdtemp(prefix="skeleta-path-"))
        self.addCleanup(shutil.rmtree, tools)
        (tools / "python3").write_text('#!/bin/sh\nexec /usr/bin/python3 -I -S "$@"\n', encoding="utf-8")
        (tools / "python3").chmod(0o755)
        self.session = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
        self.session.pop("PYTHONPATH", None)

    def type_in(self, language, code, before=""):
        """stdout of a block; what it exports stands for the blocks to come."""
        script = self.folder / f"script.{language}"
        script.write_text(before + code, encoding="utf-8")
        command = [part.format(file=script) for part in self.TOOLS[language]]
        output = self.run_command(*command, cwd=self.folder, env=self.session)
        if language == "sh":
            self.session.update(re.findall(r"(?m)^export (\w+)=(\S+)$", code))
        return output

    def assert_pictures(self, code):
        """What the code says that it draws is there."""
        for name in re.findall(r"\w+\.(?:png|svg|pdf)", code):
            self.assertGreater((self.folder / name).stat().st_size, 2000, name)
            (self.folder / name).unlink()


def program():
    return os.environ["SKELETA_PROGRAM"]


def estimate(model, output, *options):
    """Runs `skeleta estimate`; a precision that was not reached is no failure."""
    done = subprocess.run([program(), "estimate", str(model), "-o", str(output), "--quiet", *options],
                          capture_output=True, text=True, check=False)
    assert done.returncode in (0, 3), done.stderr
    return output
