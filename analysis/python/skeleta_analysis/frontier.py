"""What a cap of the coherence costs."""

import math

import matplotlib.pyplot as plt
import numpy as np

from . import style


@style.styled
def frontier(runs):
    """The least loss that was found under each cap of the coherence, max |cos(w_i, w_j)| <= c, a curve for each
    number of features among the files of `skeleta train --coherence-cap`; numbers at the points say how many features
    are kept. In the plane n lines have a coherence of at least cos(pi/n): dashed, where one more feature has room.

    Returns the matplotlib Figure. Raises ValueError if a file has no cap or a start of none is at a minimum.
    """
    curves = {}
    for run in runs:
        curves.setdefault((run.options["features"], run.options["hidden"]), []).append(point(run))
    if len(curves) > len(style.MARKERS):
        raise ValueError(f"{len(curves)} sizes are more than {len(style.MARKERS)}, which one picture can tell apart")
    figure, axes = plt.subplots(figsize=(7.2, 4.2))
    colours = plt.get_cmap(style.COLOURS)(np.linspace(0.0, 0.7, len(curves)))
    for ((features, hidden), points), colour, marker in zip(sorted(curves.items()), colours, style.MARKERS):
        cap, loss, kept = np.array(sorted(points)).T
        for number in np.unique(kept):  # another number of features is another branch
            branch = kept == number
            axes.plot(cap[branch], loss[branch], color=colour, marker=marker, markersize=4, linewidth=1.2,
                      label=f"D = {features}, d = {hidden}" if number == kept[0] else None)
            axes.annotate(f"{int(number)} kept", (cap[branch][0], loss[branch][0]), xytext=(2, 5),
                          textcoords="offset points", fontsize=8, color=colour)
    if {hidden for _, hidden in curves} == {2}:
        for n in range(3, max(features for features, _ in curves) + 1):
            axes.axvline(math.cos(math.pi / n), color=style.INK, linewidth=0.7, linestyle=(0, (5, 3)), zorder=1,
                         label="room for one more, cos(π/n)" if n == 3 else None)
    axes.set(xlabel="cap c of the coherence", ylabel="least loss found", yscale="log")
    axes.margins(y=0.12)
    losses = [loss for points in curves.values() for _, loss, _ in points]
    style.readable(axes.yaxis, max(losses) / min(losses))
    axes.grid(True)
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=len(curves) + 1, fontsize=8)
    return figure


def point(run):
    """The cap of a file, its least loss, and how many columns that model keeps."""
    cap = run.options.get("coherence-cap", 1.0)
    if "minimum_loss" not in run.training:
        raise ValueError(f"{run.path}: no start ended at a minimum")
    best = int(run.training["best_start"][0])
    place = int(np.flatnonzero(run.training["start"].values == best)[0])
    return cap, float(run.training["minimum_loss"][0]), int(kept(run.model["W"].values[place]).sum())


def kept(columns):
    """Which columns are not nothing beside the longest."""
    lengths = np.linalg.norm(columns, axis=0)
    return lengths > 1e-3 * lengths.max()
