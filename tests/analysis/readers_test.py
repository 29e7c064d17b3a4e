"""Every reader prints the same summary of the golden files, and refuses what is not theirs."""

import os
import pathlib
import re
import shutil
import unittest

import h5py
import numpy as np
import xarray
from workplace import FIXTURES, GOLDEN, SOURCE, Workplace, estimate, program

import skeleta_analysis
from skeleta_analysis.summary import attribute_text, summary, value_text



def with_xarray(path, engine):
    """A Run as xarray reads it, without our reader."""
    with xarray.open_dataset(path, engine=engine) as root:
        attributes = dict(root.attrs)
    with h5py.File(path) as file:
        names = list(file)
    groups = {}
    for group in names:
        with xarray.open_dataset(path, engine=engine, group=group) as dataset:
            groups[group] = dataset.load().map(in_words, keep_attrs=True).assign_coords(
                {name: in_words(axis) for name, axis in dataset.coords.items()})
    return skeleta_analysis.Run(pathlib.Path(path), attributes, groups)


def in_words(array):
    if "flag_meanings" not in array.attrs:
        return array
    words = np.array(array.attrs["flag_meanings"].split())
    return array.copy(data=words[array.values.astype(int)])


def unescaped(text):
    return re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), text)


class Dump:
    """What ncdump prints, as a tool without any HDF5 library would read it."""

    def __init__(self, text):
        self.attributes, self.datasets, group, self.lengths = {}, {}, "", {}
        for statement in re.split(r" ;\n", text):
            if found := re.search(r"group: (\w+) \{", statement):
                group = found[1]
            statement = re.sub(r"^.*(\{|data:|variables:|dimensions:|// .*?)\n", "", statement,
                               flags=re.DOTALL).strip()
            self.take(group, statement)

    def take(self, group, statement):
        if found := re.fullmatch(r"(?:string )?(\w*):(\w+) = (.*)", statement, re.DOTALL):
            owner, name, value = found.groups()
            if value.startswith('"'):
                value = unescaped(value[1:-1])
            else:
                value = [float(re.sub("[A-Za-z]+$", "", part)) if "." in part else
                         int(re.sub("[A-Za-z]+$", "", part)) for part in value.split(", ")]
            (self.datasets[group, owner] if owner else self.attributes)[name] = value
        elif found := re.fullmatch(r"\w+ (\w+)\((.*)\)", statement):
            self.datasets[group, found[1]] = {"axes": found[2].split(", ")}
        elif found := re.fullmatch(r"(\w+) =\s+(.*)", statement, re.DOTALL):
            if (group, found[1]) in self.datasets:
                self.datasets[group, found[1]]["values"] = re.split(r",\s+", found[2])
            else:
                self.lengths[group, found[1]] = found[2]

    def summary(self):
        lines = [f"{name} {attribute_text(value)}" for name, value in sorted(self.attributes.items())
                 if name not in ("seed", "seconds")]
        for (group, name), data in sorted(self.datasets.items()):
            axes = ", ".join(f"{axis} {self.lengths[group, axis]}" for axis in data["axes"])
            lines.append(f"/{group}/{name} [{axes}] {data['units']}: {data['long_name']}")
            words = data.get("flag_meanings", "").split()
            values = [words[int(value)] if words else value.lower().replace("infinity", "inf")
                      for value in data["values"]]
            if len(values) > 200:
                values[100:-100] = ["..."]
            lines.append("  " + " ".join(values))
        return "\n".join(lines) + "\n"


