"""The same bits whatever does the work: commands that write files x threads, stops, shards, ranks, order of
instances, at each level of the processor; and another compiler's program, within the stated errors. A draw of
the matrix, half a minute of it [times SKELETA_TEST_SCALE]; all of it with SKELETA_TEST_MATRIX=all.
SKELETA_OTHER_PROGRAM: a program of another compiler, to be compared with."""
import itertools
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time
import unittest

import h5py
import numpy

from campaign import COMMANDS, DATA, MODEL, PROGRAM, SCALE, Campaign

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cluster"))
from launch import built_with_mpi, datasets, ranked  # noqa: E402

ALL = os.environ.get("SKELETA_TEST_MATRIX") == "all"
OTHER = os.environ.get("SKELETA_OTHER_PROGRAM")
TWENTY = str(DATA / "trained/n20_m5_S0.95.h5")
METHODS = ("plain", "stratified", "quasi", "importance", "auto")
MATRIX = {
    **{method: ["estimate", TWENTY, "--method", method, "--samples", "60000"] for method in METHODS},
    "precision": ["estimate", TWENTY, "--rel-tol", "0.003"],
    **COMMANDS,
    "adam": ["train", "--features", "4", "--hidden", "2", "--density", "0.1", "--starts", "5", "--objective",
             "sampled", "--batch", "64", "--steps", "60"],
    "dictionary": ["dictionary", "WIDE", "--density", "0.001", "--skeletons", "2", "--compare", "20"],
    "sparsities": ["approximate", "--features", "3", "--hidden", "1", "--train", "--sparsities", "0.5:0.9:5"],
}
SHARDS = {"train": (2, 4), "sweep": (2,), "thomson": (2, 3), "basins": (2, 3, 5), "dictionary": (2, 5), "adam": (3, 5),
          "sparsities": (2, 5)}
NOT_RANKED = ("sweep", "thomson", "certificate", "spectrum", "approximate", "sparsities")
LEVELS = ("v2", "v3", "v4")
THREADS = range(1, 17)


def level_runs(level):
    return subprocess.run([PROGRAM, "--version"], env={**os.environ, "SKELETA_ISA": level},
                          capture_output=True).returncode == 0


def bits(output):
    return output.read_text() if output.suffix == ".txt" else datasets(output)


