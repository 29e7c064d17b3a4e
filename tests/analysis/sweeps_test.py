"""Figures of training runs and sweeps: the numbers of the file, the boundary by hand, and what is refused."""

import unittest

import matplotlib

matplotlib.use("Agg")
import numpy as np
from workplace import FIXTURES, Workplace, program

import skeleta_analysis
from skeleta_analysis import __main__ as command
from skeleta_analysis.certified import NAMES
from skeleta_analysis.sweep import boundary, phase_numbers


class Training(Workplace):
    def test_curves_end_in_the_minima_of_the_file(self):
        path = FIXTURES / "train.h5"
        run = skeleta_analysis.open(path)
        (axes,) = skeleta_analysis.training(run).axes
        self.assertEqual(len(axes.lines), 4)
        for start, line in enumerate(axes.lines):
            recorded = int(run.training["recorded"][start])
            np.testing.assert_array_equal(line.get_ydata()[:recorded], run.training["trajectory"].values[start][:recorded])
            self.assertEqual(line.get_xdata()[-1], int(run.training["steps"][start]))
            self.assertEqual(line.get_ydata()[-1], float(run.training["objective_value"][start]))
            minimum = int(run.training["minimum_of"][start])
            loss = float(run.training["minimum_loss"][minimum])
            self.assertAlmostEqual(line.get_ydata()[-1] / loss, 1.0, 4)
            self.assertIn(f"{loss:.6g}", line.get_label())
        self.assertEqual(command.main(["training", str(path), "-o", str(self.folder / "a.png")]), 0)
        self.assertEqual(axes.get_legend().get_title().get_text(), "")
        self.assertEqual(len({line.get_marker() for line in axes.lines}), run.training.sizes["minimum"])
        self.assertEqual(command.main(["sweep", str(path), "-o", str(self.folder / "b.png")]), 2)

    def test_curves_begin_at_the_start(self):
        path = self.folder / "train.h5"
        self.run_command(program(), "train", "--features", "5", "--hidden", "2", "--sparsity", "0.95", "--starts", "2",
                         "-o", path, "--quiet")
        run = skeleta_analysis.open(path)
        (axes,) = skeleta_analysis.training(run).axes
        self.assertEqual(axes.get_xscale(), "symlog")
        self.assertEqual(axes.get_legend().get_title().get_text(), "")
        for line in axes.lines:
            np.testing.assert_array_equal(line.get_xdata()[:6], [0, 1, 2, 4, 8, 10])
            self.assertGreater(line.get_ydata()[0], 2 * line.get_ydata()[-1])


