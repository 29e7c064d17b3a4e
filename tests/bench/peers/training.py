#!/usr/bin/env python3
"""Training in PyTorch beside the library's: the same models, in one run.

    tests/bench/peers/training.py [--bench build/bench/skeleta_bench] [--steps 300]

PyTorch: AdamW, learning rate 1e-3, weight decay .01, batch 1024, xavier-normal start, the better of 1
and 2 threads. Its whole training is 10 000 steps, which end at the exact losses below (those of the
shipped models, data/trained). Ours: the rows of skeleta_bench, which say how they count.

Needs python3-torch; run with /usr/bin/python3 on a quiet machine.
"""

import argparse
import json
import pathlib
import subprocess
import time

import torch

ROOT = pathlib.Path(__file__).resolve().parents[3]
PYTORCH_STEPS = 10_000
# D, d, p; row of skeleta_bench that reaches PyTorch's loss; how many times faster it must be.
SETTINGS = [
    (5, 2, 0.05, "one_start/D5", 300),
    (80, 20, 0.02, "time_to/D80", 10),
    (400, 30, 0.01, "time_to/D400", 5),
]
STEP_GOAL = 10


def seconds_a_step(features, hidden, density, steps):
    torch.manual_seed(1)
    W = torch.nn.Parameter(torch.nn.init.xavier_normal_(torch.empty(hidden, features)))
    bias = torch.nn.Parameter(torch.zeros(features))
    optimizer = torch.optim.AdamW([W, bias], lr=1e-3, weight_decay=0.01)

    def step():
        x = torch.rand(1024, features)
        x = torch.where(torch.rand(1024, features) < density, x, torch.zeros(()))
        output = torch.relu(x @ W.T @ W + bias)
        loss = ((x - output) ** 2).sum() / 1024
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    best = float("inf")
    for threads in (1, 2):
        torch.set_num_threads(threads)
        for _ in range(20):
            step()
        for _ in range(3):
            start = time.perf_counter()
            for _ in range(steps):
                step()
            best = min(best, (time.perf_counter() - start) / steps)
    return best


def bench_rows(program):
    """Seconds a run, and a step, by row without its arguments; the better of several threads."""
    output = subprocess.run([program, "--benchmark_filter=^training/", "--benchmark_format=json"],
                            check=True, capture_output=True, text=True).stdout
    unit = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
    runs, steps = {}, {}
    for row in json.loads(output)["benchmarks"]:
        name = "/".join(row["name"].split("/")[1:3])
        seconds = row["real_time"] * unit[row["time_unit"]]
        runs[name] = min(runs.get(name, seconds), seconds)
        if "us/step" in row:
            steps[name] = min(steps.get(name, float("inf")), 1e-6 * row["us/step"])
    return runs, steps


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bench", default=ROOT / "build/bench/skeleta_bench")
    parser.add_argument("--steps", type=int, default=300)
    arguments = parser.parse_args()
    runs, steps = bench_rows(arguments.bench)
    print(f"{'D':>4}  {'what':28} {'PyTorch':>10} {'ours':>10} {'times':>7} {'goal':>5}")
    for features, hidden, density, row, goal in SETTINGS:
        step = seconds_a_step(features, hidden, density, arguments.steps)
        whole = step * PYTORCH_STEPS
        print(f"{features:4}  {'to its final loss (s)':28} {whole:10.3g} {runs[row]:10.3g} "
              f"{whole / runs[row]:7.0f} {goal:5}")
        if f"adam_step/D{features}" in steps:
            ours = steps[f"adam_step/D{features}"]
            print(f"{features:4}  {'AdamW step, batch 1024 (ms)':28} {1e3 * step:10.3g} "
                  f"{1e3 * ours:10.3g} {step / ours:7.1f} {STEP_GOAL:5}")
    print(f"1000 starts at D = 5: {runs['1000_starts/D5']:.2f} s (goal 6); phase diagram "
          f"40 x 40 x 10 starts: {runs['phase_diagram/40x40']:.2f} s (goal 30)")


if __name__ == "__main__":
    main()
