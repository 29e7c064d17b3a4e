"""analysis/cluster/array.sh with the variables of Slurm set by hand; slurm_test.py has a real one."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import h5py

ROOT = pathlib.Path(__file__).parents[2]
PROGRAM = os.environ["SKELETA_PROGRAM"]
SHARDS = 3
COMMAND = ["train", "--features", "12", "--hidden", "3", "--sparsity", "0.9", "--starts", "9"]


def environment(folder, task, restarts=0):
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    scontrol = tools / "scontrol"  # writes down what it is asked for
    scontrol.write_text(f'#!/bin/sh\necho "$@" >> {folder}/requeued\n')
    scontrol.chmod(0o755)
    return {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "SKELETA": PROGRAM, "SLURM_JOB_ID": f"70{task}",
            "SLURM_ARRAY_TASK_ID": str(task), "SLURM_RESTART_COUNT": str(restarts)}


def start(folder, task, command=COMMAND, restarts=0):
    return subprocess.Popen([ROOT / "analysis/cluster/array.sh", folder / "shards", str(SHARDS), *command],
                            env=environment(folder, task, restarts), stderr=subprocess.PIPE, text=True)


def datasets(path):
    found = {}
    with h5py.File(path) as f:
        f.visititems(lambda name, item: found.update({name: item[...].tobytes()}) if isinstance(item, h5py.Dataset) else None)
    return found


def stopped_by_slurm(folder):
    """A task that would take hours: it is stopped as soon as there is something in its file, and queued again; after
    SIGTERM it is not."""
    long = ["train", "--features", "12", "--hidden", "3", "--sparsity", "0.9", "--starts", "100000"]
    task = start(folder, 1, long)
    file = folder / "shards/shard_1.h5"
    while not file.exists():
        assert task.poll() is None, task.stderr.read()
        time.sleep(0.01)
    shown = subprocess.run([PROGRAM, "show", folder / "shards"], capture_output=True, text=True, check=True).stdout
    assert "running   1: " in shown and "missing   0,2" in shown, shown
    task.send_signal(signal.SIGTERM)
    assert task.wait() == 143, task.stderr.read()
    assert not (folder / "requeued").exists()
    task = start(folder, 1, long)
    while "running" not in subprocess.run([PROGRAM, "show", folder / "shards"], capture_output=True, text=True).stdout:
        assert task.poll() is None, task.stderr.read()
    time.sleep(0.5)
    task.send_signal(signal.SIGUSR1)
    assert task.wait() == 143, task.stderr.read()
    assert (folder / "requeued").read_text() == "requeue 701\n"
    shown = subprocess.run([PROGRAM, "show", folder / "shards"], capture_output=True, text=True, check=True).stdout
    assert "stopped   1: " in shown, shown
    assert not list((folder / "shards").glob(".*.lock"))


def killed(folder):
    """A program that was killed is tried again, but not for ever."""
    long = ["train", "--features", "12", "--hidden", "3", "--sparsity", "0.9", "--starts", "100000"]
    for restarts, asked in ((0, "requeue 701\n"), (2, "requeue 701\n" * 2), (3, "requeue 701\n" * 2)):
        task = start(folder, 1, long, restarts)
        while not (programs := subprocess.run(["pgrep", "-x", "-P", str(task.pid), "skeleta"], capture_output=True,
                                              text=True).stdout.split()):
            assert task.poll() is None, task.stderr.read()
        os.kill(int(programs[0]), signal.SIGKILL)
        assert task.wait() == 137, task.stderr.read()
        assert (folder / "requeued").read_text() == asked, restarts


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for test in (stopped_by_slurm, killed):
            part = folder / test.__name__
            part.mkdir()
            test(part)
        for task in range(SHARDS):
            done = start(folder, task)
            assert done.wait() == 0, done.stderr.read()
        assert not (folder / "requeued").exists()
        again = start(folder, 0)
        assert again.wait() == 0 and "nothing was computed" in again.stderr.read()
        assert start(folder, SHARDS).wait() == 2  # no such shard
        whole, merged = folder / "whole.h5", folder / "all.h5"
        shards = sorted((folder / "shards").glob("*.h5"))
        subprocess.run([PROGRAM, "merge", *shards, "-o", merged], check=True)
        subprocess.run([PROGRAM, *COMMAND, "-o", whole, "--quiet"], check=True, stdout=subprocess.DEVNULL)
        assert datasets(whole) == datasets(merged)
    print("the script of a job array does what analysis/cluster.md says")


if __name__ == "__main__":
    sys.exit(main())
