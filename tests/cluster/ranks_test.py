"""Commands on several ranks of MPI: the bits of one process, stops, continuations, and ends that go wrong."""

import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

import h5py
import numpy

from launch import (MPIRUN, PROGRAM, ROOT, SCALE, assert_same, datasets, finish, ranked, ranked_in, ranks_of, require_mpi, run,
                    run_words, start)

TRAINED = ROOT / "data/trained"
PENTAGON, TWENTY, EIGHTY = (TRAINED / f"{name}.h5" for name in ("n5_m2_S0.95", "n20_m5_S0.95", "n80_m20_S0.98"))

COMMANDS = {
    "stratified": ["estimate", TWENTY, "--method", "stratified", "--samples", "300000"],
    "quasi": ["estimate", PENTAGON, "--method", "quasi", "--samples", "200000"],
    "importance": ["estimate", TWENTY, "--method", "importance", "--samples", "200000"],
    "plain": ["estimate", TWENTY, "--method", "plain", "--samples", "300000"],
    "auto, sampled": ["estimate", EIGHTY, "--rel-tol", "1e-2"],
    "auto, exact": ["estimate", EIGHTY, "--rel-tol", "1e-5"],
    "to a precision": ["estimate", TWENTY, "--method", "stratified", "--rel-tol", "3e-4"],
    "another law": ["estimate", TWENTY, "--samples", "50000", "--values", "half-normal:1"],
    "exact": ["estimate", EIGHTY, "--method", "exact"],
    "exact, another law": ["estimate", PENTAGON, "--method", "exact", "--values", "exponential:0.4"],
    "dictionary": ["dictionary", TRAINED / "n400_m30_S0.99.h5", "--skeletons", "3", "--compare", "100"],
    "train": ["train", "--features", "6", "--hidden", "2", "--sparsity", "0.9", "--starts", "12", "--record-every", "5",
              "--snapshots"],
    "train, newton": ["train", "--features", "5", "--hidden", "2", "--sparsity", "0.95", "--starts", "8",
                      "--optimizer", "newton"],
    "train, hopping": ["train", "--features", "5", "--hidden", "2", "--sparsity", "0.99", "--starts", "6",
                       "--search", "hopping", "--patience", "3"],
    "basins": ["basins", "--features", "2", "--hidden", "1", "--sparsity", "0.8", "--starts", "60"],
    "train, few starts": ["train", "--features", "22", "--hidden", "5", "--sparsity", "0.9", "--starts", "2", "--steps", "8"],
}
MATRIX = [(ranks, threads) for ranks in (1, 2, 3, 5, 8) for threads in (1, 2, 3)]


def code_of(command, folder=None):
    """What the command ends with alone: few samples may be too few for its default."""
    return subprocess.run(list(map(str, [PROGRAM, *command])), cwd=folder, capture_output=True).returncode


def same_bits(folder):
    for name, command in COMMANDS.items():
        alone = folder / "alone.h5"
        alone.unlink(missing_ok=True)
        code = code_of([*command, "-o", alone, "--quiet"])
        assert code in (0, 3), (name, code)
        # One rank is no matter for mpirun. Each command takes half of the matrix (at small scales less), another half than the next.
        matrix = [pair for pair in MATRIX if pair[0] > 1]
        kept = max(2, round(len(matrix) / 2 * min(1.0, SCALE)))
        for ranks, threads in random.Random(name).sample(matrix, kept):
            shared = folder / "shared.h5"
            shared.unlink(missing_ok=True)
            run(ranks, [*command, "-o", shared, "--threads", threads], code)
            assert_same(alone, shared, f"{name} on {ranks} ranks with {threads} threads")


def one_rank(folder):
    """mpirun -n 1 is the program as it is."""
    run(0, [*COMMANDS["exact"], "-o", folder / "none.h5"])
    run(1, [*COMMANDS["exact"], "-o", folder / "one.h5"])
    assert_same(folder / "none.h5", folder / "one.h5", "one rank")


def only_the_first_prints():
    results, messages = run(3, ["estimate", PENTAGON, "--json"])
    assert results.count('"method"') == 1, results
    assert messages.count("3 ranks with") == 1, messages


LONG = {
    "estimate": ["estimate", TWENTY, "--method", "stratified", "--rel-tol", "4e-5", "--checkpoint-seconds", "0.05"],
    "train": ["train", "--features", "14", "--hidden", "4", "--sparsity", "0.9", "--starts", "30"],
}


def written(file):
    """When; signals are caught from before the first time on."""
    return file.stat().st_mtime_ns if file.exists() else 0


