"""Writes a file of `skeleta dictionary` with so many features: make_dictionary.py FILE FEATURES."""

import sys

import h5py
import numpy as np

path, count = sys.argv[1], int(sys.argv[2])
compared, bins, neighbours, lengths = 64, 40, 10, 12
rng = np.random.default_rng(1)
names = [f"word {k}" for k in range(count)]
names[7], names[count // 2] = "Überfluß", "needle in the haystack"
QUANTITIES = ("relative_loss", "interference_deviation", "false_activation", "recall", "precision")
with h5py.File(path, "w", track_order=True) as file:
    file.attrs["filetype"], file.attrs["version"] = "skeleta dictionary", np.array([1, 10], dtype=np.int32)
    group = file.create_group("dictionary")

    def put(name, values):
        group.create_dataset(name, data=values, compression="gzip", shuffle=True)

    for name, value in (("features", count), ("hidden", 300), ("done", count)):
        put(name, np.array([value]))
    for name, value in (("loss", 12.5), ("error_bound", 1e-4), ("mean_active", 9.7), ("welch_bound", 0.0577),
                        ("random_loss", 15.25), ("random_standard_error", 0.125), ("largest_cosine", 0.97),
                        ("random_largest_cosine", 0.31)):
        put(name, np.array([value]))
    put("feature", np.arange(count))
    put("density", rng.permutation(0.3 / np.arange(1, count + 1)))
    put("importance", np.ones(count))
    put("threshold", rng.normal(0, 0.01, count))
    put("feature_loss", rng.exponential(1e-4, count))
    put("feature_error_bound", np.full(count, 1e-9))
    put("interference_mean", rng.normal(0, 0.1, count))
    put("interference_variance", rng.exponential(0.01, count))
    for name in ("false_activation", "recall", "precision"):
        values = rng.uniform(0, 1, count)
        values[::1000] = np.nan
        put(name, values)
    put("neighbour_feature", (np.arange(count)[:, None] + np.arange(1, neighbours + 1)) % count)
    put("neighbour_share", -np.sort(-rng.uniform(0, 0.1, (count, neighbours)), axis=1))
    width = max(len(name.encode()) for name in names)
    put("name", np.array([list(name.encode().ljust(width, b"\0")) for name in names], dtype=np.uint8))
    put("l", np.arange(lengths))
    put("by_count", np.linspace(0.1, 1.2, lengths))
    put("compared", np.arange(compared))
    put("quantity", np.arange(len(QUANTITIES), dtype=np.int8))
    group["quantity"].attrs["flag_values"] = np.arange(len(QUANTITIES), dtype=np.int8)
    group["quantity"].attrs["flag_meanings"] = " ".join(QUANTITIES)
    put("logarithmic", np.array([1, 1, 0, 0, 0]))
    put("bin_edge", np.concatenate([np.tile(np.geomspace(1e-6, 1, bins + 1), (2, 1)),
                                    np.tile(np.linspace(0, 1, bins + 1), (3, 1))]))
    counts = rng.multinomial(count, np.full(bins, 1 / bins), len(QUANTITIES))
    put("bin_count", counts)
    put("without", np.array([0, 0, count // 1000, count // 1000, count // 1000]))
    put("random_bin_share", rng.dirichlet(np.ones(bins), len(QUANTITIES)))
