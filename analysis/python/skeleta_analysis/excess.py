"""What training on the 1-sparse loss alone costs, against density."""

import matplotlib.pyplot as plt
import numpy as np

from . import style

ENOUGH = 0.01  # an excess below 1 % of the loss


@style.styled
def excess(runs):
    """Two panels over the density, a curve for each file of `skeleta approximate --sparsities`: the
    share of the loss of the 1-sparse minimiser that lies beyond Q1, and how much more it loses than
    the minimiser of the whole loss; the marker is full where both are the same configuration.

    Returns the matplotlib Figure. Raises ValueError if there are too many files, or one has no curve.
    """
    if len(runs) > len(style.MARKERS):
        raise ValueError(f"{len(runs)} files are more than {len(style.MARKERS)}, which one picture can "
                         "tell apart")
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 4.2))
    colours = plt.get_cmap(style.COLOURS)(np.linspace(0.0, 0.85, len(runs)))
    for run, colour, marker in zip(runs, colours, style.MARKERS):
        if "sparsity" not in run.groups.get("approximation", {}):
            raise ValueError(f"{run.path}: has no curve: approximate it with --train --sparsities")
        curve = run.approximation.isel(k=0)
        density = 1.0 - curve["sparsity"].values
        order = np.argsort(density)
        share = 1.0 - curve["lower"].values / curve["upper"].values
        relative = curve["excess"].values / curve["minimum"].values
        same = curve["same_configuration"].values.astype(bool)
        label = f"D = {run.options['features']}, d = {run.options['hidden']}"
        for axes, values in ((left, share), (right, relative)):
            axes.plot(density[order], values[order], color=colour, linewidth=1.2, label=label, marker=marker,
                      markersize=5)
            axes.scatter(density[~same], values[~same], edgecolors=colour, facecolors="white",
                         marker=marker, s=22, zorder=3)
    right.axhline(ENOUGH, color=style.INK, linewidth=0.7, linestyle=(0, (5, 3)))
    left.set_ylabel("share of the loss beyond Q1")
    right.set_ylabel("excess of the 1-sparse minimiser / min L")
    left.set_ylim(-0.04, 1.04)
    right.set_yscale("log")
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xlabel("density p = 1 - S")
        axes.grid(True)
    left.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, columnspacing=1)
    figure.suptitle("Training on Q0 and Q1 alone (full marker: the same configuration as the minimiser of L, hollow: "
                    "another; dashed: 1 %)", x=0.01, ha="left", fontsize=10)
    return figure
