"""The certified phases of two features in one dimension, of `skeleta certify --phases`."""

import pathlib

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patches import Patch

from . import style
from .sweep import boundary

TITLE = "skeleta phase certificate 2"
NAMES = ("drop", "dedicate", "antipodal", "either", "undecided")
WORDS = {"drop": "second feature dropped", "dedicate": "first feature dropped", "antipodal": "antipodal pair",
         "either": "one dropped, either", "undecided": "undecided"}


def read_phases(path):
    """Importance, density, interference and phase (a number of NAMES) of each point of a certificate, as arrays.

    Its proofs are not checked: that is check_certificate.py's. Raises ValueError for any other file.
    """
    with open(path, encoding="ascii", errors="replace") as file:
        lines = file.read().split("\n")
    if lines[0] != TITLE or not lines[-2:][0].startswith("digest "):
        raise ValueError(f"{path}: is no certificate of phases: make one with skeleta certify --phases -o")
    phases = [NAMES.index(line.split(" ")[1]) for line in lines if line.startswith("phase ")]
    points = [[float.fromhex(word) for word in line.split(" ")[1:]] for line in lines if line.startswith("point ")]
    importance, density, interference = np.array(points).reshape(-1, 3).T
    return importance, density, interference, np.array(phases)


@style.styled
def certified(path):
    """A phase diagram in importance and density for each interference of a certificate, each cell one proof; over it
    the published boundary for no interference, where ignoring the lesser feature costs as much as the plain pair.

    Returns the matplotlib Figure. Raises ValueError unless the points are a full grid of two importances and densities
    at least, and twelve interferences at most.
    """
    importance, density, interference, phase = read_phases(path)
    x, y, penalties = (np.unique(values) for values in (importance, density, interference))
    if len(x) * len(y) * len(penalties) != len(phase) or min(len(x), len(y)) < 2 or len(penalties) > 12:
        raise ValueError(f"{path}: its {len(phase)} points are no grid of importances, densities and up to 12 "
                         "interferences")
    columns = min(len(penalties), 5)
    rows = -(-len(penalties) // columns)
    figure = plt.figure(figsize=(0.9 + 2.4 * columns, 1.4 + 2.3 * rows))
    places = figure.add_gridspec(rows + 1, columns, height_ratios=[1.0] * rows + [0.12])
    grid = places[:rows, :].subgridspec(rows, columns).subplots(sharex=True, sharey=True, squeeze=False)
    below = figure.add_subplot(places[rows, :])
    below.set_axis_off()
    colours = [*plt.get_cmap(style.COLOURS)([0.15, 0.55, 0.95, 0.35]), (1.0, 1.0, 1.0, 1.0)]
    for axes, penalty in zip(grid.flat, penalties):
        chosen = interference == penalty
        cells = np.empty((len(y), len(x)))
        cells[np.searchsorted(y, density[chosen]), np.searchsorted(x, importance[chosen])] = phase[chosen]
        axes.pcolormesh(edges(x), edges(y), cells, cmap=ListedColormap(colours),
                        norm=BoundaryNorm(np.arange(len(NAMES) + 1) - 0.5, len(NAMES)))
        axes.plot(x, boundary(x), color=style.BOUND, linewidth=1.2)
        axes.set(xscale="log", yscale="log", xlim=(x[0], x[-1]), ylim=(y[0], y[-1]), title=f"$\\lambda$ = {penalty:g}")
    for axes in grid.flat[len(penalties):]:
        axes.set_axis_off()
    grid[-1, (columns - 1) // 2].set_xlabel("importance of the second feature, relative")
    figure.supylabel("density (sparser downwards)", fontsize=10)
    handles = [Patch(facecolor=colours[n], edgecolor=style.INK, linewidth=0.5, label=WORDS[name])
               for n, name in enumerate(NAMES) if n in phase]
    handles.append(plt.Line2D([], [], color=style.BOUND, linewidth=1.2, label="published boundary, $\\lambda$ = 0"))
    below.legend(handles=handles, loc="center", ncols=len(handles), fontsize=9)
    figure.suptitle(f"{pathlib.Path(path).stem}: {len(phase)} points, each proven", x=0.01, ha="left", fontsize=10)
    return figure


def edges(values) -> np.ndarray:
    """Where cells about these positive values begin and end, half way between them on a logarithmic axis."""
    logs = np.log(values)
    between = 0.5 * (logs[1:] + logs[:-1])
    return np.exp([2 * logs[0] - between[0], *between, 2 * logs[-1] - between[-1]])