def wait_for(file, process):
    end = time.monotonic() + 120
    while not file.exists():
        assert process.poll() is None, f"it ended with {process.returncode}: {process.stderr.read()}"
        assert time.monotonic() < end, "no checkpoint in two minutes"
        time.sleep(0.01)


def stopped_and_continued(folder):
    """Under three ranks, then five, then none."""
    for name, command in LONG.items():
        stops = 0
        whole, parts = folder / f"{name}_whole.h5", folder / f"{name}_parts.h5"
        run(0, [*command, "-o", whole, "--quiet"])
        for ranks in (3, 5):
            before = written(parts)
            process = start(ranks, [*command, "-o", parts])
            while written(parts) == before and process.poll() is None:
                time.sleep(0.01)
            for rank in ranks_of(process):  # as mpirun and srun do, to all
                subprocess.run(["kill", "-TERM", str(rank)], check=False)
            printed = finish(process, 60)
            if printed is None or process.returncode == 143:
                stops += 1
                assert printed is None or printed[1].count("stopped by SIGTERM") == 1, printed
            else:
                assert process.returncode == 0, (name, process.returncode, printed)
            assert not list(folder.glob(".*.lock")), "a lock was left"
        run(0, [*command, "-o", parts, "--quiet"])
        assert_same(whole, parts, f"{name}, stopped {stops} times")
        assert stops > 0, f"{name} was not there to be stopped"


def stopped_by_a_signal_to_one(folder):
    """A rank that is told to stop tells all."""
    file = folder / "one_signal.h5"
    process = start(3, ["estimate", TWENTY, "--rel-tol", "1e-7", "--max-seconds", "600", "--checkpoint-seconds", "0.05", "-o", file])
    wait_for(file, process)
    subprocess.run(["kill", "-TERM", str(ranks_of(process)[-1])], check=True)
    printed = finish(process, 30)
    assert printed is None or process.returncode == 143 and "stopped by SIGTERM" in printed[1], (process.returncode, printed)


def killed(folder):
    """A rank dies at a random moment: all end, the file is whole, and the run goes on from it."""
    draw = random.Random(7)
    whole = folder / "kill_whole.h5"
    command = LONG["train"]
    run(0, [*command, "-o", whole, "--quiet"])
    file = folder / "kill.h5"
    kills = 0
    for _ in range(max(3, round(30 * SCALE))):
        process = start(3, [*command, "-o", file])
        time.sleep(0.2 + draw.random())
        ranks = ranks_of(process)
        if ranks:
            subprocess.run(["kill", "-KILL", str(draw.choice(ranks))], check=False)
        finish(process, 120)
        kills += process.returncode != 0
        if file.exists():
            datasets(file)
            subprocess.run([PROGRAM, "show", file], check=True, capture_output=True)
        if process.returncode == 0:
            file.unlink()
    assert kills > 0, "no run was alive when it was to be killed"
    run(2, [*command, "-o", file])
    assert_same(whole, file, f"after {kills} kills")


def on_rank_1(folder, words):
    """The program, but rank 1 does this in a shell before."""
    script = folder / "other.sh"
    script.write_text(f'#!/bin/bash\n[ "$OMPI_COMM_WORLD_RANK" != 1 ] || {words}\nexec {PROGRAM} "$@"\n')
    script.chmod(0o755)
    return script


def most_memory(command):
    """kB of addresses that a rank of this needs."""
    process, most = start(3, command), 0
    while process.poll() is None:
        for rank in ranks_of(process):
            try:
                status = pathlib.Path(f"/proc/{rank}/status").read_text()
                most = max(most, int(status.split("VmPeak:")[1].split()[0]))
            except (OSError, IndexError):
                pass  # it has ended
        time.sleep(0.01)
    assert process.returncode == 0, process.stderr.read()
    return most


def out_of_memory(folder, fails):
    """Rank 1 may have less than it needs, which it finds out while it works with the others."""
    def train(features):
        return ["train", "--features", features, "--hidden", "3", "--sparsity", "0.99", "--starts", "2", "--steps", "2",
                "--threads", "1"]

    small = most_memory(train(20))
    limited = on_rank_1(folder, f"ulimit -v {small + 30000}")
    run_words([*MPIRUN, "-n", "3", limited, *train(20)], 0)
    fails([*MPIRUN, "-n", "3", limited, *train(2000)], 1, "out of memory")
    wide = folder / "wide.h5"
    with h5py.File(wide, "w") as f:
        f["W"], f["b"] = numpy.ones((2, 3000)), numpy.zeros(3000)
    fails([*MPIRUN, "-n", "3", limited, "estimate", wide, "--density", "0.01", "--method", "exact", "--threads", "1"], 1,
          "out of memory")


