"""Commands on several ranks of MPI: the bits of one process, stops, continuations, and ends that go wrong."""

import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

from launch import ENVIRONMENT, MPIRUN, PROGRAM, ROOT, SCALE, assert_same, datasets, ranked, ranks_of, require_mpi, run, start

TRAINED = ROOT / "data/trained"
PENTAGON, TWENTY, EIGHTY = (TRAINED / f"{name}.h5" for name in ("n5_m2_S0.95", "n20_m5_S0.95", "n80_m20_S0.98"))

COMMANDS = {
    "stratified": ["estimate", TWENTY, "--samples", "300000"],
    "quasi": ["estimate", PENTAGON, "--method", "quasi", "--samples", "200000"],
    "importance": ["estimate", TWENTY, "--method", "importance", "--samples", "200000"],
    "plain": ["estimate", TWENTY, "--method", "plain", "--samples", "300000"],
    "auto": ["estimate", TWENTY, "--method", "auto", "--rel-tol", "1e-3"],
    "to a precision": ["estimate", TWENTY, "--rel-tol", "3e-4"],
    "another law": ["estimate", TWENTY, "--samples", "50000", "--values", "half-normal:1"],
    "exact": ["estimate", EIGHTY, "--method", "exact"],
    "exact, another law": ["estimate", PENTAGON, "--method", "exact", "--values", "exponential:0.4"],
    "dictionary": ["dictionary", TRAINED / "n400_m30_S0.99.h5", "--skeletons", "3", "--compare", "100"],
    "train": ["train", "--features", "6", "--hidden", "2", "--sparsity", "0.9", "--starts", "12", "--record-every", "5",
              "--snapshots"],
    "train, few starts": ["train", "--features", "22", "--hidden", "5", "--sparsity", "0.9", "--starts", "1", "--steps", "15"],
}
MATRIX = [(ranks, threads) for ranks in (1, 2, 3, 5, 8) for threads in (1, 2, 3)]


def code_of(command):
    """What the command ends with alone: few samples may be too few for its default."""
    return subprocess.run(list(map(str, [PROGRAM, *command])), capture_output=True).returncode


def same_bits(folder):
    for name, command in COMMANDS.items():
        alone = folder / "alone.h5"
        alone.unlink(missing_ok=True)
        code = code_of([*command, "-o", alone, "--quiet"])
        assert code in (0, 3), (name, code)
        # One rank is no matter for mpirun; small scales take a part of the matrix, another one for each command.
        matrix = [pair for k, pair in enumerate(MATRIX) if pair[0] > 1]
        kept = max(2, round(len(matrix) * min(1.0, SCALE)))
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
    done = run(3, ["estimate", PENTAGON, "--json"])
    assert done.stdout.count('"method"') == 1, done.stdout
    assert done.stderr.count("3 ranks with") == 1, done.stderr


LONG = {
    "estimate": ["estimate", TWENTY, "--rel-tol", "2e-5", "--checkpoint-seconds", "0.05"],
    "train": ["train", "--features", "14", "--hidden", "4", "--sparsity", "0.9", "--starts", "60"],
    "dictionary": ["dictionary", TRAINED / "n400_m30_S0.99.h5", "--rel-tol", "1e-9", "--compare", "0"],
}


def wait_for(file, process):
    end = time.monotonic() + 120
    while not file.exists():
        assert process.poll() is None, f"it ended with {process.returncode}: {process.stderr.read()}"
        assert time.monotonic() < end, "no checkpoint in two minutes"
        time.sleep(0.01)


