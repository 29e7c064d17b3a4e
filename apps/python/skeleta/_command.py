"""Commands of the program in this process. Their options are the program's: one keyword for each."""

import difflib
import inspect
import json
import os
import re
import shutil
import signal
import tempfile
import threading
import weakref
from pathlib import Path

import numpy as np

from . import _core
from ._model import Model, save_model
from ._progress import line, listener

COMMANDS = _core.commands()
OF_THE_CALL = {"output", "json", "quiet", "force", "config"}  # options that the call itself sets
STOPPED = {130: signal.SIGINT, 143: signal.SIGTERM, 129: signal.SIGHUP}


class Result:
    """What a command found: the keys of its --json as attributes, all of them in `.json`.

    `data` is the run file as xarray datasets (skeleta.files.Run), `to_hdf5(path)` that file itself, as the
    program writes it. `met_target` is False where less was reached than asked for.
    """

    def __init__(self, found, file: Path, code: int, notes: str):
        self.json, self.met_target, self.notes = found, code == 0, notes
        self._file = file
        self._data = None

    def __getattr__(self, name):
        found = self.__dict__.get("json")
        if isinstance(found, dict) and name in found:
            return found[name]
        raise AttributeError(f"no {name} in this result" + (
            f": it has {', '.join(found)}" if isinstance(found, dict) else ""))

    def __dir__(self):
        return [*super().__dir__(), *(self.json if isinstance(self.json, dict) else ())]

    @property
    def data(self):
        from . import files

        if self._data is None:
            self._data = files.open(self._file)
        return self._data

    def to_hdf5(self, path) -> None:
        """Writes the file that the program writes. Raises OSError."""
        shutil.copyfile(self._file, path)

    def __repr__(self) -> str:
        keys = ", ".join(self.json) if isinstance(self.json, dict) else f"{len(self.json)} results"
        return f"Result({keys})"


def as_python(text: str) -> str:
    """A sentence of the program with its flags as keywords."""
    text = re.sub(r"^skeleta: ", "", text.strip())
    return re.sub(r"--([a-z][a-z-]*)", lambda flag: flag[1].replace("-", "_"), text)


def word(value) -> str:
    return repr(float(value)) if isinstance(value, (float, np.floating)) else str(value)


def arguments_of(command: str, options: dict) -> list:
    """Keywords as flags. Raises TypeError for one that the command does not have."""
    rows = {row["name"].replace("-", "_"): row for row in COMMANDS[command][1]}
    arguments = []
    for name, value in options.items():
        if name not in rows or name in OF_THE_CALL:
            near = difflib.get_close_matches(name, rows, 1)
            raise TypeError(f"{command} has no option '{name}'" + (f", did you mean {near[0]}?" if near else ""))
        row = rows[name]
        if value is None or value is False:
            continue
        flag = "--" + row["name"]
        if row["kind"] == "bool":
            arguments.append(flag)
        else:
            several = isinstance(value, (list, tuple, np.ndarray))
            arguments.append(f"{flag}=" + (",".join(map(word, value)) if several else word(value)))
    return arguments


def run(command: str, positional=(), *, progress=None, **options) -> Result:
    """Runs a command; None and False are as if an option was not given. progress: see documented."""
    folder = tempfile.mkdtemp(prefix="skeleta-")
    file = Path(folder) / "result.h5"
    try:
        arguments = [*command.split(), *map(str, positional), *arguments_of(command, options), "--json", "--quiet",
                     "-o", str(file)]
        with listener(progress, line) as tell:
            code, out, err = _core.run(arguments, tell)
        if code in STOPPED:
            stop(STOPPED[code])
        if code == 2:
            raise ValueError(as_python(err))
        if code == 1 or not out:
            raise OSError(as_python(err))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    result = Result(json.loads(out), file, code, as_python(err))
    weakref.finalize(result, shutil.rmtree, folder, ignore_errors=True)
    return result


def stop(number):
    """A signal stopped the command: now it is Python's again."""
    if threading.current_thread() is threading.main_thread():
        signal.raise_signal(number)
    else:
        os.kill(os.getpid(), number)
    raise KeyboardInterrupt


