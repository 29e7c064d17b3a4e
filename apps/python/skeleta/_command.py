"""Commands of the program in this process. Their options are the program's: one keyword for each."""

import contextlib
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
from ._progress import listener, of_command

COMMANDS = _core.commands()
# Options that the call itself sets, and that of the program's files alone.
OF_THE_CALL = {"output", "json", "quiet", "force", "config", "shard"}
STOPPED = {130: signal.SIGINT, 143: signal.SIGTERM, 129: signal.SIGHUP}


class Folder:
    """A temporary folder, until the last that holds it is gone; a fork's copy leaves it alone."""

    def __init__(self):
        self.path = Path(tempfile.mkdtemp(prefix="skeleta-"))
        self.remove = weakref.finalize(self, remove, self.path, os.getpid())


def remove(folder: Path, process: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)


class Result:
    """What a command found: the keys of its --json as attributes, all of them in `.json`.

    `data` is the run file as xarray datasets (skeleta.files.Run), `to_hdf5(path)` that file itself, as the
    program writes it. `met_target` is False where less was reached than asked for. Copies and what is pickled have
    a file of their own.
    """

    def __init__(self, found, folder, code: int, notes: str):
        self.json, self.met_target, self.notes = found, code == 0, notes
        self._folder = folder
        self._data = None

    @property
    def _file(self) -> Path:
        if self._folder is None:
            raise ValueError("of this the program keeps no file")
        return self._folder.path / "result.h5"

    def __getstate__(self) -> dict:
        return {**vars(self), "_folder": self._folder and self._file.read_bytes(), "_data": None}

    def __setstate__(self, state: dict) -> None:
        vars(self).update(state)
        if state["_folder"] is not None:
            self._folder = Folder()
            self._file.write_bytes(state["_folder"])

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

    @property
    def certificate(self) -> str:
        """The proof that certify found, as text: write it to a file for `skeleta certify --check`."""
        text = self._file.read_bytes()
        if not text.startswith(b"skeleta "):
            raise ValueError("only what certify proves has a certificate")
        return text.decode("ascii")

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
    value = value.item() if hasattr(value, "item") else value  # of numpy, or of a tensor
    return repr(value) if isinstance(value, float) else as_path(value) if isinstance(value, bytes) else str(value)


def as_path(path) -> str:
    """A path, text or bytes, for the program, which takes nothing that begins with - for one."""
    path = os.fsdecode(path)
    return f"./{path}" if path.startswith("-") else path


def arguments_of(command: str, options: dict) -> list:
    """Keywords as flags. Raises TypeError for one that the command does not have, ValueError for what is none."""
    rows = {row["name"].replace("-", "_"): row for row in COMMANDS[command][1]}
    arguments = []
    for name, value in options.items():
        if name not in rows or name in OF_THE_CALL:
            near = difflib.get_close_matches(name, rows.keys() - set(OF_THE_CALL), 1)
            hint = ": .to_hdf5(FILE) of its result writes one" if name == "output" else f", did you mean {near[0]}?" if near else ""
            raise TypeError(f"{command} has no option '{name}'{hint}")
        row = rows[name]
        if value is None or value is False:
            continue
        flag, axes = "--" + row["name"], np.ndim(value)
        if row["kind"] == "bool":
            if not isinstance(value, (bool, np.bool_)):
                raise ValueError(f"{name} must be True or False, not {value!r}")
            if value:
                arguments.append(flag)
        elif axes > 1:
            raise ValueError(f"{name} must be one value or a list of them, not of {axes} axes")
        else:
            separator = ";" if name == "values" else ","  # a law of values has commas itself
            arguments.append(f"{flag}=" + (separator.join(map(word, value)) if axes else word(value)))
    return arguments


def run(command: str, positional=(), *, progress=None, file=True, **options) -> Result:
    """Runs a command; None and False are as if an option was not given. progress: see documented. file: does it
    keep one?"""
    folder = Folder() if file else None
    try:
        arguments = [*command.split(), *map(as_path, positional), *arguments_of(command, options), "--json",
                     "--quiet", *([f"--output={folder.path}/result.h5"] if file else [])]
        with listener(progress, of_command) as tell:
            code, out, err = _core.run([os.fsencode(argument) for argument in arguments], tell)
        out, err = os.fsdecode(out), os.fsdecode(err)
        if code in STOPPED:
            stop(STOPPED[code])
        if code == 2:
            raise ValueError(as_python(err))
        if not out or code == 1 and command != "certify":  # which says what is not proven
            raise OSError(as_python(err))
    except BaseException:
        if file:
            folder.remove()
        raise
    return Result(json.loads(out), folder, code, as_python(err))


