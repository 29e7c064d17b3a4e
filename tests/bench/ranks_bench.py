"""What ranks cost against threads, each figure beside its goal; the counts that the model of analysis/cluster.md starts from.

/usr/bin/python3 tests/bench/ranks_bench.py PROGRAM
"""

import os
import pathlib
import re
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]
MPIRUN = ["mpirun", "--oversubscribe", "--allow-run-as-root", "--mca", "btl", "self,vader", "--bind-to", "none", "-n"]
ENVIRONMENT = {**os.environ, "OMPI_MCA_btl_vader_single_copy_mechanism": "none"}
TWENTY, EIGHTY = (ROOT / f"data/trained/{name}.h5" for name in ("n20_m5_S0.95", "n80_m20_S0.98"))
COMMANDS = {
    "estimate, 4e7 samples, D = 20": (["estimate", TWENTY, "--method", "stratified", "--samples", "4e7"], 0.95),
    "estimate, 4e6 samples, D = 80": (["estimate", EIGHTY, "--method", "stratified", "--samples", "4e6"], 0.95),
    "train, 96 starts, D = 14": (["train", "--features", "14", "--hidden", "4", "--sparsity", "0.9", "--starts", "96"], 0.95),
}


def timed(ranks, threads, command):
    """Seconds that the numerics took, and the notes."""
    launcher = [*MPIRUN, str(ranks)] if ranks > 1 else []
    done = subprocess.run([*launcher, PROGRAM, *map(str, command), "--threads", str(threads), "--json"], env=ENVIRONMENT,
                          capture_output=True, text=True)
    assert done.returncode in (0, 3), done.stderr
    return float(re.search(r'"seconds": ([-+.e\d]+)', done.stdout)[1]), done.stderr


def main():
    for what, (command, goal) in COMMANDS.items():
        threads, ranks, shares = [], [], []
        for _ in range(7):  # in turn, so that whatever else the machine does meets both
            threads.append(timed(1, 2, command)[0])
            seconds, notes = timed(2, 1, command)
            ranks.append(seconds)
            met, sent, waited = re.search(r"met (\d+) times; (\S+) bytes from this one, .* waited (\S+) s", notes).groups()
            shares.append(float(waited) / seconds)
        ratios = [by_threads / by_ranks for by_threads, by_ranks in zip(threads, ranks)]
        print(f"{what:34} 2 ranks x 1 thread / 1 x 2: the least of each {min(threads) / min(ranks):.3f}, pairs "
              f"{min(ratios):.3f} ... {statistics.median(ratios):.3f} ... {max(ratios):.3f}   goal {goal}")
        print(f"{'':34} they met {met} times, {float(sent) / int(met):.3g} bytes each time from one, which waited "
              f"{100 * min(shares):.1f} ... {100 * max(shares):.1f} % of the time")


if __name__ == "__main__":
    PROGRAM = sys.argv[1]
    main()