def stopped_and_continued(folder):
    """Under three ranks, then five, then none."""
    for name in ("estimate", "train"):
        command = LONG[name]
        whole, parts = folder / f"{name}_whole.h5", folder / f"{name}_parts.h5"
        run(0, [*command, "-o", whole, "--quiet"])
        for ranks in (3, 5):
            process = start(ranks, [*command, "-o", parts])
            while "ranks with" not in process.stderr.readline():
                assert process.poll() is None, "it ended before it began"
            wait_for(parts, process)
            time.sleep(0.5)  # signals are caught from the beginning of the work on
            for rank in ranks_of(process):  # as mpirun and srun do, to all
                subprocess.run(["kill", "-TERM", str(rank)], check=False)
            words = process.communicate(timeout=60)[1]
            assert process.returncode in (0, 143), (name, process.returncode, words)
            if process.returncode == 143:
                assert words.count("stopped by SIGTERM") == 1, words
            assert not list(folder.glob(".*.lock")), "a lock was left"
        run(0, [*command, "-o", parts, "--quiet"])
        assert_same(whole, parts, f"{name}, stopped twice")


def stopped_by_a_signal_to_one(folder):
    """A rank that is told to stop tells all."""
    file = folder / "one_signal.h5"
    process = start(3, ["estimate", TWENTY, "--rel-tol", "1e-7", "--max-seconds", "600", "--checkpoint-seconds", "0.05", "-o", file])
    wait_for(file, process)
    subprocess.run(["kill", "-TERM", str(ranks_of(process)[-1])], check=True)
    words = process.communicate(timeout=30)[1]
    assert process.returncode == 143 and "stopped by SIGTERM" in words, (process.returncode, words)


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
        process.communicate(timeout=30)  # no hang
        kills += process.returncode != 0
        if file.exists():
            datasets(file)
            subprocess.run([PROGRAM, "show", file], check=True, capture_output=True)
        if process.returncode == 0:
            file.unlink()
    assert kills > 0, "no run was alive when it was to be killed"
    run(2, [*command, "-o", file])
    assert_same(whole, file, f"after {kills} kills")


def failures(folder):
    """One sentence, the code of who failed, within seconds."""
    def fails(command, code, sentence, ranks=3):
        begin = time.monotonic()
        done = run(ranks, command, code)
        assert done.stderr.count("skeleta: ") == 1 and sentence in done.stderr, done.stderr
        assert time.monotonic() - begin < 20, "it took long"

    fails(["estimate", folder / "nowhere.h5"], 2, "nowhere.h5")
    fails(["estimate", PENTAGON, "--rel-tol", "-1"], 2, "--rel-tol")
    fails(["estimate", PENTAGON, "-o", "/proc/no.h5"], 2, "/proc/no.h5")
    fails(["sweep", ROOT / "data/plans/phase_n2.toml"], 2, "sweep is not for several ranks")
    fails(["estimate", PENTAGON, "--method", "exact", "--rel-tol", "1e-14"], 2, "double precision")
    # Rank 1 reads another file than the others.
    script = folder / "other.sh"
    script.write_text('#!/bin/sh\n[ "$OMPI_COMM_WORLD_RANK" = 1 ] && exec "$0.program" estimate "$2"\n'
                      'exec "$0.program" estimate "$1"\n')
    script.chmod(0o755)
    (folder / "other.sh.program").symlink_to(PROGRAM)
    for second, code, sentence in ((TWENTY, 2, "rank 1 has another input"), (folder / "missing.h5", 2, "missing.h5")):
        done = subprocess.run([*MPIRUN, "-n", "3", script, PENTAGON, second], env=ENVIRONMENT, capture_output=True, text=True,
                              timeout=60)
        assert done.returncode == code and done.stderr.count("skeleta: ") == 1 and sentence in done.stderr, done.stderr
    # One fails while the others compute.
    begin = time.monotonic()
    done = subprocess.run([*MPIRUN, "-n", "3", os.environ["SKELETA_LONE_FAILURE"]], env=ENVIRONMENT, capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 1 and done.stderr.count("skeleta: rank 1 failed") == 1, (done.returncode, done.stderr)
    assert time.monotonic() - begin < 30, "it took long"


def main():
    require_mpi()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        only_the_first_prints()
        one_rank(folder)
        failures(folder)
        stopped_by_a_signal_to_one(folder)
        stopped_and_continued(folder)
        killed(folder)
        same_bits(folder)
    print("several ranks have the bits of one process, and end as it does")


if __name__ == "__main__":
    sys.exit(main())