def stop(number):
    """A signal stopped the command: now it is Python's again."""
    if threading.current_thread() is threading.main_thread():
        signal.raise_signal(number)
    else:
        os.kill(os.getpid(), number)
    raise KeyboardInterrupt


@contextlib.contextmanager
def model_file(W, bias=None, threshold=None, density=None, importance=None, instance=None):
    """The file of a model, for commands that read one: a path as it is, else a temporary one. Of several arrays the
    command takes one: which it is must be said."""
    if isinstance(W, (str, bytes, os.PathLike)):
        others = {"bias": bias, "threshold": threshold, "density": density, "importance": importance}
        for name, value in others.items():
            if value is not None:
                raise ValueError(f"the file has its own {name}")
        if not os.path.exists(W):
            raise FileNotFoundError(f"{os.fsdecode(W)}: no such file")
        yield W
    else:
        weights = W.W if isinstance(W, Model) else W
        if instance is None and np.ndim(weights) == 3 and len(weights) > 1:
            raise ValueError(f"W has {len(weights)} instances, but one is needed: W[k]")
        with tempfile.TemporaryDirectory(prefix="skeleta-") as folder:
            path = Path(folder) / "model.h5"
            save_model(path, W, bias, threshold=threshold, density=density, importance=importance)
            yield path


PROGRESS = """
    progress: a function of how much is done, from 0 to 1 or None, and of what was found so far, in words, called now
    and then; True: drawn as a line on a terminal, as a bar in a notebook
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
    return run("train", init=init if init is None else os.fsdecode(init), **options)


def plan_text(plan: dict) -> str:
    """A plan of `skeleta sweep` as TOML."""
    lines, tables = [], []
    for name, value in plan.items():
        if isinstance(value, dict):
            tables.append(f"[{name}]\n{plan_text(value)}")
        elif value is not None:
            lines.append(f"{name} = {json.dumps(value, default=of_plan, ensure_ascii=False)}")
    return "\n".join(lines + tables) + "\n"


def of_plan(value):
    """As JSON and TOML have it. Raises ValueError."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, range):
        return list(value)
    raise ValueError(f"a plan has numbers, texts and lists of them, not {value!r}")


@documented("basins")
def basins(**options) -> Result:
    """What gradient flow selects: how often each minimum of the exact loss is the end of a flow from a random start."""
    return run("basins", **options)


@documented("certify")
def certify(**options) -> Result:
    """Proves minima: of polygons (features=5 or 6; unique=True: of the whole loss too), of two features in one dimension
    (phases=True), of columns on axes (axis_columns=True); or checks a certificate again (check=path). `certified` says what, `certificate` is the proof.

    >>> found = certify(phases=True, importances=[0.5], densities=[0.1], interferences=[0.0, 0.05])
    >>> [point["phase"] for point in found.certified["points"]]
    ['antipodal', 'drop']
    """
    return run("certify", file=not (options.get("axis_columns") or options.get("check")), **options)


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
    with model_file(W, bias, threshold, densities, importances, options.get("instance")) as path:
        return run("approximate", [path], density=density, importance=importance, **options)


@documented("spectrum", extra=("density", "importance"))
def spectrum(W, bias=None, density=None, *, threshold=None, importance=None, **options) -> Result:
    """The Hessian's eigenvalues and what they say. W, bias, density as in skeleta.loss, or a path."""
    density, densities = common(density, "density")
    importance, importances = common(importance, "importance")
    with model_file(W, bias, threshold, densities, importances, options.get("instance")) as path:
        return run("spectrum", [path], density=density, importance=importance, **options)


@documented("dictionary", extra=("density", "importance", "bias", "tied"))
def dictionary(W, bias=None, density=None, *, threshold=None, importance=None, **options) -> Result:
    """The loss of a dictionary of up to 10⁵ features, feature by feature. W, bias, density as in skeleta.loss, or the
    path of an HDF5, safetensors, npz or npy file."""
    density, densities = common(density, "density")
    importance, importances = common(importance, "importance")
    if not isinstance(W, (str, os.PathLike)):
        options.setdefault("orientation", "feature-columns")  # also of one feature in several dimensions
    with model_file(W, bias, threshold, densities, importances) as path:
        return run("dictionary", [path], density=density, importance=importance, **options)
