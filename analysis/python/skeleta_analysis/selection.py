"""What decides which minimum of two features in one dimension gradient flow selects."""

import collections

import matplotlib.pyplot as plt
import numpy as np

from . import style
from .frontier import kept

NAMES = {"interference": "penalty λ", "importance-decay": "importance I of the second feature", "sparsity": "sparsity S",
         "deviation": "deviation σ of the start"}
ENDS = ("both, with opposite signs", "the first feature", "the second feature")


@style.styled
def selection(runs):
    """Shares of flows of `skeleta basins --features 2 --hidden 1` that end at each kind of minimum: a panel for each of
    λ, I, S and σ that varies among the files, with the files that differ from the most usual values in it alone. An end
    counts as that of one feature where its column is the longer one and the other is 0 or of the same sign.

    Returns the matplotlib Figure. Raises ValueError if a file is of other sizes, or nothing varies.
    """
    for run in runs:
        if run.options.get("features") != 2 or run.options.get("hidden") != 1:
            raise ValueError(f"{run.path}: is not of two features in one dimension")
    usual = {name: collections.Counter(value(run, name) for run in runs).most_common(1)[0][0] for name in NAMES}
    panels = {name: curve for name in NAMES if len(curve := along(runs, name, usual)) > 1}
    if not panels:
        raise ValueError("nothing varies among these files")
    figure, grid = plt.subplots(1, len(panels), figsize=(max(1.2 + 2.4 * len(panels), 6.0), 3.4), sharey=True, squeeze=False)
    colours = plt.get_cmap(style.COLOURS)(np.linspace(0.0, 0.8, len(ENDS)))
    for axes, (name, curve) in zip(grid[0], panels.items()):
        x = list(curve)
        for k, (end, colour, marker) in enumerate(zip(ENDS, colours, style.MARKERS)):
            axes.plot(x, [shares(run)[k] for run in curve.values()], color=colour, marker=marker, markersize=4.5,
                      linewidth=1.2, label=end)
        if name == "deviation":
            axes.set_xscale("log")
        axes.set_xlabel(NAMES[name])
        axes.grid(True)
    grid[0, 0].set(ylabel="share of flows that end there", ylim=(-0.04, 1.04))
    told = ", ".join(f"{name} = {usual[option]:g}" for name, option in zip("λISσ", NAMES))
    flows = min(int(run.basins["done"]) for run in runs)
    # Wider than its panel: room is left for it above.
    legend = grid[0, 0].legend(title=f"Elsewhere {told}; {flows} flows each", title_fontsize=10, alignment="left", fontsize=8,
                               loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=len(ENDS), borderaxespad=0.2)
    legend.set_in_layout(False)
    figure.get_layout_engine().set(rect=(0.0, 0.0, 1.0, 0.87))
    return figure


def value(run, name) -> float:
    return float(run.options.get(name, {"interference": 0.0, "importance-decay": 1.0, "deviation": 0.1}.get(name)))


def along(runs, name, usual):
    """The files that have the usual values of all else, by the value of `name`."""
    chosen = {value(run, name): run for run in runs
              if all(value(run, other) == usual[other] for other in NAMES if other != name)}
    return dict(sorted(chosen.items()))


def shares(run):
    """How many of the flows end at each of ENDS."""
    result = [0.0] * len(ENDS)
    for columns, share in zip(run.basins["W"].values[:, 0, :], run.basins["probability"].values):
        opposite = kept(columns[None]).all() and columns[0] * columns[1] < 0
        result[0 if opposite else 1 if abs(columns[0]) > abs(columns[1]) else 2] += float(share)
    return result
