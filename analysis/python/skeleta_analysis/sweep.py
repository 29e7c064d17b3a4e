"""Sweeps: loss and D* against density, and the phase diagram of two features in one dimension."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import BoundaryNorm, ListedColormap

from . import style

# What tells curves apart, and how it is written.
PARAMETERS = (("features", "D = {}"), ("hidden", "d = {}"), ("importance_decay", "r = {:.4g}"),
              ("objective", "{}"), ("seed", "seed {}"))


@style.styled
def sweep(run):
    """Best loss, and D* = d/|W|_F^2, against density: a curve for each combination of the rest.

    Returns the matplotlib Figure. Raises ValueError if there are more curves than can be told apart.
    """
    cells = run.sweep
    varying = [(name, text) for name, text in PARAMETERS if len(set(cells[name].values.tolist())) > 1]
    keys = list(zip(*(cells[name].values.tolist() for name, _ in varying))) or [()] * cells.sizes["cell"]
    curves = list(dict.fromkeys(keys))
    if len(curves) > len(style.MARKERS):
        raise ValueError(f"{run.path}: {len(curves)} curves are more than {len(style.MARKERS)}, which "
                         "one picture can tell apart; draw `phases` of two features instead")
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 4.0))
    colours = plt.get_cmap(style.COLOURS)(np.linspace(0.0, 0.85, len(curves)))
    for key, marker, colour in zip(curves, style.MARKERS, colours):
        chosen = np.array([k == key for k in keys])
        order = np.argsort(cells["density"].values[chosen])
        label = ", ".join(text.format(value) for (_, text), value in zip(varying, key))
        for axes, name in ((left, "loss"), (right, "dimensions_per_feature")):
            axes.plot(cells["density"].values[chosen][order], cells[name].values[chosen][order],
                      marker=marker, markersize=4, color=colour, linewidth=1, label=label or None)
    left.set_yscale("log")
    left.set_ylabel("best loss")
    right.set_ylabel("$D^* = d / \\|W\\|_F^2$")
    for axes in (left, right):
        axes.set_xscale("log")
        axes.invert_xaxis()
        axes.set_xlabel("density (sparser to the right)")
        axes.grid(True)
    if varying:
        left.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, columnspacing=1)
    figure.suptitle(title(run), x=0.01, ha="left", fontsize=10)
    return figure


@style.styled
def phases(run):
    """How many of two features in one dimension are represented, by density and importance.

    Over it, where the plain models change places: ignoring the feature of less importance v costs
    v(p/3 - p^2/4), its variance, and an antipodal pair of unit columns without thresholds (v_1 + v_2) p^2/6, for both
    active. Pairs whose lengths and thresholds are fitted cost less (analysis/open_problems.md, O49), so that cells just
    beyond the line keep both. Returns the matplotlib Figure. Raises ValueError unless all cells have D = 2, d = 1 on a full grid.
    """
    cells = run.sweep
    if set(cells["features"].values) != {2} or set(cells["hidden"].values) != {1}:
        raise ValueError(f"{run.path}: a phase diagram needs cells of D = 2, d = 1 only")
    density, importance = (np.unique(cells[name].values) for name in ("density", "importance_decay"))
    if len(density) * len(importance) != cells.sizes["cell"] or min(len(density), len(importance)) < 2:
        raise ValueError(f"{run.path}: its {cells.sizes['cell']} cells are no grid of {len(density)} "
                         f"densities and {len(importance)} importances")
    phase = np.full((len(density), len(importance)), np.nan)
    phase[np.searchsorted(density, cells["density"].values),
          np.searchsorted(importance, cells["importance_decay"].values)] = phase_numbers(cells)
    figure, axes = plt.subplots(figsize=(6.8, 5.2))
    mesh = axes.pcolormesh(importance, density, phase, shading="nearest",
                           cmap=ListedColormap(plt.get_cmap(style.COLOURS)([0.15, 0.55, 0.95])),
                           norm=BoundaryNorm([-0.5, 0.5, 1.5, 2.5], 3))
    bar = figure.colorbar(mesh, ticks=[0, 1, 2])
    bar.ax.set_yticklabels(["the first alone", "the second alone", "both, opposite"])
    bar.set_label("features that the best model keeps")
    fine = np.geomspace(importance[0], importance[-1], 401)
    axes.plot(fine, boundary(fine), color=style.BOUND, linewidth=1.6,
              label="dropping one feature costs as much as an opposite pair of\nunit columns without thresholds. "
                    "Fitted pairs cost less:\ncells just beyond the line keep both features")
    axes.plot([1, 1], [boundary(1.0), density[-1]], color=style.BOUND, linewidth=1.6)
    axes.set(xscale="log", yscale="log", xlabel="importance of the second feature / that of the first",
             ylabel="density p of both (sparser downwards)", xlim=(importance[0], importance[-1]),
             ylim=(density[0], density[-1]))
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), fontsize=8)
    figure.suptitle(title(run), x=0.01, ha="left", fontsize=10)
    return figure


def phase_numbers(cells) -> np.ndarray:
    """0: the first feature alone, 1: the second alone, 2: both."""
    norm = np.abs(cells["W"].values[:, 0, :])
    larger = (norm[:, 1] > norm[:, 0]).astype(float)
    return np.where(cells["represented"].values == 2, 2.0, larger)


def boundary(r):
    """The density at which v(1/3 - p/4) = (1 + r) p/6, where v is the smaller of 1 and r."""
    v = np.minimum(1.0, r)
    return (v / 3) / (v / 4 + (1 + r) / 6)


def title(run) -> str:
    """What all cells share."""
    cells = run.sweep
    shared = [text.format(values[0]) for name, text in PARAMETERS
              if len(values := list(dict.fromkeys(cells[name].values.tolist()))) == 1]
    return f"{run.path.stem}: {', '.join(shared)}; {run.options['starts']} starts a cell"
