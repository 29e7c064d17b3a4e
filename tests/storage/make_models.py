"""Writes small model files, good and bad, into a folder: make_models.py FOLDER."""
import sys

import h5py
import numpy as np

folder = sys.argv[1]
W = np.array([[0.5, -1.0, 2.0], [3.0, 4.0, -5.5]])
b = np.array([0.25, 0.0, -0.5])


def write(name, attributes=None, **datasets):
    with h5py.File(f"{folder}/{name}.h5", "w") as f:
        for key, value in (attributes or {}).items():
            f.attrs[key] = value
        for key, value in datasets.items():
            f[key.replace("__", "/")] = value


def changed(array, index, value):
    array = np.array(array, dtype=float)
    array[index] = value
    return array


# Good ones.
write("plain", W=W, b=b)
write("bias", W=W, bias=-b)
write("float32", W=W.astype("f4"), b=b.astype("f4"))
write("float16", W=W.astype("f2"), b=b.astype("f2"))
write("big_endian", W=W.astype(">f8"), b=b.astype(">f8"))
write("integers", W=np.array([[1, 2, 3]], dtype="i2"), b=np.array([0, 1, 2], dtype="u1"))
write("instances", W=np.stack([W, W + 10]), b=np.stack([b, b + 10]), density=[0.0, 0.5, 1.0],
      importance=[0.0, 1.0, 2.0])
