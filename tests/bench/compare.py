#!/usr/bin/env python3
"""How much slower is one build's skeleta_bench than another's, row by row: the programs take turns, so that
both see the machine as it is, and the least CPU time of each row counts.

    tests/bench/compare.py build/native/skeleta_bench SKELETA_ISA=v4,build/release/skeleta_bench

A program may be preceded by settings of its environment. Exit 1 if a row of the second takes more than
`--most` times as long as in the first."""
import argparse
import json
import os
import subprocess
import sys

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("first")
parser.add_argument("second")
parser.add_argument("--filter", default="^(loss|loss_and_gradient|loss_rigorous)/D(5|20|80)/",
                    help="a regular expression of rows [%(default)s]")
parser.add_argument("--turns", type=int, default=5, help="of each program [%(default)s]")
parser.add_argument("--seconds", type=float, default=0.1, help="for each row and turn [%(default)s]")
parser.add_argument("--most", type=float, default=1.05, help="that a ratio may be [%(default)s]")


def measure(words, options):
    *settings, program = words.split(",")
    environment = dict(os.environ, **dict(setting.split("=", 1) for setting in settings))
    done = subprocess.run([program, f"--benchmark_filter={options.filter}", "--benchmark_format=json",
                           f"--benchmark_min_time={options.seconds}"],
                          env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{program} failed: {done.stderr.strip()}")
    rows = json.loads(done.stdout)["benchmarks"]
    if not rows:
        sys.exit(f"{program} has no row that matches {options.filter}")
    return {row["name"]: (row["cpu_time"], row["time_unit"]) for row in rows}


def main():
    options = parser.parse_args()
    least = [{}, {}]
    for _ in range(options.turns):
        for of_one, words in zip(least, (options.first, options.second)):
            for name, (time, unit) in measure(words, options).items():
                of_one[name] = min(of_one.get(name, (time, unit)), (time, unit))
    worst = 0.0
    print(f"{'row':44} {'first':>12} {'second':>12}    ratio")
    for name, (time, unit) in least[0].items():
        if name not in least[1]:
            continue
        ratio = least[1][name][0] / time
        worst = max(worst, ratio)
        print(f"{name:44} {time:9.4g} {unit:2} {least[1][name][0]:9.4g} {unit:2} {ratio:8.3f}")
    print(f"largest ratio {worst:.3f}")
    return worst > options.most


if __name__ == "__main__":
    sys.exit(main())