class Determinism(Campaign):
    commands = MATRIX

    def setUp(self):
        super().setUp()
        with h5py.File(self.folder / "wide.h5", "w") as f:
            f["W"] = numpy.random.default_rng(1).normal(0, 0.5, (4, 2100)).astype("f4")
            f["b"] = numpy.full(2100, 0.1, "f4")

    def words(self, name, output, *more, threads=2):
        wide = str(self.folder / "wide.h5")
        return [wide if word == "WIDE" else word for word in super().words(name, output, *more, threads=threads)]

    def run_it(self, name, which, threads, more=(), level=None, ranks=0):
        output = self.output(name, which)
        output.unlink(missing_ok=True)
        words = self.words(name, output, *more, threads=threads)
        environment = {**os.environ, "OMPI_MCA_btl_vader_single_copy_mechanism": "none"}
        if level:
            environment["SKELETA_ISA"] = level
        words = ranked(ranks, words[1:]) if ranks else words
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=300)
        self.assertIn(done.returncode, (0, 3), (words, done.stderr))  # 3: less precise than asked for
        return output

    def same(self, wanted, output, what):
        found = bits(output)
        if isinstance(found, str):
            return self.assertEqual(found, wanted, what)
        self.assertEqual(found.keys(), wanted.keys(), what)
        self.assertEqual([key for key in found if found[key] != wanted[key]], [], what)

    def threads(self, name, wanted, number):
        self.same(wanted, self.run_it(name, "-threads", number), (name, number, "threads"))

    def level(self, name, _, level):
        one, many = (bits(self.run_it(name, f"-{n}", n, level=level)) for n in (1, 5))
        self.assertEqual(one, many, (name, level))

    def shards(self, name, wanted, number):
        files = [self.run_it(name, f"-shard{k}", 1 + k, ["--shard", f"{k}/{number}"]) for k in range(number)]
        merged = self.output(name, "-merged")
        merged.unlink(missing_ok=True)
        random.Random(f"{name} {number}").shuffle(files)
        done = subprocess.run([PROGRAM, "merge", *files, "-o", merged], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.same(wanted, merged, (name, number, "shards"))

    def ranks(self, name, wanted, number):
        self.same(wanted, self.run_it(name, "-ranks", 2, ranks=number), (name, number, "ranks"))

    def stop(self, name, wanted, number):
        """Stopped up to `number` times, by SIGTERM or SIGKILL, and continued on other numbers of threads."""
        draw = random.Random(f"{name} {number}")
        output = self.output(name, "-stopped")
        output.unlink(missing_ok=True)
        begin = time.monotonic()
        self.run_it(name, "-timed", 2)
        length = time.monotonic() - begin
        for _ in range(number):
            process = subprocess.Popen(self.words(name, output, threads=draw.randint(1, 5)),
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(draw.uniform(0, length))
            process.send_signal(draw.choice((signal.SIGTERM, signal.SIGKILL)))
            process.wait()
        more = ["--force"] if output.suffix == ".txt" else []  # a certificate is not gone on from
        done = subprocess.run(self.words(name, output, *more, threads=3), capture_output=True, text=True, timeout=300)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        self.same(wanted, output, (name, number, "stops"))

    def variations(self, name):
        yield from ((self.threads, number) for number in THREADS)
        yield from ((self.stop, number) for number in (1, 2, 3))
        yield from ((self.level, level) for level in LEVELS if level_runs(level))
        yield from ((self.shards, number) for number in SHARDS.get(name, ()))
        if shutil.which("mpirun") and built_with_mpi() and name not in NOT_RANKED:
            yield from ((self.ranks, number) for number in (2, 3, 5))

    def check(self, name):
        wanted = bits(self.run_it(name, "-alone", 1))
        kinds = itertools.groupby(self.variations(name), key=lambda pair: pair[0].__name__)
        for kind, pairs in kinds:
            pairs = list(pairs)
            kept = pairs if ALL else random.Random(f"{name} {kind}").sample(pairs, 1)
            for what, number in kept:
                if not ALL and random.Random(f"{name} {kind} once").random() > 0.5 * SCALE:
                    continue
                with self.subTest(command=name, **{kind: number}):
                    what(name, wanted, number)
                    print(f"{name}: {kind} {number}")

    def test_order_of_instances(self):
        """What an instance comes to does not depend on which others there are."""
        turned = self.folder / "turned.h5"
        with h5py.File(MODEL) as f, h5py.File(turned, "w") as g:
            for key in ("W", "bias"):
                g[key] = f[key][...][::-1]
        for method in (*METHODS, "exact"):
            found = {}
            for file in (MODEL, turned):
                words = [PROGRAM, "estimate", file, "--method", method, "--density", "0.05", "--instance", "all",
                         "--json", *([] if method == "exact" else ["--samples", "5000"])]
                done = subprocess.run(words, capture_output=True, text=True)
                self.assertIn(done.returncode, (0, 3), done.stderr)
                found[file] = json.loads(done.stdout)
            for one, other in zip(found[MODEL], reversed(found[turned])):
                self.assertEqual(one["loss"], other["loss"], method)
                self.assertEqual(one["skeletons"], other["skeletons"], method)

    @unittest.skipUnless(OTHER, "SKELETA_OTHER_PROGRAM is not set")
    def test_another_compiler(self):
        """Exact losses agree within their bounds, sampled ones, of the same points, within rounding."""
        worst = {}
        models = [str(file) for file in sorted((DATA / "trained").glob("*.h5")) if "n400" not in file.name]
        for model, method in itertools.product(models, ("exact", *METHODS[:4])):
            words = ["estimate", model, "--method", method, "--json",
                     *([] if method == "exact" else ["--samples", "20000", "--seed", "7"])]
            ours, theirs = (json.loads(subprocess.run([program, *words], capture_output=True, text=True).stdout)["loss"]
                            for program in (PROGRAM, OTHER))
            off = abs(ours["value"] - theirs["value"])
            allowed = (ours["error_bound"] + theirs["error_bound"] if method == "exact"
                       else 1e-9 * ours["value"])
            self.assertLessEqual(off, allowed, (model, method))
            worst[method] = max(worst.get(method, 0.0), off / ours["value"])
        print("largest relative difference:", {method: f"{x:.1e}" for method, x in worst.items()})


for command in MATRIX:
    setattr(Determinism, f"test_{command}", lambda self, name=command: self.check(name))

if __name__ == "__main__":
    unittest.main()
