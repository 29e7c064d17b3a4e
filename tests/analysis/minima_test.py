"""data/minima.csv: its rows obey what is known of all minima, and some of them are found again."""

import csv
import importlib.util
import json
import os
import subprocess
import unittest

from workplace import SOURCE, Workplace, program

SCALE = float(os.environ.get("SKELETA_TEST_SCALE", "1"))
# Features, hidden dimensions, density, and the name of what is represented.
AGAIN = (("8", "2", "0.01", "heptagon"), ("5", "2", "0.05", "pentagon"), ("6", "3", "0.05", "octahedron"),
         ("12", "2", "0.001", "heptagon"), ("12", "3", "0.01", "icosahedron"), ("7", "2", "0.2", "pentagon"),
         ("9", "2", "0.5", "square"))


def rows():
    with (SOURCE / "data/minima.csv").open(newline="", encoding="utf-8") as file:
        return {(row["features"], row["hidden"], row["density"]): row for row in csv.DictReader(file)}


def maker():
    spec = importlib.util.spec_from_file_location("make_minima", SOURCE / "data/make_minima.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Minima(Workplace):
    def test_every_size_is_there(self):
        self.assertEqual(list(rows()), list(maker().sizes()))
        self.assertEqual(list(next(iter(rows().values()))), list(maker().FIELDS))

    def test_what_holds_for_all_minima(self):
        """A feature more can be dropped, which costs the variance p/3 - p^2/4; a dimension more cannot hurt; and no loss is
        below 0 or above that of dropping everything."""
        table = rows()
        for (D, d, density), row in table.items():
            p, loss, bound = float(density), float(row["loss"]), float(row["error_bound"])
            dropped = p / 3 - p * p / 4
            with self.subTest(features=D, hidden=d, density=density):
                self.assertGreater(loss, 0)
                self.assertLess(loss, int(D) * dropped)
                if (fewer := table.get((str(int(D) - 1), d, density))) is not None:
                    self.assertLessEqual(loss, float(fewer["loss"]) + dropped + 1e-9 * loss + bound)
                if (flatter := table.get((D, str(int(d) - 1), density))) is not None:
                    self.assertLessEqual(loss, float(flatter["loss"]) + bound)
                self.assertIn("hopping", row["found_by"])
                if row["landscape"] == "minimum":
                    self.assertEqual(row["negative"], "0")
                    self.assertEqual(int(row["rank"]) + int(row["zeros"]), int(D) * (int(d) + 1))
                    self.assertGreater(float(row["smallest"]), 0)

    def test_the_pentagon_is_that_of_another_program(self):
        """0.0089035937 by mpmath; see tests/apps/train_test.cpp."""
        self.assertAlmostEqual(float(rows()["5", "2", "0.05"]["loss"]), 0.0089035937, delta=5e-11)

    def test_some_are_found_again(self):
        table, make = rows(), maker()
        for D, d, density, name in AGAIN[:max(2, round(len(AGAIN) * min(SCALE, 1.0)))]:
            with self.subTest(features=D, hidden=d, density=density):
                file = self.folder / f"{D}_{d}_{density}.h5"
                done = subprocess.run([program(), "train", "--features", D, "--hidden", d, "--density", density, "--search",
                                       "hopping", "--starts", "4", "--seed", "77", "--json", "--quiet", "-o", file],
                                      capture_output=True, text=True, check=True)
                row = table[D, d, density]
                self.assertAlmostEqual(json.loads(done.stdout)["best"]["loss"] / float(row["loss"]), 1.0, delta=1e-8)
                self.assertEqual(row["name"], name)
                self.assertEqual(make.name_of(make.first_model(file)), name)


if __name__ == "__main__":
    unittest.main()
