"""Every figure of every kind of model: right numbers, nothing cut, crowded or empty."""

import csv
import itertools
import json
import pathlib
import shutil
import tempfile
import unittest
import warnings

import h5py
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb
from mpl_toolkits.mplot3d.art3d import Text3D
from workplace import FIXTURES, SOURCE, Workplace, estimate, program

import skeleta_analysis
from skeleta_analysis import __main__ as command
from skeleta_analysis import polytope, style
from skeleta_analysis.comparison import brief
from skeleta_analysis.dictionary import short
from skeleta_analysis.polygons import sectors

# All warnings of ours and of matplotlib's layout are failures; pyparsing's are not our business.
warnings.filterwarnings("error", category=RuntimeWarning)
warnings.filterwarnings("error", message=".*layout.*", category=UserWarning)

HEIGHT = 3 ** -0.5
TURNS = np.arange(8) * np.pi / 4
RADIUS = (1 - HEIGHT ** 2) ** 0.5
ANTIPRISM = np.array([RADIUS * np.cos(TURNS), RADIUS * np.sin(TURNS), HEIGHT * (-1.0) ** np.arange(8)])
TETRAHEDRON = np.array([[1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1.0]]) / 3 ** 0.5
RANDOM = np.random.default_rng(1)
MADE = {
    "tetrahedron": TETRAHEDRON,
    "antiprism": ANTIPRISM,
    "one_dimension": RANDOM.normal(size=(1, 6)),
    "crowded_sphere": RANDOM.normal(size=(3, 30)),
    "crowded_plane": RANDOM.normal(size=(2, 40)),
    "nothing": np.zeros((2, 5)),
    "one_feature": np.array([[0.9]]),
}


def make_runs(folder):
    """A run of every shipped model, all instances, and of small models of other shapes."""
    runs = {}
    for model in sorted((SOURCE / "data/trained").glob("*.h5")):
        runs[model.stem] = estimate(model, folder / f"run_{model.stem}.h5", "--instance", "all", "--method", "stratified",
                                    "--rel-tol", "2e-2")
    for name, W in MADE.items():
        with h5py.File(folder / f"{name}.h5", "w") as file:
            file["W"], file["b"] = W, np.zeros(W.shape[1])
            file["density"] = np.linspace(0.02, 0.05, W.shape[1])
        runs[name] = estimate(folder / f"{name}.h5", folder / f"run_{name}.h5")
    return {name: skeleta_analysis.open(path) for name, path in runs.items()}


