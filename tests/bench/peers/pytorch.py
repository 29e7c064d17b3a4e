#!/usr/bin/env python3
"""Dense PyTorch sampling beside `skeleta estimate`: same model, same law, one run.

    tests/bench/peers/pytorch.py [--program build/release/skeleta] [--quick]

Rates: samples a second of x = (rand < p)·rand, x̂ = relu(x WᵀW + bias), mean of |x − x̂|², against
`--method plain`; each with 1 and with 2 threads, the better one counts, after several runs that take
turns. PyTorch computes in float32, in batches of the size that suits it best. Our empty samples
are drawn by number only, which is the same law.

Floor: the time of (2 l + 3) D operations a sample, l = E[N], at the peak of as many cores, which is
what PyTorch's matrix product of the same type reaches.

Precision: time to a relative standard error of 1e-4 on the trained models, `skeleta estimate` with
its default method, with the sampler that it picks itself and exactly, against PyTorch; the standard error falls as the square root of the time, so that
PyTorch's time is scaled from a looser error.

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
# D, d, p; goals: how many times PyTorch's rate in float32, in float64.
SETTINGS = [
    (5, 2, 0.05, 15, None),
    (20, 5, 0.05, 25, None),
    (80, 20, 0.02, 50, 30),
    (400, 30, 0.01, 60, 30),
    (1000, 50, 0.005, 60, 30),
]
METHODS = ("stratified", "auto", "exact")  # the usual sampler, the default, no sampling
PRECISION_GOAL = 1000


def unit_columns(features, hidden):
    W = np.random.default_rng(1).normal(size=(hidden, features))
    return W / np.linalg.norm(W, axis=0), np.full(features, -0.1)


class DenseSampler:
    """Sums of the loss and of its square over batches of dense inputs."""

    def __init__(self, W, bias, density, importance=None):
        as_tensor = lambda a: torch.as_tensor(np.asarray(a), dtype=torch.float32)
        self.W, self.bias, self.density = as_tensor(W), as_tensor(bias), as_tensor(density)
        self.importance = None if importance is None else as_tensor(importance)

    def sums(self, batch):
        features = self.W.shape[1]
        x = torch.rand(batch, features)
        x *= torch.rand(batch, features) < self.density
        error = torch.addmm(self.bias, x @ self.W.T, self.W).relu_().sub_(x).square_()
        loss = (error.sum(1) if self.importance is None else error @ self.importance).double()
        return loss.sum().item(), loss.square().sum().item()


def dense_seconds(sampler, batch, batches):
    start = time.perf_counter()
    for _ in range(batches):
        sampler.sums(batch)
    return (time.perf_counter() - start) / (batches * batch)


def best_batch(sampler):
    """The batch size with the highest rate: from what fits a cache to what fills memory."""
    features = sampler.W.shape[1]
    sizes = [max(64, 2**k // features) for k in range(15, 25, 2)]
    return min(sizes, key=lambda size: dense_seconds(sampler, size, max(2, 2**21 // (size * features))))


def matrix_peak(dtype):
    """Operations a second of a matrix product."""
    n = 1500
    a, best = torch.rand(n, n, dtype=dtype), np.inf
    for _ in range(5):
        start = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - start)
    return 2 * n**3 / best


def estimate(program, model, *options):
    command = [program, "estimate", str(model), "--json", "--quiet", *map(str, options)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode not in (0, 3):  # 3: did not reach the precision
        raise SystemExit(f"{' '.join(command)} failed")
    return json.loads(done.stdout)


def write_model(path, W, bias):
    with h5py.File(path, "w") as file:
        file["W"], file["bias"] = W, bias


def compare_rates(program, turns, samples_at_one_feature):
    print("Samples a second (millions), best of 1 and 2 threads; ns a sample beside the floor")
    print(f"{'D':>5} {'p':>6} {'type':>8} {'torch':>8} {'skeleta':>9} {'ratio':>7} {'goal':>5}"
          f" {'threads':>8} {'ns':>7} {'floor':>7}")
    for features, hidden, density, *goals in SETTINGS:
        W, bias = unit_columns(features, hidden)
        sampler = DenseSampler(W, bias, np.full(features, density))
        samples = int(samples_at_one_feature / (features + 20))
        seconds = {}  # (who, threads): best a sample
        peak = {}
        with tempfile.TemporaryDirectory() as folder:
            model = pathlib.Path(folder) / "model.h5"
            write_model(model, W, bias)
            batch = {}
            for turn in range(turns):
                for threads in (1, 2):
                    torch.set_num_threads(threads)
                    if turn == 0:
                        batch[threads] = best_batch(sampler)
                        for kind in ("float32", "float64"):
                            peak[kind, threads] = matrix_peak(getattr(torch, kind))
                    batches = max(1, 2**23 // (features * batch[threads]))
                    runs = {"torch": dense_seconds(sampler, batch[threads], batches)}
                    for kind in ("float32", "float64"):
                        result = estimate(program, model, "--density", density, "--method", "plain",
                                          "--samples", samples, "--precision", kind, "--threads",
                                          threads)
                        runs[kind] = result["seconds"] / samples
                    for who, value in runs.items():
                        seconds[who, threads] = min(value, seconds.get((who, threads), np.inf))
        torch_best = min(seconds["torch", 1], seconds["torch", 2])
        for kind, goal in zip(("float32", "float64"), goals):
            threads = min((1, 2), key=lambda n: seconds[kind, n])
            ours = seconds[kind, threads]
            floor = (2 * features * density + 3) * features / peak[kind, threads]
            print(f"{features:5} {density:6} {kind:>8} {1e-6 / torch_best:8.3f} {1e-6 / ours:9.2f}"
                  f" {torch_best / ours:7.1f} {goal or '-':>5} {threads:8} {1e9 * ours:7.1f}"
                  f" {1e9 * floor:7.1f}", flush=True)


def dense_time_to(sampler, relative_error, seconds):
    """Time that PyTorch would take, from what it reached after `seconds`."""
    batch, total, squares, n = best_batch(sampler), 0.0, 0.0, 0
    start = time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds:
        a, b = sampler.sums(batch)
        total, squares, n = total + a, squares + b, n + batch
    mean = total / n
    reached = np.sqrt((squares / n - mean**2) / n) / mean
    return spent * (reached / relative_error) ** 2, mean


def compare_times(program, seconds):
    target = 1e-4
    print(f"\nSeconds to a relative standard error of {target:g} on the trained models")
    columns = "".join(f" {method:>10} {'ratio':>7}" for method in METHODS)
    print(f"{'model':>22} {'torch':>10}{columns} {'goal':>5}   losses")
    for path in sorted((ROOT / "data/trained").glob("*.h5")):
        with h5py.File(path) as file:
            W, bias = file["W"][0], file["bias"][0]
            sampler = DenseSampler(W, bias, file["density"][()], file["importance"][()])
        best, dense_mean = np.inf, 0.0
        for threads in (1, 2):
            torch.set_num_threads(threads)
            spent, mean = dense_time_to(sampler, target, seconds)
            if spent < best:
                best, dense_mean = spent, mean
        print(f"{path.stem:>22} {best:10.1f}", end="")
        for method in METHODS:
            result = estimate(program, path, "--rel-tol", target, "--method", method)
            loss = result["loss"]
            # A run that fell short is charged for the rest; one that went beyond is not credited.
            ours = result["seconds"] * max(1.0, (loss["standard_error"] / loss["value"] / target) ** 2)
            print(f" {ours:10.4f} {best / ours:7.0f}", end="")
        print(f" {PRECISION_GOAL:5}   {dense_mean:.5g} {loss['value']:.5g}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(ROOT / "build/release/skeleta"))
    parser.add_argument("--quick", action="store_true", help="a tenth of the work, for a first look")
    options = parser.parse_args()
    scale = 0.1 if options.quick else 1.0
    torch.manual_seed(1)
    with torch.no_grad():
        compare_rates(options.program, 3 if options.quick else 7, 2e9 * scale)
        compare_times(options.program, 20 * scale)


if __name__ == "__main__":
    main()