class Summaries(Workplace):
    """Fixed text on one side, one reader on the other."""

    def expected(self, name):
        return (FIXTURES / f"{name}.txt").read_text(encoding="utf-8")

    def test_python(self):
        for name in GOLDEN:
            self.assertEqual(summary(skeleta_analysis.open(FIXTURES / f"{name}.h5")),
                             self.expected(name))

    def test_xarray(self):
        for name in GOLDEN:
            for engine in ("h5netcdf", "netcdf4"):
                with self.subTest(name=name, engine=engine):
                    run = with_xarray(FIXTURES / f"{name}.h5", engine)
                    self.assertEqual(summary(run), self.expected(name))

    def test_ncdump(self):
        for name in GOLDEN:
            dump = Dump(self.run_command("ncdump", "-p", "9,17", FIXTURES / f"{name}.h5"))
            self.assertEqual(dump.summary(), self.expected(name))

    def test_octave(self):
        for name in GOLDEN:
            text = octave(self, f"run = skeleta_open('{FIXTURES / name}.h5');"
                                "printf('%s', skeleta_summary(run))")
            self.assertEqual(text, self.expected(name))

    def test_r(self):
        for name in GOLDEN:
            text = r(self, f"writeLines(skeleta_summary(skeleta_open('{FIXTURES / name}.h5')), "
                           "useBytes = TRUE)")
            self.assertEqual(text, self.expected(name))

    def test_committed_files_are_of_the_layout_that_the_program_writes(self):
        run = skeleta_analysis.open(FIXTURES / "estimate.h5")  # others are of earlier layouts
        model = SOURCE / run.options["model"]
        fresh = skeleta_analysis.open(estimate(model, self.folder / "estimate.h5", "--samples", "1e3",
                                               "--instance", run.options["instance"],
                                               "--method", run.options["method"]))
        self.assertEqual(layout(fresh), layout(run), "run data/fixtures/make")
        self.assertEqual(list(fresh.attributes), list(run.attributes))
        for group in ("model", "geometry"):
            xarray.testing.assert_allclose(fresh.groups[group], run.groups[group], atol=1e-9)

    def test_committed_training_files_are_what_the_program_writes(self):
        """The same command, the same minima: another build rounds differently on the way there."""
        for name, loss in (("train", "minimum_loss"), ("sweep", "loss")):
            run = skeleta_analysis.open(FIXTURES / f"{name}.h5")
            command = run.attributes["command_line"].split()[1:]
            command[command.index("-o") + 1] = self.folder / f"{name}.h5"
            self.run_command(program(), *command, cwd=SOURCE)
            fresh = skeleta_analysis.open(self.folder / f"{name}.h5")
            self.assertEqual(layout(fresh), layout(run), "run data/fixtures/make")
            self.assertEqual(list(fresh.attributes), list(run.attributes))
            group = "training" if name == "train" else "sweep"
            np.testing.assert_allclose(fresh.groups[group][loss], run.groups[group][loss], rtol=1e-6)

    def test_large_arrays_are_shortened_by_all(self):
        """And numbers that are none are spelled alike."""

        def enlarge(file):
            file["loss/mean"][0, :3] = np.nan, np.inf, -np.inf
            del file["data"]
            file["data/feature"] = np.arange(1000)
            file["data/feature"].make_scale("feature")
            file["data/density"] = np.arange(1000) / 7
            file["data/density"].dims[0].attach_scale(file["data/feature"])
            for name in ("feature", "density"):
                file[f"data/{name}"].attrs.update(units="1", long_name=name)

        path = self.altered("estimate", enlarge)
        text = summary(skeleta_analysis.open(path))
        self.assertIn(" 99 ... 900 ", text)
        self.assertIn("  nan inf -inf ", text)
        self.assertEqual(octave(self, f"printf('%s', skeleta_summary(skeleta_open('{path}')))"), text)
        self.assertEqual(r(self, f"writeLines(skeleta_summary(skeleta_open('{path}')), "
                                 "useBytes = TRUE)"), text)


def layout(run):
    """Names, axes and texts of everything, without values and lengths of l."""
    return {(group, name): (data.dims, data.attrs, data.dtype.kind)
            for group, dataset in run.groups.items() for name, data in dataset.variables.items()}


def octave(test, code, expect=0):
    return test.run_command("octave-cli", "--norc", "--quiet", "--path", SOURCE / "analysis/octave",
                            "--eval", code, expect=expect)


def r(test, code, expect=0):
    return test.run_command("Rscript", "-e", f"source('{SOURCE}/analysis/r/skeleta.R'); {code}",
                            expect=expect)


