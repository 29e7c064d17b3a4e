"""analysis/cluster.md on a Slurm of one node: to be run by tests/cluster/run."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from launch import ENVIRONMENT, PROGRAM, ROOT, assert_same, built_with_mpi

SHARDS = 8
COMMAND = ["train", "--features", "14", "--hidden", "4", "--sparsity", "0.9", "--starts", "64"]
KILLED = ["train", "--features", "14", "--hidden", "4", "--sparsity", "0.9", "--starts", "150"]
LONG = ["train", "--features", "20", "--hidden", "5", "--sparsity", "0.9", "--starts", "2000"]


def shell(*words, code=0):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=300,
                          env={**ENVIRONMENT, "SKELETA": PROGRAM})
    assert done.returncode == code, f"{words}: {done.returncode}, not {code}\n{done.stdout}{done.stderr}"
    return done.stdout


def submit(folder, array, command, shards=SHARDS):
    """Without waiting for it; the number of the job."""
    return shell("sbatch", "--parsable", f"--array={array}", "--cpus-per-task=1", f"--output={folder}/%A_%a.txt",
                 ROOT / "analysis/cluster/array.sh", folder / "shards", shards, *command).strip()


def wait_until(true, what, seconds=180):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"{what}: not within {seconds} s\n" + shell("squeue", "--all")
        time.sleep(0.2)


def ended(job):
    return not shell("squeue", "--noheader", "--all", "--states=PENDING,RUNNING,SUSPENDED,COMPLETING,REQUEUED", f"--job={job}")


def show(folder):
    return shell(PROGRAM, "show", folder / "shards")


def array_with_a_requeued_task(folder):
    """All of an array; one task gets SIGUSR1, as near the end of its time, is queued again by the script and goes on."""
    whole, merged = folder / "whole.h5", folder / "all.h5"
    job = submit(folder, f"0-{SHARDS - 1}", COMMAND)
    file = folder / "shards/shard_3.h5"
    wait_until(file.exists, "a checkpoint of task 3")
    subprocess.run(["scancel", "--batch", "--signal=USR1", f"{job}_3"], check=True)
    wait_until(lambda: ended(job), "the array")
    merge = [PROGRAM, "merge", *sorted((folder / "shards").glob("*.h5")), "-o", merged]
    shell(*merge)
    shell(PROGRAM, *COMMAND, "-o", whole, "--quiet")
    assert_same(whole, merged, "an array of Slurm")


def long_task(folder):
    """A task that takes long is stopped for certain: queued again, and restarted by Slurm; then cancelled, and missing."""
    job = submit(folder, "5", LONG)
    file = folder / "shards/shard_5.h5"
    wait_until(file.exists, "a checkpoint of the long task")
    assert "running   5: " in show(folder), show(folder)
    shell("scancel", "--batch", "--signal=USR1", f"{job}_5")
    wait_until(lambda: "running" not in show(folder), "the end of the task", 60)
    first = file.stat().st_size
    restarts = lambda: "Restarts=1" in shell("scontrol", "show", "job", f"{job}_5")
    wait_until(lambda: restarts() and "running   5: " in show(folder), "the task that was queued again")
    wait_until(lambda: file.stat().st_size > first, "what it goes on with")
    shell("scancel", f"{job}_5")
    wait_until(lambda: ended(job), "the end of the cancelled task", 60)
    assert "stopped   5: " in show(folder), show(folder)
    refused = subprocess.run([PROGRAM, "merge", file, "-o", folder / "part.h5"], capture_output=True, text=True)
    assert refused.returncode == 2 and "0-7" in refused.stderr, refused.stderr


def program_of(job):
    """The process of the program that the script of a task runs."""
    for status in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            started = f"SLURM_JOB_ID={job}\0".encode() in (status / "environ").read_bytes()
            if started and os.readlink(status / "exe") == os.path.realpath(PROGRAM):
                return int(status.name)
        except OSError:
            pass  # it has ended
    return None


def killed_task(folder):
    """One of two tasks is killed with SIGKILL while it works: queued again, it goes on from its last checkpoint."""
    whole, merged = folder / "whole.h5", folder / "all.h5"
    job = submit(folder, "0-1", KILLED, shards=2)
    file = folder / "shards/shard_1.h5"
    wait_until(file.exists, "a checkpoint of task 1")
    number = shell("squeue", "--noheader", "--format=%A", f"--job={job}_1").strip()
    process = program_of(number)
    assert process is not None, "task 1 had ended before it could be killed"
    os.kill(process, signal.SIGKILL)
    wait_until(lambda: "Restarts=1" in shell("scontrol", "show", "job", f"{job}_1"), "the task that was queued again")
    wait_until(lambda: ended(job), "the array")
    shell(PROGRAM, "merge", *sorted((folder / "shards").glob("*.h5")), "-o", merged)
    shell(PROGRAM, *KILLED, "-o", whole, "--quiet")
    assert_same(whole, merged, "an array of which a task was killed")


def ranks_by_srun(folder):
    """One estimate of three ranks, by PMIx; what has none is refused, in one sentence."""
    if not built_with_mpi():
        print("not tried, since the program was built without MPI: srun --mpi=pmix")
        return
    command = ["estimate", ROOT / "data/trained/n20_m5_S0.95.h5", "--method", "stratified", "--samples", "200000"]
    alone, shared = folder / "alone.h5", folder / "shared.h5"
    code = subprocess.run([PROGRAM, *map(str, command), "-o", alone], capture_output=True).returncode
    shell("srun", "--mpi=pmix", "--ntasks=3", PROGRAM, *command, "-o", shared, "--threads", "1", code=code)
    assert_same(alone, shared, "srun --mpi=pmix")
    refused = subprocess.run(["srun", "--mpi=pmi2", "--ntasks=2", PROGRAM, *map(str, command)], capture_output=True, text=True)
    assert refused.returncode == 2 and "srun --mpi=pmix" in refused.stderr, refused.stderr


def main():
    with tempfile.TemporaryDirectory() as name:
        for test in (ranks_by_srun, long_task, killed_task, array_with_a_requeued_task):
            folder = pathlib.Path(name) / test.__name__
            folder.mkdir()
            test(folder)
    print("Slurm does what analysis/cluster.md says")


if __name__ == "__main__":
    sys.exit(main())