def failures(folder):
    """One sentence, the code of who failed, within seconds."""
    def fails(words, code, sentence, program=PROGRAM):
        begin = time.monotonic()
        messages = run_words(words, code, 60, program)[1]
        assert messages.count("skeleta: ") == 1 and sentence in messages, messages
        assert time.monotonic() - begin < 50, "it took long"

    for command, code, sentence in ((["estimate", folder / "nowhere.h5"], 2, "nowhere.h5"),
                                    (["estimate", PENTAGON, "--rel-tol", "-1"], 2, "--rel-tol"),
                                    (["estimate", PENTAGON, "-o", "/proc/no.h5"], 2, "/proc/no.h5"),
                                    (["sweep", ROOT / "data/plans/phase_n2.toml"], 2, "sweep is not for several ranks"),
                                    (["estimate", PENTAGON, "--method", "exact", "--rel-tol", "1e-14"], 2, "double precision")):
        fails(ranked(3, command), code, sentence)
    # Rank 1 has another option than the others.
    other = on_rank_1(folder, 'set -- "$@" --seed 2')
    fails([*MPIRUN, "-n", "3", other, "estimate", PENTAGON], 2, "rank 1 has another input, or option")
    out_of_memory(folder, fails)
    # One fails while the others compute.
    alone = os.environ["SKELETA_LONE_FAILURE"]
    fails([*MPIRUN, "-n", "3", alone], 1, "rank 1 failed", alone)


def inputs(folder):
    """All that a run reads, in one folder."""
    draw = numpy.random.default_rng(5)
    weights = draw.normal(0, 0.5, (4, 40)).astype("f4")
    with h5py.File(folder / "model.h5", "w") as f:  # not written by the program: checked and copied by a child
        f["W"], f["b"] = weights, numpy.full(40, 0.1)
    numpy.savez(folder / "words.npz", W_dec=weights.T)
    numpy.save(folder / "density.npy", numpy.full(40, 0.05))
    (folder / "names.txt").write_text("".join(f"word {k}\n" for k in range(40)))
    (folder / "options.toml").write_text("sparsity = 0.95\nsamples = 30000\n")
    shutil.copy(PENTAGON, folder / "trained.h5")


def read_by_the_first(folder):
    """The others are in a folder where nothing is, and get what they need from it."""
    here, elsewhere = folder / "here", folder / "elsewhere"
    here.mkdir()
    elsewhere.mkdir()
    inputs(here)
    dictionary = ["--density-file", "density.npy", "--names", "names.txt", "--compare", "20"]
    for name, command in {
            "a config": ["estimate", "model.h5", "--config", "options.toml"],
            "a sealed file": ["estimate", "trained.h5", "--samples", "30000"],
            "npz and npy files": ["dictionary", "words.npz", *dictionary],
            "an HDF5 dictionary": ["dictionary", "model.h5", *dictionary],
            "a start": ["train", "--init", "trained.h5", "--starts", "2", "--steps", "20"],
    }.items():
        code = code_of([*command, "-o", "alone.h5", "--force"], here)
        assert code in (0, 3), (name, code)
        # Stopped before: what there is is read by the first one, too.
        for again in ("--force", "--quiet"):
            run_words(ranked_in([here, elsewhere, elsewhere], [*command, "-o", "shared.h5", again]), code)
            assert_same(here / "alone.h5", here / "shared.h5", f"{name}, read by the first")
    messages = run_words(ranked_in([elsewhere, here, here], ["estimate", "model.h5"]), 2)[1]
    assert messages.count("skeleta: model.h5: no such file") == 1, messages
    assert not list(elsewhere.iterdir()), "something was written elsewhere"


def refused_where_ranks_cannot_be_joined():
    """Without what Open MPI needs, as of srun --mpi=pmi2, or in a build without MPI: not once each."""
    done = subprocess.run([PROGRAM, "estimate", PENTAGON], env={**os.environ, "PMI_SIZE": "2"}, capture_output=True, text=True)
    assert done.returncode == 2 and not done.stdout and "2 ranks were started" in done.stderr, done


def main():
    refused_where_ranks_cannot_be_joined()
    require_mpi()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        only_the_first_prints()
        one_rank(folder)
        failures(folder)
        read_by_the_first(folder)
        stopped_by_a_signal_to_one(folder)
        stopped_and_continued(folder)
        killed(folder)
        same_bits(folder)
    print("several ranks have the bits of one process, and end as it does")


if __name__ == "__main__":
    sys.exit(main())
