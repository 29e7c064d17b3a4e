"""Writes model files that store their numbers in unusual ways into a folder: make_foreign.py FOLDER."""
import os
import sys

import h5py
import numpy as np

folder = sys.argv[1]
W = np.array([[0.5, -1.0, 2.0], [3.0, 4.0, -5.5]])
b = np.array([0.25, 0.0, -0.5])


def file(name):
    f = h5py.File(f"{folder}/{name}.h5", "w")
    f["b"] = b
    return f


# Read as W and b.
with file("soft") as f:
    f["group/weights"] = W
    f["W"] = h5py.SoftLink("/alias/weights")
    f["alias"] = h5py.SoftLink("group")
with file("scaled") as f:
    f["W"] = np.round((W - 1) * 2).astype("i2")
    f["W"].attrs["scale_factor"] = np.float32(0.5)
    f["W"].attrs["add_offset"] = 1
    f["W"].attrs["_FillValue"] = np.int16(-32768)
with file("nan_fill") as f:
    f["W"] = W
    f["W"].attrs["_FillValue"] = np.nan

# Not.
with file("external") as f:
    f["W"] = h5py.ExternalLink("other.h5", "/W")
os.mkfifo(f"{folder}/pipe.h5")
with file("external_pipe") as f:
    f["W"] = h5py.ExternalLink("pipe.h5", "/W")
with file("external_group") as f:
    f["model"] = h5py.ExternalLink("pipe.h5", "/")
with file("circle") as f:
    f["W"] = h5py.SoftLink("/V")
    f["V"] = h5py.SoftLink("/W")
with file("raw") as f:
    f.create_dataset("W", (2, 3), "f8", external=[("raw.bin", 0, 48)])
with file("unsigned") as f:
    f["W"] = np.array([[1, -1, 2]], "i1")
    f["W"].attrs["_Unsigned"] = "true"
with file("scale_text") as f:
    f["W"] = W
    f["W"].attrs["scale_factor"] = "two"
with file("scale_nan") as f:
    f["W"] = W
    f["W"].attrs["scale_factor"] = np.nan
with file("valid") as f:
    f["W"] = W
    f["W"].attrs["valid_range"] = [-5.0, 5.0]
with file("missing_value") as f:
    f["W"] = W
    f["W"].attrs["missing_value"] = 4.0
with file("netcdf_fill") as f:
    f["W"] = np.where(W == 2.0, 9.969209968386869e36, W)
with file("netcdf_integers") as f:
    f.create_dataset("W", data=np.array([[1, -32767, 3]], "i2"), fillvalue=np.int16(-32767))
with file("two") as f:
    f["W"] = W
    f["model/W"] = W
with file("many") as f:
    for k in range(10000):
        f.create_group(f"g{k:05}")