class Refusals(Workplace):
    """Each reader says the same sentence about a file that is not for it."""

    def assert_refused(self, path, sentence):
        with self.assertRaises((ValueError, OSError)) as caught:
            skeleta_analysis.open(path)
        for text in (str(caught.exception), octave(self, f"skeleta_open('{path}')", expect=1),
                     r(self, f"skeleta_open('{path}')", expect=1)):
            self.assertIn(f"{path}: ", text)
            self.assertRegex(text, sentence)

    def test_missing(self):
        self.assert_refused(self.folder / "none.h5", "no such file")

    def test_not_hdf5(self):
        path = self.folder / "text.h5"
        path.write_text("hello\n" * 1000)
        self.assert_refused(path, "HDF5")

    def test_model_file(self):
        path = SOURCE / "data/trained/n5_m2_S0.95.h5"
        sentence = "its filetype is 'skeleta model', but this reader needs 'skeleta estimate'"
        self.assert_refused(path, sentence)
        with self.assertRaisesRegex(skeleta_analysis.ForeignFile, "makes a run file of it"):
            skeleta_analysis.open(path)

    def test_no_filetype(self):
        path = self.altered("estimate", lambda file: file.attrs.__delitem__("filetype"))
        self.assert_refused(path, "has no attribute filetype, but this reader needs")

    def test_other_kind(self):
        path = self.altered("estimate", lambda file: file.attrs.__setitem__("filetype", "my lab"))
        self.assert_refused(path, "its filetype is 'my lab', but this reader needs")

    def test_a_kind_to_come(self):
        path = self.altered("estimate", lambda file: file.attrs.__setitem__("filetype", "skeleta spectrum"))
        self.assertIn("loss", skeleta_analysis.open(path).groups)
        octave(self, f"skeleta_open('{path}');")
        r(self, f"skeleta_open('{path}')")

    def test_other_major_version(self):
        version = np.array([2, 3], "i4")
        path = self.altered("estimate", lambda file: file.attrs.__setitem__("version", version))
        self.assert_refused(path, "of layout version 2.3, but this reader knows version 1.x")

    def test_no_version(self):
        path = self.altered("estimate", lambda file: file.attrs.__delitem__("version"))
        self.assert_refused(path, "has no attribute version of two integers")

    def test_strange_path(self):
        path = self.folder / "it is 'mine' $HOME.h5"
        shutil.copy(FIXTURES / "estimate_one.h5", path)
        code = f"run = skeleta_open(\"{str(path)}\"); printf('%d', size(run.model.W))"
        self.assertEqual(octave(self, code), "1520")

    def test_version_before(self):
        """Files of version 1.0, without geometry, are read by all."""

        def make_old(file):
            file.attrs["version"] = np.array([1, 0], "i4")
            del file["geometry"]

        path = self.altered("estimate_one", make_old)
        run = skeleta_analysis.open(path)
        self.assertFalse(hasattr(run, "geometry"))
        with self.assertRaisesRegex(ValueError, "no group /geometry"):
            skeleta_analysis.dimensionality(run)
        text = summary(run)
        self.assertEqual(octave(self, f"printf('%s', skeleta_summary(skeleta_open('{path}')))"), text)
        self.assertEqual(r(self, f"writeLines(skeleta_summary(skeleta_open('{path}')), "
                                 "useBytes = TRUE)"), text)


class PythonRun(Workplace):
    """What the objects of the Python reader are good for."""

    def test_selects_by_coordinates(self):
        path = FIXTURES / "estimate.h5"
        run = skeleta_analysis.open(path)
        with h5py.File(path) as file:
            self.assertEqual(float(run.loss["mean"].sel(instance=3, l=2)), file["loss/mean"][3, 2])
            self.assertEqual(float(run.model["W"].sel(instance=7, hidden=1, feature=4)),
                             file["model/W"][7, 1, 4])
        self.assertEqual(float(run.geometry["polytope_dimensionality"].sel(polytope="pentagon")), 0.4)
        self.assertEqual(set(run.loss["stop_reason"].values), {"unreliable"})  # of 40 samples

    def test_knows_where_it_comes_from(self):
        run = skeleta_analysis.open(FIXTURES / "estimate.h5")
        self.assertEqual(run.seed, 0xfedcba9876543210)
        self.assertEqual(run.options["model"], "data/trained/n5_m2_S0.75.h5")
        self.assertEqual(run.title(3), "n5_m2_S0.75, instance 3: D = 5, d = 2, S = 0.75, "
                                       "seed 18364758544493064720")
        with self.assertRaisesRegex(AttributeError, "no group /training"):
            run.training
        with self.assertRaisesRegex(ValueError, "has no instance 8, but 0, 1"):
            run.check_instance(8)

    def test_value_text(self):
        self.assertEqual([value_text(np.float64(x)) for x in (0.1, np.nan, -np.inf, 2)],
                         ["0.10000000000000001", "nan", "-inf", "2"])

    def test_can_be_installed(self):
        """pip makes a package without any compiled part of it, and it works."""
        tree, target = self.folder / "tree", self.folder / "target"
        shutil.copytree(SOURCE / "analysis/python", tree)
        self.run_command("/usr/bin/python3", "-m", "pip", "install", "--quiet", "--no-deps",
                         "--no-build-isolation", "--no-index", "--root-user-action=ignore",
                         "--target", target, tree)
        found = {path.suffix for path in (target / "skeleta_analysis").iterdir() if path.is_file()}
        self.assertEqual(found, {".py"})
        text = self.run_command("/usr/bin/python3", "-m", "skeleta_analysis", "summary",
                                FIXTURES / "estimate.h5", cwd=self.folder,
                                env={**os.environ, "PYTHONPATH": str(target)})
        self.assertEqual(text, (FIXTURES / "estimate.txt").read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
