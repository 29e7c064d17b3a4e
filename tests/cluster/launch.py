"""What the tests of several ranks have in common: mpirun, the program, and the content of run files."""

import os
import pathlib
import shutil
import subprocess
import sys
import time

import h5py

ROOT = pathlib.Path(__file__).parents[2]
PROGRAM = os.environ["SKELETA_PROGRAM"]
SCALE = float(os.environ.get("SKELETA_TEST_SCALE", "1"))
SKIPPED = 77
# On one machine, also for root and with more ranks than processors.
MPIRUN = ["mpirun", "--oversubscribe", "--allow-run-as-root", "--mca", "btl", "self,vader", "--bind-to", "none"]
# Containers may forbid one process to read another's memory.
ENVIRONMENT = {**os.environ, "OMPI_MCA_btl_vader_single_copy_mechanism": "none"}


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def built_with_mpi():
    return "libmpi" in subprocess.run(["ldd", PROGRAM], capture_output=True, text=True, check=True).stdout


def require_mpi():
    if shutil.which("mpirun") is None:
        skip("mpirun is not installed")
    if not built_with_mpi():
        skip("the program was built without MPI")


def ranked(ranks, command):
    """The words of a shell for the command on so many ranks; on none: without mpirun."""
    return [*(MPIRUN + ["-n", str(ranks)] if ranks else []), PROGRAM, *map(str, command)]


def ranked_in(folders, command):
    """Likewise, a rank in each of the folders."""
    words = [PROGRAM, *map(str, command)]
    parts = [["-n", "1", "-wdir", str(folder), *words] for folder in folders]
    return MPIRUN + [word for part in parts for word in [*part, ":"]][:-1]


def start(ranks, command):
    return launch(ranked(ranks, command))


def launch(words):
    return subprocess.Popen(list(map(str, words)), env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process, seconds, program=PROGRAM):
    """What it printed on both ways until its end, which must come within so many seconds. None if mpirun itself hangs
    after its last rank has ended: that of Open MPI 4.1 with PMIx 4.2 sometimes waits for a lock in PMIx_server_finalize
    where a rank did not end well."""
    end, quiet_since = time.monotonic() + seconds, None
    while True:
        try:
            return process.communicate(timeout=1)
        except subprocess.TimeoutExpired:
            now = time.monotonic()
            if ranks_of(process, program) or process.args[0] != "mpirun":
                quiet_since = None
            elif quiet_since is None:
                quiet_since = now
            hangs = quiet_since is not None and now - quiet_since > 10
            if hangs or now > end:
                process.kill()
                process.communicate()
            assert now < end, f"{process.args}: not at its end after {seconds} s"
            if hangs:
                print("mpirun hung after its ranks had ended", flush=True)
                return None


def run_words(words, code, seconds=900, program=PROGRAM):
    """Runs it to its end, which must have this code; returns what it printed as results and as messages."""
    for _ in range(5):
        process = launch(words)
        printed = finish(process, seconds, program)
        if printed is not None:
            assert process.returncode == code, f"{words}: {process.returncode}, not {code}\n{printed[1]}"
            return printed
    raise AssertionError("mpirun hung five times")


def run(ranks, command, code=0):
    return run_words(ranked(ranks, command), code)


def ranks_of(launcher, program=PROGRAM):
    """Numbers of the processes of the program that mpirun has started and that have not ended."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == launcher.pid and os.readlink(folder / "exe") == os.path.realpath(program):
                found.append(int(folder.name))
        except (OSError, IndexError):
            pass  # it has ended
    return found


def datasets(path):
    """All of a file but what times and threads leave in it."""
    found = {}

    def add(name, item):
        if isinstance(item, h5py.Dataset) and not name.endswith("seconds"):
            found[name] = item[...].tobytes() if item.dtype.kind != "O" else repr(item[...].tolist())

    with h5py.File(path) as f:
        f.visititems(add)
    return found


def assert_same(path, other, what):
    one, two = datasets(path), datasets(other)
    assert one.keys() == two.keys(), (what, one.keys() ^ two.keys())
    different = [name for name in one if one[name] != two[name]]
    assert not different, f"{what}: other bits in {different}"
