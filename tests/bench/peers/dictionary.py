#!/usr/bin/env python3
"""A dictionary's loss by dense PyTorch sampling beside `skeleta dictionary`, in one run.

    tests/bench/peers/dictionary.py [--program build/release/skeleta] [--features 2000 8000] [--seconds 5]

Directions at random, d = 100, densities like 1/(rank + 2.7) with ten features active, b = .1. PyTorch:
float32, batches of x = (rand < p)·rand, each feature's (x − x̂)², for --seconds; then its time to a
standard error of 1 % falls from what it reached as the square root: for the loss of all features, and
for each feature's own (its median and the rarest twentieth), which is what our command gives.

Needs python3-torch, python3-h5py (Debian), run with /usr/bin/python3 on a quiet machine.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile
import time

import h5py
import numpy as np
import torch

ROOT = pathlib.Path(__file__).resolve().parents[3]


def model(features, hidden=100):
    rng = np.random.default_rng(1)
    W = rng.normal(size=(hidden, features)).astype(np.float32)
    W /= np.linalg.norm(W, axis=0)
    p = 1.0 / (np.arange(features) + 2.7)
    return W, np.minimum(10.0 * p / p.sum(), 0.5)


def sampled(W, p, seconds):
    """PyTorch's seconds to 1 %: of the loss, of the median feature, of the rarest twentieth; and the loss."""
    W, p = torch.from_numpy(W), torch.from_numpy(p.astype(np.float32))
    batch = max(16, 10_000_000 // len(p))
    sums, squares, losses = torch.zeros(2, len(p), dtype=torch.float64), None, []
    start = time.perf_counter()
    count = 0
    while time.perf_counter() - start < seconds:
        x = (torch.rand(batch, len(p)) < p) * torch.rand(batch, len(p))
        error = (x - torch.relu(x @ W.T @ W - 0.1)) ** 2
        sums[0] += error.sum(0)
        sums[1] += (error ** 2).sum(0)
        losses.append(error.sum(1))
        count += batch
    spent = time.perf_counter() - start
    losses = torch.cat(losses).double()
    mean, square = sums / count
    of_features = torch.sqrt((square - mean ** 2).clamp(min=0) / count) / mean
    of_features = np.sort(of_features[mean > 0].numpy())
    relative = [float(losses.std() / losses.mean()) / count ** 0.5, of_features[len(of_features) // 2],
                of_features[19 * len(of_features) // 20]]
    return [spent * (error / 0.01) ** 2 for error in relative], float(losses.mean())


def exact(program, W, p):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "dictionary.h5")
        with h5py.File(path, "w") as file:
            file["W_dec"], file["density"] = W.T, p
            file["b_enc"] = np.full(len(p), -0.1)
        start = time.perf_counter()
        found = subprocess.run([program, "dictionary", path, "--threads", str(torch.get_num_threads()), "--quiet",
                                "--tied", "--json"], check=True, capture_output=True, text=True).stdout
        return time.perf_counter() - start, json.loads(found)["loss"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=ROOT / "build/release/skeleta", type=pathlib.Path)
    parser.add_argument("--features", nargs="+", default=[2000, 8000], type=int)
    parser.add_argument("--seconds", default=5.0, type=float)
    options = parser.parse_args()
    print(f"{'features':>8} {'ours to 1e-4':>12} | PyTorch to 1 %: {'loss':>8} {'median':>8} {'rarest 5 %':>10} | loss")
    for features in options.features:
        W, p = model(features)
        seconds, loss = exact(options.program, W, p)
        times, mean = sampled(W, p, options.seconds)
        print(f"{features:>8} {seconds:>10.2f} s |                 {times[0]:>6.2f} s {times[1]:>6.0f} s {times[2]:>8.0f} s"
              f" | {loss:.6g}, sampled {mean:.6g}")


if __name__ == "__main__":
    main()