class Sweeps(Workplace):
    def sweep(self, text):
        plan = self.folder / "plan.toml"
        plan.write_text(text)
        path = self.folder / "sweep.h5"
        self.run_command(program(), "sweep", plan, "-o", path, "--force", "--quiet")
        return path

    def test_the_excess_is_that_of_the_files(self):
        paths = []
        for features in ("3", "4"):
            paths.append(str(self.folder / f"{features}.h5"))
            self.run_command(program(), "approximate", "--features", features, "--hidden", "1",
                             "--train", "--sparsities", "0.5,0.9,0.99", "--starts", "3", "--quiet",
                             "-o", paths[-1])
        runs = [skeleta_analysis.open(path) for path in paths]
        left, right = skeleta_analysis.excess(runs).axes
        self.assertEqual([line.get_label() for line in left.lines], ["D = 3, d = 1", "D = 4, d = 1"])
        self.assertEqual([line.get_marker() for line in left.lines], ["o", "s"])
        for run, share, relative in zip(runs, left.lines, right.lines):
            found = run.approximation.isel(k=0)
            np.testing.assert_allclose(share.get_xdata(), [0.01, 0.1, 0.5])
            np.testing.assert_array_equal(
                relative.get_ydata(), (found["excess"] / found["minimum"]).values[::-1])
        self.assertEqual(command.main(["excess", *paths, "-o", str(self.folder / "e.png")]), 0)
        self.assertEqual(command.main(["excess", str(FIXTURES / "sweep.h5"), "-o", "e.png"]), 2)

    def test_the_atlas_is_drawn_from_a_sweep_and_its_match(self):
        path = self.sweep('features = [5, 6]\nhidden = [2]\ndensity = [0.01]\nstarts = 5\n'
                          'objective = ["one-sparse", "exact"]')
        match = self.folder / "match.h5"
        self.run_command(program(), "thomson", "match", path, "--instance", "all", "--quiet", "-o", match)
        figure = skeleta_analysis.atlas(skeleta_analysis.open(path), skeleta_analysis.open(match))
        kept, energy, distance = figure.axes
        self.assertEqual([line.get_label() for line in kept.lines], ["1-sparse loss", "loss, p = 0.01"])
        for line in kept.lines:
            np.testing.assert_array_equal(line.get_ydata(), [5, 6])
        for line in distance.lines:  # the pentagon and the hexagon
            np.testing.assert_array_less(line.get_ydata(), 1e-3)
        arguments = [str(path), str(match), "-o", str(self.folder / "atlas.png")]
        self.assertEqual(command.main(["atlas", *arguments]), 0)
        self.assertEqual(command.main(["atlas", str(FIXTURES / "sweep.h5"), *arguments[1:]]), 2)

    def test_curves_are_those_of_the_file(self):
        path = self.sweep("features = [5]\nhidden = [1, 2]\ndensity = [0.05, 0.5, 0.2]\nstarts = 4")
        run = skeleta_analysis.open(path)
        left, right = skeleta_analysis.sweep(run).axes
        self.assertEqual([line.get_label() for line in left.lines], ["d = 1", "d = 2"])
        two = run.sweep["hidden"].values == 2
        order = np.argsort(run.sweep["density"].values[two])
        for axes, name in ((left, "loss"), (right, "dimensions_per_feature")):
            np.testing.assert_array_equal(axes.lines[1].get_xdata(), [0.05, 0.2, 0.5])
            np.testing.assert_array_equal(axes.lines[1].get_ydata(),
                                          run.sweep[name].values[two][order])
        W = run.sweep["W"].values[two][order][0]
        self.assertAlmostEqual(right.lines[1].get_ydata()[0], 2 / (W ** 2).sum(), 12)
        with self.assertRaisesRegex(ValueError, "D = 2, d = 1 only"):
            skeleta_analysis.phases(run)

    def test_phases(self):
        path = self.sweep("features = [2]\nhidden = [1]\ndensity = [0.02, 0.9]\n"
                          "importance-decay = [0.2, 5.0]\nstarts = 6")
        run = skeleta_analysis.open(path)
        numbers = dict(zip(zip(run.sweep["density"].values, run.sweep["importance_decay"].values),
                           phase_numbers(run.sweep)))
        self.assertEqual(numbers, {(0.02, 0.2): 2, (0.02, 5.0): 2, (0.9, 0.2): 0, (0.9, 5.0): 1})
        for name in ("phases", "sweep"):
            self.assertEqual(command.main([name, str(path), "-o", str(self.folder / "a.png")]), 0)
        self.assertEqual(command.main(["columns", str(path), "-o", str(self.folder / "b.png")]), 2)

    # Numbers of its text, the sweep's phases, and what its own minima lose beside the plain ones.
    def test_certified_phases(self):
        path = self.folder / "phases.txt"
        self.run_command(program(), "certify", "--phases", "--importances", "0.2,5", "--densities", "0.02,0.9",
                         "--interferences", "0,1", "--rel-gap", "1e-2", "-o", path, "--quiet")
        importance, density, interference, phase = skeleta_analysis.read_phases(path)
        self.assertEqual(list(importance), [0.2] * 4 + [5.0] * 4)
        self.assertEqual(list(density), [0.02, 0.02, 0.9, 0.9] * 2)
        self.assertEqual(list(interference), [0.0, 1.0] * 4)
        self.assertEqual([NAMES[n] for n in phase], ["antipodal", "drop", "drop", "drop", "antipodal", "dedicate",
                                                     "dedicate", "dedicate"])
        figure = skeleta_analysis.certified(path)
        for axes, values in zip(figure.axes, ([[2, 2], [0, 1]], [[0, 1], [0, 1]])):
            np.testing.assert_array_equal(axes.collections[0].get_array().reshape(2, 2), values)
            np.testing.assert_allclose(axes.lines[0].get_ydata(), boundary(np.array([0.2, 5.0])))
        self.assertEqual(command.main(["certified", str(path), "-o", str(self.folder / "a.png")]), 0)
        self.assertEqual(command.main(["certified", str(FIXTURES / "sweep.h5"), "-o", str(self.folder / "b.png")]), 2)
        single = self.folder / "one.txt"
        self.run_command(program(), "certify", "--phases", "--densities", "0.1", "-o", single, "--quiet")
        with self.assertRaisesRegex(ValueError, "no grid"):
            skeleta_analysis.certified(single)

    # v(p/3 - p^2/4) = (1 + r) p^2/6, put in; equal features: p = 4/7.
    def test_boundary(self):
        self.assertAlmostEqual(boundary(1.0), 4 / 7, 14)
        for r in (0.1, 0.7, 3.0):
            p, v = boundary(r), min(1.0, r)
            self.assertAlmostEqual(v * (p / 3 - p * p / 4), (1 + r) * p * p / 6, 14)


if __name__ == "__main__":
    unittest.main()
