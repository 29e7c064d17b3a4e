"""The loops compiled for each level of x86-64 (lib/core/level.h), through the program: levels agree
within the stated errors, one level gives the same bits with any number of threads, and nothing but
the tables of functions is seen of the objects of the higher levels."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

PROGRAM = os.environ["SKELETA_PROGRAM"]
OBJECTS = [pathlib.Path(path) for path in os.environ["SKELETA_LEVEL_OBJECTS"].split(":") if path]
DATA = pathlib.Path(__file__).resolve().parents[2] / "data" / "trained"


def run(level, *arguments, emulator=()):
    environment = dict(os.environ, SKELETA_ISA=level)
    return subprocess.run([*emulator, PROGRAM, *map(str, arguments)], env=environment, text=True,
                          capture_output=True)


def levels():
    return [level for level in ("v2", "v3", "v4") if run(level, "--version").returncode == 0]


def estimate(level, model, *options):
    done = run(level, "estimate", DATA / model, "--json", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@unittest.skipUnless(OBJECTS, "built for one processor")
class Levels(unittest.TestCase):
    def test_exact_losses_agree_within_their_errors(self):
        for model in ("n5_m2_S0.95.h5", "n20_m5_S0.95.h5", "n80_m20_S0.98.h5"):
            all_levels = [estimate(level, model, "--method", "exact")["loss"] for level in levels()]
            for one in all_levels[1:]:
                first = all_levels[0]
                self.assertLessEqual(abs(one["value"] - first["value"]),
                                     one["error_bound"] + first["error_bound"], model)

    def test_sampled_losses_of_the_same_points_differ_by_rounding(self):
        options = ("--method", "stratified", "--samples", "40000", "--seed", "7")
        values = [estimate(level, "n20_m5_S0.95.h5", *options)["loss"]["value"] for level in levels()]
        for value in values[1:]:
            self.assertAlmostEqual(value / values[0], 1.0, delta=1e-9)

    def test_one_level_has_the_same_bits_for_any_number_of_threads(self):
        for level in levels():
            for method in ("exact", "quasi"):
                one, two = (estimate(level, "n20_m5_S0.95.h5", "--method", method, "--threads", n)
                            for n in (1, 2))
                self.assertEqual(one["loss"], two["loss"])
                self.assertEqual(one["skeletons"], two["skeletons"])

    def test_the_version_says_which_level_is_used(self):
        for level in levels():
            self.assertIn(f"x86-64-{level})", run(level, "--version").stdout)

    def test_what_is_no_level_here_is_refused(self):
        for level in {"v1", "v3 ", "avx", "v2", "v3", "v4"} - set(levels()):
            done = run(level, "estimate", DATA / "n5_m2_S0.95.h5")
            self.assertEqual(done.returncode, 2)
            self.assertRegex(done.stderr, f"^skeleta: SKELETA_ISA is {level}: .*\\n$")

    def test_the_objects_of_higher_levels_show_their_tables_only(self):
        for path in OBJECTS:
            listed = subprocess.run(["nm", path], text=True, capture_output=True, check=True).stdout
            rows = [line.split() for line in listed.splitlines()]
            seen = {row[-1] for row in rows if len(row) == 3 and not row[-2].islower()}
            level = path.stem.removeprefix("loops_")
            self.assertTrue(seen)
            self.assertEqual({name for name in seen if not name.endswith(f"loops_{level}E")}, set())
            unique = {row[-1] for row in rows if row[-2] == "u" or row[-2] in "vw" and len(row) == 3}
            self.assertEqual(unique, set())

    @unittest.skipUnless(shutil.which("qemu-x86_64"), "no emulator of older processors")
    def test_runs_on_a_processor_of_2008(self):
        with tempfile.TemporaryDirectory() as directory:
            done = run("", "estimate", DATA / "n5_m2_S0.95.h5", "--method", "stratified", "--samples",
                       "20000", "-o", pathlib.Path(directory) / "run.h5",
                       emulator=("qemu-x86_64", "-cpu", "Nehalem"))
            self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
