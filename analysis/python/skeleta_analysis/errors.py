"""How far exact numbers are off, by what is extreme of a model."""

import csv

import matplotlib.pyplot as plt
import numpy as np

from . import style

NUMBERS = ("median_of_bound", "largest_of_bound", "median_relative", "largest_relative")
LEAST = 2e-17  # relative errors below it are drawn there: half an ulp is 5.6e-17 at the least


@style.styled
def errors(path):
    """Of the table that `tests/trust/numbers_test.py` writes: errors of losses and derivatives of random and of
    adversarial models over their error bounds, and of losses relative to the loss, a row for each thing that is
    extreme of a model; from the median to the largest. Relative ones are those of results that say they are as good as
    they were asked to be. Lines: the bound, and what was asked for.

    Returns the matplotlib Figure. Raises ValueError if the table is not one of these.
    """
    rows = read(path)
    quantities = sorted({row["quantity"] for row in rows}, key=lambda name: (name == "derivatives", name))
    largest, models = {}, {}
    for row in rows:
        region = row["region"]
        largest[region] = max(largest.get(region, 0.0), row["largest_of_bound"])
        models[region] = models.get(region, 0) + int(row["models"])
    regions = sorted(largest, key=lambda region: (region == "nothing extreme", largest[region], region))
    figure, panels = plt.subplots(1, 2, sharey=True, figsize=(9.6, 0.62 * len(regions) + 1.4))
    figure.get_layout_engine().set(rect=(0.0, 0.0, 1.0, 0.95))  # above it the legend
    colours = plt.get_cmap(style.COLOURS)(np.linspace(0.0, 0.85, len(quantities)))
    for k, (quantity, colour, marker) in enumerate(zip(quantities, colours, style.MARKERS)):
        mine = [row for row in rows if row["quantity"] == quantity]
        lift = 0.18 * (0.5 * (len(quantities) - 1) - k)
        heights = np.array([regions.index(row["region"]) + lift for row in mine])
        for axes, kind in zip(panels, ("of_bound", "relative")):
            median, worst = (np.array([row[f"{name}_{kind}"] for row in mine]) for name in ("median", "largest"))
            if np.isnan(worst).all():
                continue  # derivatives have only bounds
            if kind == "relative":
                median, worst = np.maximum(median, LEAST), np.maximum(worst, LEAST)
            axes.hlines(heights, median, worst, color=colour, linewidth=1.4)
            axes.plot(median, heights, color=colour, marker="|", linestyle="none", markersize=5)
            axes.plot(worst, heights, color=colour, marker=marker, linestyle="none", markersize=6,
                      markeredgecolor="white", markeredgewidth=0.5, label=quantity)
    for axes, line, label in zip(panels, (1.0, 1e-8), ("error / error bound", "error of the loss / loss")):
        axes.axvline(line, color=style.BOUND, linewidth=1.2, zorder=1)
        axes.set_xlabel(f"{label}, median to largest")
        axes.grid(True, axis="x")
        axes.tick_params(axis="y", length=0)
    panels[0].set_xlim(-0.02, 1.06)
    panels[0].set_yticks(range(len(regions)), [f"{region}\n({models[region]} models)" for region in regions])
    panels[1].set(xscale="log", xlim=(0.5 * LEAST, 3e-8))
    legend = panels[0].legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=len(quantities), fontsize=9)
    legend.set_in_layout(False)
    return figure


def read(path):
    """The rows of the table, with numbers."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or not {"quantity", "region", "models", *NUMBERS} <= set(rows[0]):
        raise ValueError(f"{path}: is no table of errors, which tests/trust/numbers_test.py writes")
    return [row | {name: float(row[name] or "nan") for name in NUMBERS} for row in rows]
