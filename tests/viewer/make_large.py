"""Writes a training file of about so many megabytes: make_large.py FILE MEGABYTES."""

import sys

import h5py
import numpy as np

path, megabytes = sys.argv[1], int(sys.argv[2])
starts, features, hidden = 40, 25, 10
steps = megabytes * 1_000_000 // (8 * starts * features * hidden)
rng = np.random.default_rng(1)
with h5py.File(path, "w", track_order=True) as file:
    file.attrs["filetype"], file.attrs["version"] = "skeleta train", np.array([1, 3], dtype=np.int32)
    file["model/W"] = rng.normal(size=(starts, hidden, features))
    file["model/b"] = np.zeros((starts, features))
    file["training/start"] = np.arange(starts)
    file["training/step"] = np.arange(1, steps + 1)
    file["training/loss"] = np.linspace(0.01, 0.02, starts)
    file["training/minimum_of"] = np.arange(starts)
    file["training/minimum_loss"] = np.linspace(0.01, 0.02, starts)
    file["training/recorded"] = np.full(starts, steps)
    file["training/trajectory"] = 0.01 + np.exp(-np.arange(steps) / steps * rng.uniform(5, 9, (starts, 1)))
    snapshots = file.create_dataset("training/snapshot_w", (starts, steps, hidden, features), "f8",
                                    chunks=(1, min(steps, 64), hidden, features))
    for start in range(starts):
        snapshots[start] = rng.normal(size=(steps, hidden, features))
