"""Run files as xarray datasets; data/schema.md says what is in them."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
import xarray

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MAJOR_VERSION = 1


class ForeignFile(ValueError):
    """The file is not one that this reader understands; the message says why."""


@dataclass(frozen=True)
class Run:
    """One run file, read completely.

    Each group is a Dataset with the names of data/schema.md; axes are coordinates, so that
    `run.loss["mean"].sel(instance=3, l=2)` is what it says. Categories are words.
    """

    path: Path
    attributes: dict  #: of the file: filetype, version, command_line, options, threads, ...
    groups: dict = field(repr=False)  #: name without the slash -> xarray.Dataset

    def __getattr__(self, name: str) -> xarray.Dataset:
        try:
            return self.__dict__["groups"][name]
        except KeyError:
            raise AttributeError(f"{self.__dict__.get('path')} has no group /{name}") from None

    @property
    def seed(self) -> int:
        return int(self.attributes["seed_hex"], 16)

    @property
    def options(self) -> dict:
        """All options of the command that made the file, defaults included."""
        return tomllib.loads(self.attributes["options"])

    @property
    def name(self) -> str:
        """The model file, or of a training run the file itself, without folder and ending."""
        of_model = self.attributes["filetype"] == "skeleta estimate"
        return Path(self.options["model"] if of_model else self.path).stem

    @property
    def sparsity(self) -> str:
        """S = 1 - density, or its range if features differ."""
        sparsity = 1.0 - self.data["density"].values
        low, high = f"{sparsity.min():.6g}", f"{sparsity.max():.6g}"
        return f"S = {low}" if low == high else f"S = {low} to {high}"

    @property
    def instances(self) -> list[int]:
        """Numbers of the instances in the model file."""
        return [int(k) for k in self.model["instance"]]

    def feature_name(self, feature: int) -> str:
        """The name of a feature of a dictionary, or its number if the file has no names."""
        names = self.dictionary.variables.get("name")
        if names is None or feature >= len(names):
            return str(int(feature))
        return bytes(names.values[feature]).rstrip(b"\0").decode()

    def title(self, instance: int | None = None) -> str:
        """Which model and, among several, which instance; how sparse; which seed."""
        shape = f"D = {self.model.sizes['feature']}, d = {self.model.sizes['hidden']}"
        which = self.name
        if instance is not None and (len(self.instances) > 1 or instance > 0):
            which += f", instance {instance}"
        return f"{which}: {shape}, {self.sparsity}, seed {self.seed}"

    def check_instance(self, instance: int | None) -> int:
        """The instance asked for, or the first one. Raises ValueError if the file has no such."""
        if instance is None:
            return self.instances[0]
        if instance not in self.instances:
            raise ValueError(f"{self.path}: has no instance {instance}, but "
                             f"{', '.join(map(str, self.instances))}")
        return instance


def open(path) -> Run:
    """Reads a run file.

    Raises FileNotFoundError if there is none; ForeignFile, with the reason, if it is not HDF5, not
    of skeleta, of a kind or major version that is not known here, or damaged.
    """
    if not Path(path).exists():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        with h5py.File(path) as file:
            check_kind(file, path)
            groups = {name: read_group(file[name]) for name in file}
            return Run(Path(path), read_attributes(file), groups)
    except OSError as error:
        raise ForeignFile(f"{path}: cannot be read as HDF5: {error}") from None


def is_run(filetype) -> bool:
    """Whether a command of skeleta wrote it: files say themselves what else is in them."""
    return isinstance(filetype, str) and filetype.startswith("skeleta ") and filetype != "skeleta model"


def check_kind(file: h5py.File, path) -> None:
    """Raises ForeignFile unless the file is a run of the major version that is known here."""
    filetype = file.attrs.get("filetype")
    if not is_run(filetype):
        what = "has no attribute filetype" if filetype is None else f"its filetype is '{filetype}'"
        hint = ""
        if "W" in file:
            hint = "; it is a model file: `skeleta estimate` makes a run file of it"
        raise ForeignFile(f"{path}: {what}, but this reader needs 'skeleta estimate' or another "
                          f"command of skeleta{hint}")
    version = np.atleast_1d(file.attrs.get("version", []))
    if len(version) != 2:
        raise ForeignFile(f"{path}: has no attribute version of two integers, major and minor")
    if version[0] != MAJOR_VERSION:
        raise ForeignFile(f"{path}: is of layout version {version[0]}.{version[1]}, but this reader "
                          f"knows version {MAJOR_VERSION}.x: use a newer one")


def read_attributes(file: h5py.File) -> dict:
    return {name: tuple(int(x) for x in value) if isinstance(value, np.ndarray) else value
            for name, value in file.attrs.items()}


def read_group(group: h5py.Group) -> xarray.Dataset:
    variables = {name: read_variable(item) for name, item in group.items()}
    return xarray.Dataset(variables)


def read_variable(item: h5py.Dataset) -> xarray.Variable:
    if h5py.h5ds.is_scale(item.id):
        axes = (Path(item.name).name,)
    else:
        axes = tuple(Path(axis[0].name).name for axis in item.dims)
    attributes = {name: item.attrs[name] for name in ("units", "long_name", "references") if name in item.attrs}
    return xarray.Variable(axes, decode(item), attributes)


def decode(item: h5py.Dataset) -> np.ndarray:
    """The values; of a category, its words."""
    if "flag_meanings" not in item.attrs:
        return item[...]
    words = dict(zip(item.attrs["flag_values"].tolist(), item.attrs["flag_meanings"].split()))
    return np.array([words[value] for value in item[...].ravel().tolist()]).reshape(item.shape)