class model_file:
    """The file of a model, for commands that read one: a path as it is, else a temporary one.

    Used as `with model_file(W, bias, …) as path`.
    """

    def __init__(self, W, bias=None, threshold=None, density=None, importance=None):
        self.given = (W, bias, threshold, density, importance)
        self.folder = None

    def __enter__(self) -> str:
        W, bias, threshold, density, importance = self.given
        if isinstance(W, (str, os.PathLike)):
            if bias is not None or threshold is not None:
                raise ValueError("the file has its own bias")
            if not Path(W).exists():
                raise FileNotFoundError(f"{W}: no such file")
            return str(W)
        self.folder = tempfile.mkdtemp(prefix="skeleta-")
        path = str(Path(self.folder) / "model.h5")
        save_model(path, W, bias, threshold=threshold, density=density, importance=importance)
        return path

    def __exit__(self, *_):
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


PROGRESS = """
    progress: a function of how much is done, from 0 to 1 or None, and of what was found so far, in words, called now
    and then; True: drawn as a line on a terminal
"""


def documented(command: str, extra=()):
    """Gives a function the signature and the words of the options that it passes on."""
    def wrap(function):
        rows = [row for row in COMMANDS[command][1]
                if not row["positional"] and row["name"] not in OF_THE_CALL and row["name"] not in extra]
        own = [parameter for parameter in inspect.signature(function).parameters.values()
               if parameter.kind != inspect.Parameter.VAR_KEYWORD]
        names = {parameter.name for parameter in own}
        progress = [inspect.Parameter("progress", inspect.Parameter.KEYWORD_ONLY, default=None)]
        passed = [inspect.Parameter(row["name"].replace("-", "_"), inspect.Parameter.KEYWORD_ONLY, default=None)
                  for row in rows if row["name"].replace("-", "_") not in names]
        function.__signature__ = inspect.Signature(own + passed + progress)
        words = "\n".join(f"    {row['name'].replace('-', '_')}: {as_python(row['words'])}" for row in rows)
        function.__doc__ = f"{inspect.cleandoc(function.__doc__)}\n\nOptions, as of `skeleta {command}`:\n{words}\n{PROGRESS}"
        return function
    return wrap


def common(value, name):
    """A density or importance for the command: one number as a flag, a list into the model's file."""
    if value is None or np.ndim(value) == 0:
        return value, None
    return None, value


@documented("train")
def train(*, init=None, **options) -> Result:
    """Minimises the loss from many starts. init: xavier, normal, a model file, or a Model to start from.

    >>> found = train(features=2, hidden=1, sparsity=0.95, starts=2)
    >>> round(found.best["loss"], 6)
    0.000832
    """
    if isinstance(init, Model):
        with model_file(init) as path:
            return run("train", init=path, **options)
    return run("train", init=init, **options)


def plan_text(plan: dict) -> str:
    """A plan of `skeleta sweep` as TOML."""
    lines, tables = [], []
    for name, value in plan.items():
        if isinstance(value, dict):
            tables.append(f"[{name}]\n{plan_text(value)}")
        else:
            value = value.tolist() if isinstance(value, np.ndarray) else value
            lines.append(f"{name} = {json.dumps(list(value) if isinstance(value, (tuple, range)) else value)}")
    return "\n".join(lines + tables) + "\n"


@documented("sweep")
def sweep(plan, **options) -> Result:
    """Trains over a grid. plan: a TOML file, or a dictionary of what stands in one."""
    if isinstance(plan, dict):
        with tempfile.TemporaryDirectory(prefix="skeleta-") as folder:
            path = Path(folder) / "plan.toml"
            path.write_text(plan_text(plan), encoding="utf-8")
            return run("sweep", [path], **options)
    return run("sweep", [plan], **options)


@documented("approximate", extra=("density", "importance"))
def approximate(W, bias=None, density=None, *, threshold=None, importance=None, **options) -> Result:
    """How good it is to ignore all but few active features. W, bias, density as in skeleta.loss, or a path."""
    density, densities = common(density, "density")
    importance, importances = common(importance, "importance")
    with model_file(W, bias, threshold, densities, importances) as path:
        return run("approximate", [path], density=density, importance=importance, **options)