def texts(figure):
    """Visible texts and where they are, in pixels."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    found = []
    for text in figure.findobj(matplotlib.text.Text):
        # Of a text in space only drawing knows where it lands.
        if isinstance(text, Text3D):
            continue
        if text.get_visible() and text.get_text().strip() and shown(text):
            found.append((text.get_text(), text.get_window_extent(renderer)))
    return found


def shown(text):
    """False for tick labels outside the limits of their axis, which matplotlib keeps but not draws."""
    for axes in text.figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            for tick in axis.majorTicks + axis.minorTicks:
                if text in (tick.label1, tick.label2):
                    low, high = sorted(axis.get_view_interval())
                    return low <= tick.get_loc() <= high and tick.get_visible()
    return True


class Figures(Workplace):
    @classmethod
    def setUpClass(cls):
        cls.place = pathlib.Path(tempfile.mkdtemp(prefix="skeleta-"))
        cls.addClassCleanup(shutil.rmtree, cls.place)
        cls.runs = make_runs(cls.place)

    def tearDown(self):
        plt.close("all")

    def assert_legible(self, figure):
        """No text leaves the figure, no two share more than a sliver, every panel shows something."""
        frame = figure.bbox
        found = texts(figure)
        for text, box in found:
            self.assertTrue(frame.x0 - 1 <= box.x0 and box.x1 <= frame.x1 + 1 and
                            frame.y0 - 1 <= box.y0 and box.y1 <= frame.y1 + 1, f"'{text}' is cut")
        if not any(hasattr(axes, "zaxis") for axes in figure.axes):
            for (one, a), (two, b) in itertools.combinations(found, 2):
                width = min(a.x1, b.x1) - max(a.x0, b.x0)
                height = min(a.y1, b.y1) - max(a.y0, b.y0)
                self.assertFalse(width > 1 and height > 2, f"'{one}' and '{two}' overlap")
        for axes in figure.axes:
            self.assertTrue(axes.has_data(), "an empty panel")
            self.assertGreater(min(axes.bbox.width, axes.bbox.height), 15, "a squeezed panel")

    def assert_titled(self, figure, run):
        title = " ".join(text for text, _ in texts(figure))
        for part in (run.name, run.sparsity, f"seed {run.seed}"):
            self.assertIn(part, title)

    def test_every_figure_of_every_model(self):
        for name, run in self.runs.items():
            for draw in (skeleta_analysis.contributions, skeleta_analysis.columns,
                         skeleta_analysis.dimensionality):
                with self.subTest(model=name, figure=draw.__name__):
                    figure = draw(run)
                    self.assert_legible(figure)
                    self.assert_titled(figure, run)
                    labels = " ".join(axes.get_ylabel() for axes in figure.axes)
                    self.assertIn("(dimensionless)", labels)
                    plt.close(figure)

    def run_of(self, name, *law):
        """A run of 8 features in 3 dimensions under this law."""
        return skeleta_analysis.open(estimate(self.place / "antiprism.h5", self.folder / f"{name}.h5", *law))

    def test_data_shows_the_law(self):
        groups = "exclusive(together:0.1(0,1),parent:0.2(4,5:0.5),6:0.05),together(2,3)"
        laws = {
            "plain": [],
            "zipf": ["--density", "zipf:1.2:0.5", "--values", "half-normal:2"],
            "groups": ["--density", "0.1", "--groups", groups, "--values",
                       "constant:1;" * 2 + "uniform:-1,1;" * 2 + "exponential:1;normal:0,1;" + "uniform:0,1;" * 1 +
                       "uniform:0,1"],
        }
        for name, law in laws.items():
            with self.subTest(law=name):
                run = self.run_of(name, *law)
                figure = skeleta_analysis.data(run)
                self.assert_legible(figure)
                axes = figure.axes[0]
                np.testing.assert_array_equal(axes.lines[0].get_ydata(), np.sort(run.data["density"])[::-1])
                self.assertEqual(axes.get_yscale(), "log" if name == "zipf" else "linear")
                self.assertEqual(len(figure.axes), 2 if name == "groups" else 1)
        said = " ".join(text for text, _ in texts(figure))
        for words in ("values of 5 laws", "constant 1", "uniform on [-1, 1]", "normal, mean 0, deviation 1",
                      "together", "at most one", "parent, children", "feature; 1 other is independent"):
            self.assertIn(words, said)
        self.assertIn("values half-normal, scale 2", skeleta_analysis.data(self.run_of("zipf2", *laws["zipf"]))
                      ._suptitle.get_text())

    def test_data_draws_the_groups_of_the_file(self):
        run = self.run_of("nested", "--density", "0.1", "--groups", "exclusive(together:0.1(0,1),parent:0.2(4,5:0.5),6:0.05)")
        axes = skeleta_analysis.data(run).axes[1]
        self.assertEqual([label.get_text() for label in axes.get_xticklabels()], ["0", "1", "4", "5", "6"])
        brackets = {(tuple(line.get_xdata()), line.get_ydata()[0]) for line in axes.lines
                    if len(line.get_ydata()) == 2 and np.ptp(line.get_ydata()) == 0 and np.ptp(line.get_xdata()) > 0}
        # Around 0, 1; around 4, 5; and around both and 6, a row higher.
        self.assertEqual(brackets, {((0, 1), 1), ((2, 3), 1), ((0.5, 4), 2)})

    def test_data_of_many_groups_stays_legible(self):
        D = 240
        path = self.folder / "many.h5"
        with h5py.File(path, "w") as file:
            file["W"], file["b"] = np.eye(3, D), np.zeros(D)
        groups = ",".join(f"exclusive({j}-{j + 2})" for j in range(0, D, 3))
        run = skeleta_analysis.open(estimate(path, self.folder / "run.h5", "--density", "zipf:1:0.3", "--groups", groups,
                                             "--method", "plain", "--samples", "1000"))
        self.assert_legible(skeleta_analysis.data(run))

    def dictionary_run(self, name, *options):
        """A run of 80 features, named, in 20 dimensions."""
        names = self.folder / "names.txt"
        names.write_text("".join(f"$word_{k}$ with a name that is long\n" if k % 7 == 0 else f"word{k}\n" for k in range(80)))
        path = self.folder / f"{name}.h5"
        self.run_command(program(), "dictionary", SOURCE / "data/trained/n80_m20_S0.98.h5", "--quiet", "-o", path,
                         "--names", names, *options)
        return skeleta_analysis.open(path)

    def test_dictionaries(self):
        for name, options in (("split", ["--skeletons", "6"]), ("few", ["--skeletons", "3"]), ("plain", []),
                              ("alone", ["--compare", "0", "--neighbours", "0"])):
            with self.subTest(name=name):
                run = self.dictionary_run(name, *options)
                figure = skeleta_analysis.dictionary(run)
                self.assert_legible(figure)
                self.assertEqual(len(figure.axes), 5 if "--skeletons" in options else 4)
                self.assertIn("80 features in 20 dimensions", figure._suptitle.get_text())
                self.assertEqual("random directions" in figure._suptitle.get_text(), "--compare" not in options)
                rows = run.dictionary
                np.testing.assert_allclose(figure.axes[0].patches[0].get_data().values,
                                           rows["bin_count"].values[1] / 80)
                worst = figure.axes[-1]
                part = (rows["feature_loss"] * rows["importance"]).values / rows["loss"].values[0]
                np.testing.assert_allclose([bar.get_width() for bar in worst.patches], np.sort(part)[::-1][:14])
                labels = [label.get_text() for label in worst.get_yticklabels()]
                self.assertEqual(labels[0], short(run.feature_name(np.argmax(part))))
                plt.close(figure)
        said = " ".join(text for text, _ in texts(skeleta_analysis.dictionary(self.dictionary_run("again", "--neighbours", "2"))))
        self.assertRegex(said, r"word\d+ \d+ %, ")

    def test_basins(self):
        runs = []
        for name, options in (("free", []), ("charged", ["--interference", "0.05", "--importance-decay", "0.8"])):
            path = self.folder / f"basins_{name}.h5"
            self.run_command(program(), "basins", "--features", "2", "--hidden", "1", "--sparsity", "0.9", "--starts", "40",
                             "--quiet", "-o", path, *options)
            runs.append(skeleta_analysis.open(path))
        for some in (runs[:1], runs):
            figure = skeleta_analysis.basins(some)
            self.assert_legible(figure)
            widths = np.array([bar.get_width() for bar in figure.axes[0].patches])
            found = np.concatenate([run.basins["probability"].values[np.argsort(run.basins["value"].values)] for run in some])
            np.testing.assert_allclose(widths, found)
            self.assertAlmostEqual(widths.sum(), len(some))
            plt.close(figure)
        with self.assertRaisesRegex(ValueError, "has no basins"):
            skeleta_analysis.basins([self.runs["n5_m2_S0.75"]])

    def test_frontier(self):
        runs = []
        for cap in ("0.4", "0.49", "0.55", "0.8", "1"):
            path = self.folder / f"frontier_{cap}.h5"
            self.run_command(program(), "train", "--features", "3", "--hidden", "2", "--sparsity", "0.95", "--starts", "5",
                             "--coherence-cap", cap, "--quiet", "-o", path)
            runs.append(skeleta_analysis.open(path))
        figure = skeleta_analysis.frontier(runs[::-1])
        self.assert_legible(figure)
        branches = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
        self.assertEqual([list(line.get_xdata()) for line in branches], [[0.4, 0.49], [0.55, 0.8, 1.0]])
        np.testing.assert_array_equal(np.concatenate([line.get_ydata() for line in branches]),
                                      [run.training["loss"].values[0] for run in runs])
        self.assertEqual([text.get_text() for text in figure.axes[0].texts], ["2 kept", "3 kept"])
        plt.close(figure)

    def test_selection(self):
        runs = []
        for penalty, deviation in (("0.01", "0.1"), ("0.05", "0.1"), ("0.01", "1")):
            path = self.folder / f"selected_{penalty}_{deviation}.h5"
            self.run_command(program(), "basins", "--features", "2", "--hidden", "1", "--sparsity", "0.9", "--importance-decay", "0.8",
                             "--interference", penalty, "--deviation", deviation, "--starts", "40", "--quiet", "-o", path)
            runs.append(skeleta_analysis.open(path))
        figure = skeleta_analysis.selection(runs)
        self.assert_legible(figure)
        self.assertEqual([axes.get_xlabel() for axes in figure.axes], ["penalty λ", "deviation σ of the start"])
        both, first, second = (line.get_ydata() for line in figure.axes[0].lines)
        self.assertEqual(list(figure.axes[0].lines[0].get_xdata()), [0.01, 0.05])
        np.testing.assert_allclose(np.add(both, first) + second, 1.0)
        self.assertEqual(both[1], 0.0)  # the pair is no minimum there
        self.assertEqual(both[0], float(runs[0].basins["probability"][0]))
        plt.close(figure)
        with self.assertRaisesRegex(ValueError, "nothing varies"):
            skeleta_analysis.selection(runs[:1])

    def test_conjecture(self):
        files, ends = [], {}
        for features, hidden in ((2, 1), (4, 2)):
            for sparsity in (0.9, 0.5, 0.2):
                files.append(self.folder / f"axes_{features}_{sparsity}.json")
                files[-1].write_text(self.run_command(program(), "certify", "--axis-columns", "--features", features, "--hidden",
                                                      hidden, "--sparsity", sparsity, "--json"), encoding="utf-8")
                found = json.loads(files[-1].read_text(encoding="utf-8"))["certified"]
                ends[features, sparsity] = found["lower"], found["upper"]
        figure = skeleta_analysis.conjecture(files)
        self.assert_legible(figure)
        left, right = figure.axes
        # v = p/3 - p²/4 at S = .9 and .5: the second term, d pairs, then the first one.
        least = {0.9: 0.1 ** 2 / 3, 0.5: 0.5 ** 2 / 3, 0.2: 0.8 / 3 - 0.8 ** 2 / 4}
        for features, marker in ((2, "o"), (4, "s")):
            (points,) = [line for line in left.lines if line.get_marker() == marker]
            self.assertEqual(points.get_label(), f"D = {features}, d = {features // 2}")
            for sparsity, value in zip(*points.get_data()):
                low, high = ends[features, round(sparsity, 6)]
                self.assertTrue(low <= value <= high)
            (above,) = [line for line in right.lines if line.get_marker() == marker]
            for sparsity, percent in zip(*above.get_data()):
                guess = least[round(sparsity, 6)] * features / 2
                self.assertAlmostEqual(percent, 100 * (1 - ends[features, round(sparsity, 6)][1] / guess), delta=1e-9)
        plt.close(figure)
        files[0].write_text("{}", encoding="utf-8")
        with self.assertRaisesRegex(ValueError, "is no result of skeleta certify --axis-columns"):
            skeleta_analysis.conjecture(files)

    def test_polygons(self):
        files = []
        for name, features, more in (("stable", 5, ["--stable"]), ("hexagon", 6, [])):
            files.append(self.folder / f"{name}.txt")
            self.run_command(program(), "certify", "--features", features, "--hidden", 2, *more, "-o", files[-1])
        figure = skeleta_analysis.polygons(files)
        self.assert_legible(figure)
        for axes, corners, shared in zip(figure.axes, (5, 6), (5, 0)):
            # Proven lengths: analysis/proofs.md.
            (points,) = [line for line in axes.lines if line.get_marker() == "o"]
            lengths = np.hypot(*points.get_data())
            np.testing.assert_allclose(lengths, {5: 1.17045963909783, 6: 1.32052633077997}[corners], rtol=1e-13)
            self.assertEqual(len(lengths), corners)
            self.assertEqual(len(axes.patches), shared)
            for sector, angle in zip(axes.patches, 90 + 72 * np.arange(shared)):  # each holds its column
                self.assertTrue(sector.theta1 < angle < sector.theta2)
                self.assertTrue(sector.r - sector.width < lengths[0] < sector.r)
        self.assertIn("+ 0.011", figure.axes[0].get_title())
        plt.close(figure)
        # Gaps of 1 to 1.5 between five columns: the second from 1, the third from 2π - 3 · 1.5 too.
        ends = sectors(5, (1.0, 1.5))
        np.testing.assert_allclose(ends[:2], [(1.0, 1.5), (2.0, 3.0)])
        np.testing.assert_allclose(np.add(ends[3], ends[0][::-1]), 2 * np.pi)
        good = files[0].read_text(encoding="ascii")
        for before, after in (("near_column 0x1.dp-1 ", "near_column "), ("corners 5", "corners 100000000"),
                              ("near_angle 0x1p+0", "near_angle 0x1p9999"), ("slack 0x", "slack -0x"),
                              ("near_column 0x1.d", "near_column 0x1e9.d"), ("minimum ", "maximum ")):
            self.assertIn(before, good)
            files[0].write_text(good.replace(before, after), encoding="ascii")
            with self.subTest(after=after), self.assertRaisesRegex(ValueError, "is no certificate of a polygon"):
                skeleta_analysis.polygons(files)

    def test_excess_names_its_markers(self):
        runs = []
        for features, hidden in ((3, 1), (4, 2)):
            path = self.folder / f"excess_{features}.h5"
            self.run_command(program(), "approximate", "--features", features, "--hidden", hidden, "--train", "--starts", "3",
                             "--sparsities", "0.8,0.9,0.99", "--quiet", "-o", path)
            runs.append(skeleta_analysis.open(path))
        figure = skeleta_analysis.excess(runs)
        self.assert_legible(figure)
        left, right = figure.axes
        legend = left.get_legend()
        self.assertFalse(legend.get_window_extent().overlaps(left.patch.get_window_extent().padded(-3)))
        self.assertEqual([(text.get_text(), line.get_marker()) for text, line in zip(legend.get_texts(), legend.get_lines())],
                         [("D = 3, d = 1", "o"), ("D = 4, d = 2", "s")])
        for run, line in zip(runs, left.lines):
            curve = run.approximation.isel(k=0)
            np.testing.assert_allclose(line.get_ydata()[::-1], 1 - curve["lower"].values / curve["upper"].values)
        plt.close(figure)

    def test_errors(self):
        path = SOURCE / "data/errors.csv"
        figure = skeleta_analysis.errors(path)
        self.assert_legible(figure)
        with open(path, newline="") as file:
            rows = list(csv.DictReader(file))
        largest = sorted(float(row["largest_of_bound"]) for row in rows)
        drawn = [line for line in figure.axes[0].lines if line.get_marker() in style.MARKERS and len(line.get_xdata()) > 0]
        np.testing.assert_array_equal(sorted(np.concatenate([line.get_xdata() for line in drawn])), largest)
        self.assertLessEqual(largest[-1], 1.0)
        self.assertEqual(len(figure.axes[0].get_yticklabels()), len({row["region"] for row in rows}))
        picture = str(self.folder / "errors.png")
        self.assertEqual(command.main(["errors", str(path), "-o", picture]), 0)
        self.assertEqual(command.main(["errors", str(SOURCE / "data/minima.csv"), "-o", picture]), 2)

    def test_coherence(self):
        runs = []
        for penalty in ("0", "8e-5", "1e-4", "4e-4"):
            path = self.folder / f"coherence_{penalty}.h5"
            self.run_command(program(), "train", "--features", "5", "--hidden", "2", "--sparsity", "0.999", "--starts", "30",
                             "--interference", penalty, "--quiet", "-o", path)
            runs.append(skeleta_analysis.open(path))
        figure = skeleta_analysis.coherence(runs[::-1])
        self.assert_legible(figure)
        absolute, signed = figure.axes[0].lines  # the pentagon twice, two opposite pairs, two orthogonal columns
        np.testing.assert_allclose(absolute.get_ydata(), [np.cos(np.pi / 5)] * 2 + [1, 0], atol=1e-4)
        np.testing.assert_allclose(signed.get_ydata(), [np.cos(2 * np.pi / 5)] * 2 + [0, 0], atol=1e-4)
        self.assertEqual([text.get_text() for text in figure.axes[0].texts], ["5 kept", "4 kept", "2 kept"])
        plt.close(figure)

    def test_spectra(self):
        run = skeleta_analysis.open(SOURCE / "data/fixtures/spectrum.h5")
        figure = skeleta_analysis.spectrum(run)
        self.assert_legible(figure)
        axes, table = figure.axes[0], run.spectrum
        values, zero = table["eigenvalues"].values, table["zero"].values[:, None]
        drawn = {marker: sum(len(line.get_xdata()) for line in axes.lines if line.get_marker() == marker)
                 for marker in ("o", "<", "x")}
        self.assertEqual(drawn, {"o": (values > zero).sum(), "<": (values < -zero).sum(), "x": (np.abs(values) <= zero).sum()})
        self.assertGreater(min(drawn.values()), 0)
        for line in axes.lines:
            if line.get_marker() == "<" and len(line.get_xdata()):
                row = round(line.get_ydata()[0])
                self.assertIn(line.get_xdata()[0], -values[row])
                self.assertEqual(str(table["landscape"].values[row]), "saddle")
        said = " ".join(text for text, _ in texts(figure))
        for words in ("learning coefficient 7", "saddle", "1 negative", "flat: 1 turning the hidden space", "a way down"):
            self.assertIn(words, said)
        with self.assertRaisesRegex(ValueError, "has no spectra"):
            skeleta_analysis.spectrum(self.runs["n5_m2_S0.75"])

    def test_every_instance_can_be_drawn(self):
        run = self.runs["n5_m2_S0.75"]
        for draw in (skeleta_analysis.contributions, skeleta_analysis.columns,
                     skeleta_analysis.dimensionality):
            for instance in run.instances:
                figure = draw(run, instance)
                self.assert_legible(figure)
                self.assertIn(f"instance {instance}", " ".join(text for text, _ in texts(figure)))
                plt.close(figure)

    def test_comparison(self):
        for names in (["n5_m2_S0.75"], list(self.runs), ["one_feature", "nothing"]):
            figure = skeleta_analysis.comparison([self.runs[name] for name in names])
            self.assert_legible(figure)
            labels = " ".join(text for text, _ in texts(figure))
            for name in names:
                self.assertIn(name, labels)
            self.assertIn("seed 1", labels)
            plt.close(figure)
        with self.assertRaisesRegex(ValueError, "at least one run"):
            skeleta_analysis.comparison([])

    def test_contributions_are_those_of_the_file(self):
        run = self.runs["n20_m5_S0.95"]
        left, right = skeleta_analysis.contributions(run, 1).axes
        with h5py.File(run.path) as file:
            stored = dict(zip(file["loss/l"][:], file["loss/contribution"][1]))
            bound, rest = file["tail/rest_bound"][1], file["tail/rest"][1]
        bars = {round(bar.get_x() + bar.get_width() / 2): bar.get_height() for bar in left.patches}
        self.assertGreater(len(bars), 4)
        for l, height in bars.items():
            self.assertEqual(height, stored[l])
        self.assertTrue(any(np.array_equal(line.get_ydata(), [bound, bound]) for line in right.lines))
        self.assertTrue(any(rest in line.get_ydata() for line in right.lines))

    def test_dimensionalities_are_those_of_the_file(self):
        run = self.runs["antiprism"]
        axes = skeleta_analysis.dimensionality(run).axes[0]
        np.testing.assert_allclose(axes.collections[0].get_offsets()[:, 1], 3 / 8, atol=1e-12)
        lines = sorted(line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == "--")
        self.assertEqual(lines, [3 / 8, 2 / 5, 1 / 2, 2 / 3, 3 / 4])
        names = [text.get_text() for text in axes.texts]
        self.assertEqual(sorted(names), ["antiprism 3/8", "digon 1/2", "pentagon 2/5",
                                         "tetrahedron 3/4", "triangle 2/3"])

    def test_an_exact_run_has_no_interval(self):
        path = self.folder / "exact.h5"
        estimate(SOURCE / "data/trained/n5_m2_S0.95.h5", path, "--method", "exact")
        figure = skeleta_analysis.contributions(skeleta_analysis.open(path))
        self.assertIn("exact to", figure._suptitle.get_text())

    def test_gram_matrix_is_that_of_the_columns(self):
        run = self.runs["antiprism"]
        gram = skeleta_analysis.columns(run).axes[1].images[0].get_array()
        for i, j in np.ndindex(gram.shape):
            self.assertAlmostEqual(gram[i, j], float(ANTIPRISM[:, i] @ ANTIPRISM[:, j]), 12)

    def test_comparison_shares_add_up(self):
        run = self.runs["n5_m2_S0.95"]
        right = skeleta_analysis.comparison([run]).axes[1]
        widths = np.array([bar.get_width() for bar in right.patches]).reshape(-1, len(run.instances))
        np.testing.assert_allclose(widths.sum(axis=0), 100, atol=1e-9)
        share = run.tail["one_sparse_share"].values
        np.testing.assert_allclose(widths[0], 100 * share, rtol=1e-3)

    def test_commands_write_every_format_and_the_same_bytes_twice(self):
        path = str(self.runs["n5_m2_S0.95"].path)
        for name in ("contributions", "columns", "dimensionality", "comparison"):
            for ending, magic in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")):
                files = [self.folder / f"{name}{k}.{ending}" for k in range(2)]
                for file in files:
                    self.assertEqual(command.main([name, path, "-o", str(file)]), 0)
                self.assertEqual(files[0].read_bytes()[:len(magic)], magic)
                self.assertEqual(files[0].read_bytes(), files[1].read_bytes(), files[0].name)

    def test_command_says_what_is_wrong(self):
        path = str(self.runs["n5_m2_S0.95"].path)
        picture = str(self.folder / "a.png")
        base = ("/usr/bin/python3", "-m", "skeleta_analysis")
        options = {"cwd": SOURCE / "analysis/python", "expect": 2}
        for arguments, reason in (
            (("columns", path, "--instance", "9", "-o", picture), "has no instance 9"),
            (("columns", "none.h5", "-o", picture), "no such file"),
            (("columns", SOURCE / "data/trained/n5_m2_S0.95.h5", "-o", picture), "run file of it"),
            (("columns", path, "-o", self.folder / "a.bmp3"), "bmp3"),
            (("colums", path, "-o", picture), "invalid choice"),
        ):
            self.assertIn(reason, self.run_command(*base, *arguments, **options))
        self.assertFalse((self.folder / "a.png").exists())

    def test_settings_of_the_caller_survive(self):
        before = dict(matplotlib.rcParams)
        skeleta_analysis.columns(self.runs["tetrahedron"])
        self.assertEqual(dict(matplotlib.rcParams), before)


class Linear(Workplace):
    """Curves that coincide, and legends that lie beside what they explain."""

    def assert_legends_cover_nothing(self, figure):
        figure.canvas.draw()
        for axes in figure.axes:
            legend = axes.get_legend()
            if legend is not None:
                self.assertFalse(legend.get_window_extent().overlaps(axes.patch.get_window_extent().padded(-3)))

    def test_flows_that_coincide_can_all_be_seen(self):
        run = skeleta_analysis.open(FIXTURES / "linear_flow.h5")
        figure = skeleta_analysis.flow(run)
        self.addCleanup(plt.close, figure)
        self.assert_legends_cover_nothing(figure)
        for axes, count in zip(figure.axes, (run.flow.sizes["rule"], run.flow.sizes["mode"])):
            named = [line for line in axes.lines if not line.get_label().startswith("_")]
            self.assertEqual(len(named), count)
            self.assertEqual(len({line.get_marker() for line in named}), count)
            widths = [line.get_linewidth() for line in named]
            self.assertEqual(widths, sorted(set(widths), reverse=True))
        drawn = [line for line in figure.axes[0].lines if len(line.get_xdata()) > 2 and line.get_linestyle() == "-"]
        for line, loss in zip(drawn, run.flow["loss"].values):
            np.testing.assert_array_equal(line.get_ydata(), loss[:len(line.get_ydata())])

    def test_moments_name_their_markers(self):
        path = self.folder / "moments.h5"
        self.run_command(program(), "linear", "moments", "--features", "5", "--sparsity", "0.5,0.9", "--samples",
                         "1e2,1e3", "--quiet", "-o", path)
        figure = skeleta_analysis.moments(skeleta_analysis.open(path))
        self.addCleanup(plt.close, figure)
        self.assert_legends_cover_nothing(figure)
        named = [line for line in figure.axes[0].lines if not line.get_label().startswith("_")]
        self.assertEqual([(line.get_label(), line.get_marker()) for line in named], [("S = 0.5", "o"), ("S = 0.9", "s")])

    def test_long_seeds_are_shortened(self):
        self.assertEqual([brief(seed) for seed in (0, 7, 123456789, 18364758544493064720)],
                         ["0", "7", "123456789", "183…720"])
        runs = [skeleta_analysis.open(FIXTURES / f"{name}.h5") for name in ("estimate", "estimate_one")]
        figure = skeleta_analysis.comparison(runs)
        self.addCleanup(plt.close, figure)
        self.assertTrue(all(len(text) < 50 for text, _ in texts(figure)), texts(figure))


class Style(Workplace):
    def test_colours_differ_in_grey_print(self):
        def grey(colour):
            return np.dot(to_rgb(colour), (0.299, 0.587, 0.114))

        self.assertGreater(abs(grey(style.EXACT) - grey(style.SAMPLED)), 0.25)
        self.assertGreater(abs(grey(style.INK) - grey(style.FAINT)), 0.5)
        shades = [grey(colour[:3]) for colour in plt.get_cmap(style.COLOURS)(np.linspace(0, 1, 50))]
        self.assertTrue(all(np.diff(shades) > 0))

    def test_spread(self):
        np.testing.assert_allclose(style.spread([0, 5, 9], 1), [0, 5, 9])
        np.testing.assert_allclose(style.spread([5, 0, 0.5], 1), [5, -0.25, 0.75])
        np.testing.assert_allclose(style.spread([1, 1, 1], 1), [0, 1, 2])
        for trial in range(100):
            values = np.random.default_rng(trial).uniform(0, 5, 8)
            moved = style.spread(values, 0.7)
            self.assertGreaterEqual(np.diff(np.sort(moved)).min(), 0.7 - 1e-12)
            self.assertEqual(list(np.argsort(moved)), list(np.argsort(values)))
            self.assertAlmostEqual(moved.mean(), values.mean(), 12)


class Polytopes(Workplace):
    """Numbers of edges and of edges at each vertex that every book lists."""

    def assert_edges(self, points, count, degree):
        found = polytope.edges(points)
        self.assertEqual(len(found), count)
        self.assertEqual(set(np.bincount(np.ravel(found))), {degree})

    def test_known_polytopes(self):
        cube = np.array(list(itertools.product((-1, 1), repeat=3))) / 3 ** 0.5
        golden = (1 + 5 ** 0.5) / 2
        icosahedron = np.array([np.roll([0, a, b * golden], k) for k in range(3)
                                for a in (-1, 1) for b in (-1, 1)]) / (1 + golden ** 2) ** 0.5
        self.assert_edges(TETRAHEDRON.T, 6, 3)
        self.assert_edges(np.concatenate([np.eye(3), -np.eye(3)]), 12, 4)
        self.assert_edges(cube, 12, 3)
        self.assert_edges(ANTIPRISM.T, 16, 4)
        self.assert_edges(icosahedron, 30, 5)

    def test_a_bent_square_has_no_diagonal(self):
        noise = 1e-3 * np.random.default_rng(2).normal(size=(8, 3))
        self.assert_edges(ANTIPRISM.T + noise, 16, 4)

    def test_flat_and_few(self):
        self.assertEqual(polytope.edges(np.eye(3)[:1]), [])
        self.assertEqual(polytope.edges(np.eye(3)[:2]), [(0, 1)])
        square = np.array([[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]])
        self.assertEqual(polytope.edges(square), [(0, 1), (0, 3), (1, 2), (2, 3)])
        self.assertEqual(polytope.edges(np.zeros((61, 3))), [])


if __name__ == "__main__":
    unittest.main()