write("density_scalar", W=W, b=b, density=0.1)
write("density_row", W=W, b=b, density=[[0.1, 0.2, 0.3]])
write("density_each", W=np.stack([W, W]), b=np.stack([b, b]),
      density=[[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], importance=2)
write("wide", W=W.T, b=b[:2])
untied = dict(W_out=W.T + 1, bias=-b)
write("untied", W_in=W, **untied)
write("untied_by_W", W=W, **untied)
write("untied_transposed", W_in=W.T, W_out=W + 1, bias=-b)
write("untied_instances", W_in=np.stack([W, W + 10]), W_out=np.stack([W.T + 1, W.T + 11]),
      bias=np.stack([-b, -b]))
write("jumprelu", W=W, b=b, activation=2, jump=[0.1, 0.2, 0.3], noise=0.5)
groups = dict(node_kind=[2, 0, 0, 0], node_parent=[-1, 0, 0, -1], node_feature=[-1, 2, 0, 1],
              node_probability=[0.5, 0.25, 0.75, 0.125])
write("law", W=W, b=b, value_law=[0, 3, 4], value_first=[-1, 2, 0.5], value_second=[1, 0, 0.25],
      importance=2, **groups)
write("law_densities", W=W, b=b, density=[0.375, 0.125, 0.125], **groups)
write("run", model__W=W, model__b=b, data__density=[0.1, 0.2, 0.3])
write("foreign_filetype", {"filetype": "my lab", "version": np.array([9, 0], "i4")}, W=W, b=b)
with h5py.File(f"{folder}/compressed.h5", "w", libver="latest") as f:
    f.create_dataset("W", data=np.stack([W, W + 10]), chunks=(1, 1, 2), compression="gzip")
    f["b"] = np.stack([b, b + 10])

# Bad ones.
write("untied_shapes", W_in=W, W_out=W[:, :2].T, b=b)
write("untied_hidden", W_in=W, W_out=np.ones((3, 3)), b=b)
write("untied_instance", W_in=W, W_out=np.stack([W.T, W.T]), b=b)
write("no_decoder", W_in=W.T, b=b)
write("activation_3", W=W, b=b, activation=3)
write("activation_half", W=W, b=b, activation=0.5)
write("jump_missing", W=W, b=b, activation=2)
write("jump_negative", W=W, b=b, activation=2, jump=[0.1, -0.2, 0.3])
write("noise_negative", W=W, b=b, noise=-1.0)
write("value_law_5", W=W, b=b, value_law=5, value_first=1.0, value_second=0.0)
write("value_law_alone", W=W, b=b, value_law=3)
write("scale_negative", W=W, b=b, value_law=3, value_first=-1.0, value_second=0.0)
write("group_above_one", W=W, b=b, **{**groups, "node_probability": [0.5, 0.5, 0.75, 0.125]})
write("feature_twice", W=W, b=b, **{**groups, "node_feature": [-1, 2, 2, 1]})
write("no_parent", W=W, b=b, **{**groups, "node_parent": [-1, 1, 0, -1]})
write("group_with_feature", W=W, b=b, **{**groups, "node_feature": [2, *groups["node_feature"][1:]]})
write("groups_of_two", W=W[:, :2], b=b[:2], **groups)
write("law_other_densities", W=W, b=b, density=0.375, **groups)
write("no_weights", weight=W, b=b)
write("both", W=W, b=b, bias=b)
write("neither", W=W)
write("b_too_short", W=W, b=b[:2])
write("b_without_instances", W=np.stack([W, W]), b=b)
write("b_column", W=W, b=b[:, None])
write("rank_1", W=W[0], b=b)
write("rank_4", W=W[None, None], b=b)
write("scalar", W=1.0, b=b)
write("empty_axis", W=np.zeros((0, 2, 3)), b=np.zeros((0, 3)))
write("empty_features", W=np.zeros((2, 0)), b=np.zeros(0))
write("null", W=h5py.Empty("f8"), b=b)
write("nan_in_W", W=changed(np.stack([W, W]), (1, 0, 2), np.nan), b=np.stack([b, b]))
write("inf_in_b", W=W, b=changed(b, 1, np.inf))
write("inf_in_bias", W=W, bias=changed(b, 2, -np.inf))
write("density_above_one", W=W, b=b, density=[0.1, 0.2, 1.5])
write("density_nan", W=W, b=b, density=[np.nan, 0.2, 0.5])
write("density_shape", W=W, b=b, density=[0.1, 0.2])
write("density_instances", W=W, b=b, density=[[0.1, 0.2, 0.3]] * 2)
write("importance_negative", W=W, b=b, importance=[1.0, -2.0, 1.0])
write("importance_inf", W=W, b=b, importance=[np.inf, 1.0, 1.0])
write("strings", W=np.array([[b"1", b"2"]]), b=b[:2])
write("complex", W=W + 1j, b=b)
write("booleans", W=W > 0, b=b)
write("group", W__x=W, b=b)
write("version_2", {"filetype": "skeleta model", "version": np.array([2, 1], "i4")}, W=W, b=b)
write("run_density", model__W=W, model__b=b, data__density=[0.1, 0.2, -0.5])
with h5py.File(f"{folder}/dangling.h5", "w") as f:
    f["W"] = h5py.SoftLink("/nowhere")
    f["b"] = b
with h5py.File(f"{folder}/absurd.h5", "w") as f:
    f.create_dataset("W", (10**7, 10**8), "f8", chunks=(10, 10))
    f["b"] = b
with h5py.File(f"{folder}/overflowing.h5", "w") as f:
    f.create_dataset("W", (2**40, 2**40), "f8", chunks=(10, 10))
    f["b"] = b
with h5py.File(f"{folder}/checksum.h5", "w") as f:
    f.create_dataset("W", data=W, chunks=(2, 3), fletcher32=True)
    f["b"] = b
    place = f["W"].id.get_chunk_info(0).byte_offset
with open(f"{folder}/checksum.h5", "r+b") as f:
    f.seek(place)
    f.write(b"\x55")
for name, keep in ("truncated", -100), ("truncated_early", 300):
    with open(f"{folder}/plain.h5", "rb") as f, open(f"{folder}/{name}.h5", "wb") as out:
        out.write(f.read()[:keep])
with open(f"{folder}/text.h5", "w") as f:
    f.write("W = 1 2 3\n")
open(f"{folder}/nothing.h5", "w").close()
