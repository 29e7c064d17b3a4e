"""The atlas: minimisers of a sweep beside Thomson's configurations of as many points."""

import matplotlib.pyplot as plt
import numpy as np

from . import style

LEAST = 1e-9  # an energy ratio closer to 1 than that is drawn here


@style.styled
def atlas(sweep, match):
    """Energy and distance of each cell's columns to the Thomson configuration, against D.

    `sweep` is a file of `skeleta sweep`, `match` that of `skeleta thomson match` of it with
    --instance all. Above: how many columns the model keeps, and how much Coulomb energy they have
    beyond the least one of as many points; below: their root-mean-square distance to it. Grey: D <=
    2d, where orthogonal and opposite columns cost the 1-sparse loss nothing and its minimum is not
    unique. Returns the matplotlib Figure. Raises ValueError if the files do not belong together.
    """
    cells, thomson = sweep.sweep, match.thomson
    if not np.array_equal(cells["features"].values, thomson["features"].values):
        raise ValueError(f"{match.path}: is not the match of all cells of {sweep.path}")
    hidden = set(cells["hidden"].values.tolist())
    if len(hidden) > 1:
        raise ValueError(f"{sweep.path}: has several hidden dimensions: draw them one by one")
    figure, panels = plt.subplots(3, 1, figsize=(7.6, 8.4), sharex=True)
    keys = curves(cells)
    colours = plt.get_cmap(style.COLOURS)(np.linspace(0.0, 0.9, len(keys)))
    ratio = np.abs(thomson["energy_ratio"].values[:, 0] - 1.0)
    kept = np.isfinite(thomson["points"].values[:, 0, 0]).sum(axis=-1)
    rms = thomson["rms_distance"].values[:, 0]
    for (text, chosen), colour, marker in zip(keys, colours, style.MARKERS):
        x = cells["features"].values[chosen]
        for axes, values in zip(panels, (kept, np.maximum(ratio, LEAST), rms)):
            axes.plot(x, values[chosen], marker=marker, markersize=4.5, linewidth=1, color=colour,
                      label=text)
    panels[0].set_ylabel("columns kept")
    style.whole_numbers(panels[0].yaxis)
    panels[1].set_ylabel("Coulomb energy above the least,\nrelative")
    panels[1].set_yscale("log")
    panels[1].set_ylim(top=1.0)
    panels[2].set_ylabel("distance to Thomson's\nconfiguration (rms)")
    panels[2].set_xlabel("features D")
    style.whole_numbers(panels[2].xaxis)
    d = hidden.pop()
    for axes in panels:
        axes.axvspan(cells["features"].values.min() - 0.4, 2 * d + 0.5, color="0.9", zorder=0)
        axes.grid(True)
    panels[0].legend(fontsize=8, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=len(keys), columnspacing=1)
    figure.suptitle(f"Minimisers in {d} hidden dimensions beside Thomson's problem (grey: D ≤ 2d)",
                    x=0.01, ha="left", fontsize=10)
    return figure


def curves(cells):
    """(label, cells by rising D) of each objective and density; the 1-sparse minimum is the same at
    every density, so it is drawn once, where the data are sparsest."""
    objective = cells["objective"].values
    density = cells["density"].values
    sparsest = density.min()
    result = []
    for key in sorted(set(zip(objective, density)), key=lambda k: (k[0] != "one-sparse", k[1])):
        if key[0] == "one-sparse" and key[1] != sparsest:
            continue
        chosen = np.flatnonzero((objective == key[0]) & (density == key[1]))
        chosen = chosen[np.argsort(cells["features"].values[chosen])]
        text = "1-sparse loss" if key[0] == "one-sparse" else f"loss, p = {key[1]:.4g}"
        result.append((text, chosen))
    return result
