"""Run files of `skeleta estimate`; data/schema.md describes them."""

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

FILETYPE = "skeleta estimate"
MAJOR_VERSION = 1


class ForeignFile(ValueError):
    """The file is not one that this reader understands; the message says why."""


@dataclass(frozen=True)
class EstimateRun:
    """The loss of one model instance by skeleton. Arrays run over the evaluated skeletons `l`."""

    path: Path
    instance: int
    seed: int
    l: np.ndarray
    probability: np.ndarray
    mean: np.ndarray
    contribution: np.ndarray
    standard_error: np.ndarray
    samples: np.ndarray  # 0 where the contribution is exact
    value: float
    low: float
    high: float
    density: np.ndarray  # [feature]
    W: np.ndarray  # [hidden, feature]
    b: np.ndarray  # [feature]

    @property
    def title(self) -> str:
        """Which model, how sparse, which seed."""
        sparsity = 1.0 - self.density
        if np.ptp(sparsity) == 0.0:
            text = f"S = {sparsity[0]:.4g}"
        else:
            text = f"S = {sparsity.min():.3g} to {sparsity.max():.3g}"
        hidden, features = self.W.shape
        return f"{features} features in {hidden} dimensions, {text}, seed {self.seed}"


def check(file: h5py.File, path) -> None:
    """Raises ForeignFile unless the file is of our kind and major version."""
    filetype = file.attrs.get("filetype")
    if filetype != FILETYPE:
        raise ForeignFile(f"{path}: its filetype is {filetype!r}, expected {FILETYPE!r}")
    major = int(np.atleast_1d(file.attrs["version"])[0])
    if major != MAJOR_VERSION:
        raise ForeignFile(f"{path}: its major version is {major}, this reader knows {MAJOR_VERSION}")


def read_estimate(path, index: int = 0) -> EstimateRun:
    """The run at position `index` of the file (files written with --instance all hold several)."""
    with h5py.File(path) as file:
        check(file, path)
        loss, model = file["loss"], file["model"]
        evaluated = np.isfinite(loss["contribution"][index])
        rows = {
            name: loss[name][index][evaluated]
            for name in ("mean", "contribution", "standard_error", "samples")
        }
        probability = loss["probability"]
        probability = probability[index] if probability.ndim == 2 else probability[:]
        return EstimateRun(
            path=Path(path),
            instance=int(loss["instance"][index]),
            seed=int(file.attrs["seed_hex"], 16),
            l=loss["l"][:][evaluated],
            probability=probability[evaluated],
            value=float(loss["value"][index]),
            low=float(loss["low"][index]),
            high=float(loss["high"][index]),
            density=file["data/density"][:],
            W=model["W"][index],
            b=model["b"][index],
            **rows,
        )
