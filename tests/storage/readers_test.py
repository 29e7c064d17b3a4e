"""Reads the example run file with h5py, xarray and netCDF4: readers_test.py FILE.

The numbers are those of example_runs.h; entry (k, j) of W of instance i is 100 i + 10 k + j + 0.5.
"""
import sys
import warnings

import h5py
import netCDF4
import numpy as np
import xarray

warnings.simplefilter("error", UserWarning)
file = sys.argv[1]
i, k, j = np.meshgrid(range(2), range(2), range(3), indexing="ij")
W = 100 * i + 10 * k + j + 0.5
b = i[:, 0, :] - 0.25 * j[:, 0, :]
nan = np.nan
mean = [[nan, 10.2, 20.2, nan], [nan, 110.2, nan, 130.2]]  # instance 0: l = 0, 1, 2; 1: l = 1, 3
samples = [[7, 17, 27, 0], [0, 117, 0, 137]]
# What the instances 0 and 1 hold: n + 0.25 and n + 10.25 for the n-th, or x and x + 1.
TAIL = ["one_sparse_contribution", "one_sparse_share", "rest", "rest_standard_error",
        "rest_bound", "probability_of_rest", "union_bound", "chernoff_bound"]
GEOMETRY = ["dimensions_per_feature", "coherence_signed", "coherence_absolute", "signed_bound",
            "welch_bound", "orthoplex_bound", "distance_to_first"]
LOSS = {"value": 0.5, "value_standard_error": 0.03125, "low": 0.25, "high": 0.75,
        "non_finite": 3, "seconds": 0.125}


def equal(actual, expected):
    np.testing.assert_array_equal(np.ma.filled(actual, nan) if np.ma.isMA(actual) else actual,
                                  expected)


def check_h5py():
    with h5py.File(file) as f:
        equal(f["/model/W"][...], W)
        equal(f["/model/b"][...], b)
        equal(f["/data/density"][...], [0, 0.5, 1])
        equal(f["/loss/l"][...], [0, 1, 2, 3])
        equal(f["/loss/mean"][...], mean)
        equal(f["/loss/samples"][...], samples)
        equal(f["/loss/value_samples"][...], [2**53 + 1] * 2)
        equal([d.label or d[0].name for d in f["/model/W"].dims],
              ["/model/instance", "/model/hidden", "/model/feature"])
        assert f.attrs["filetype"] == "skeleta estimate"
        assert list(f.attrs["version"]) == [1, 12]
        assert f["/loss/error_bound"].attrs["references"] == "mathematics.md, Theorem 3.7; sampled: mathematics.md, Proposition 9.3"
        assert f.attrs["seed"] == 0xFEDCBA9876543210
        assert f.attrs["seed_hex"] == "0xfedcba9876543210"
        assert f.attrs["command_line"] == "skeleta estimate 'modèle.h5'"
        assert f.attrs["options"] == "seed = 5\nrel-tol = 1e-3\n"


def check_utf8(item, name):
    kind = h5py.h5a.open(item.id, name.encode()).get_type()
    assert kind.is_variable_str() and kind.get_cset() == h5py.h5t.CSET_UTF8, name


def check_rules():
    """Types, scales and texts of every dataset, whatever its name."""

    def visit(name, item):
        if not isinstance(item, h5py.Dataset):
            return
        assert item.dtype in ("f8", "i8", "i1"), name
        for text in "units", "long_name":
            assert item.attrs[text], name
            check_utf8(item, text)
        for axis in item.dims:
            scale = [s.name for s in axis.values()]
            assert h5py.h5ds.is_scale(item.id) or scale[0].rpartition("/")[0] == item.parent.name, name

    with h5py.File(file) as f:
        f.visititems(visit)
        for name in "filetype", "command_line", "options", "created_at", "seed_hex":
            check_utf8(f, name)


def check_xarray(engine):
    with xarray.open_dataset(file, engine=engine) as root:
        assert root.attrs["filetype"] == "skeleta estimate"
        assert root.attrs["options"] == "seed = 5\nrel-tol = 1e-3\n"
    with xarray.open_dataset(file, engine=engine, group="model") as model:
        assert model.W.dims == ("instance", "hidden", "feature")
        equal(model.W, W)
        equal(model.instance, [4, 7])
        assert float(model.W.sel(instance=7, hidden=1, feature=2)) == 112.5
    with xarray.open_dataset(file, engine=engine, group="data") as data:
        equal(data.importance, [2, 1.25, 0.5])
    with xarray.open_dataset(file, engine=engine, group="loss") as loss:
        assert loss["mean"].dims == ("instance", "l")
        equal(loss["mean"], mean)
        equal(loss.samples, samples)
        assert float(loss["mean"].sel(instance=7, l=3)) == 130.2
        meanings = loss.stop_reason.attrs["flag_meanings"].split()
        equal([meanings[int(v)] for v in loss.stop_reason], ["exact", "precision"])
        for name, first in LOSS.items():
            equal(loss[name], [first, first + 1])
        for n, name in enumerate(["probability", "mean", "contribution", "standard_error"], 1):
            expected = 110 + n / 10
            equal(loss[name][1, 1], expected / 1000 if name == "probability" else expected)
        equal(loss.method.attrs["flag_meanings"].split(), ["exact", "quasi"])
    with xarray.open_dataset(file, engine=engine, group="tail") as tail:
        for n, name in enumerate(TAIL, start=1):
            scale = 100 if name == "probability_of_rest" else 1
            equal(tail[name], [(n + 0.25) / scale, (n + 10.25) / scale])
    with xarray.open_dataset(file, engine=engine, group="geometry") as geometry:
        equal(geometry.norm, [[0.5, 1.5, 2.5], [10.5, 11.5, 12.5]])
        equal(geometry.dimensionality, [[0.25, 1.25, 2.25], [10.25, 11.25, 12.25]])
        for n, name in enumerate(GEOMETRY, start=1):
            equal(geometry[name], [n + 0.125, n + 10.125])
        equal(geometry.represented, [2, 3])
        names = geometry.polytope.attrs["flag_meanings"].split()
        named = dict(zip((names[int(k)] for k in geometry.polytope),
                         geometry.polytope_dimensionality.values))
        assert named == {"tetrahedron": 3 / 4, "triangle": 2 / 3, "digon": 1 / 2,
                         "pentagon": 2 / 5, "antiprism": 3 / 8}


def check_netcdf4():
    with netCDF4.Dataset(file) as f:
        assert f["model/W"].dimensions == ("instance", "hidden", "feature")
        equal(f["model/W"][...], W)
        equal(f["loss/samples"][...], samples)
        assert f["loss/seconds"].units == "s"


check_h5py()
check_rules()
check_xarray("h5netcdf")
check_xarray("netcdf4")
check_netcdf4()
