"""How much of a dimension each feature has for itself."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from . import style


@style.styled
def dimensionality(run, instance: int | None = None):
    """Feature dimensionalities D_i with the values of known polytopes as lines, all from the file.

    A file with several instances: a row of points above each instance. One instance, asked for or
    alone: the features sorted by D_i. Returns the matplotlib Figure. Raises ValueError if the file
    is from before layout version 1.1, which stored no geometry.
    """
    if "geometry" not in run.groups:
        raise ValueError(f"{run.path}: has no group /geometry: run `skeleta estimate` again")
    single = instance is not None or len(run.instances) == 1
    figure, axes = plt.subplots(figsize=(7.4, 4.4))
    draw_names(axes, run.geometry)
    if single:
        instance = run.check_instance(instance)
        draw_sorted(axes, run.geometry.sel(instance=instance))
    else:
        draw_instances(axes, run.geometry)
    axes.set_ylim(-0.04, 1.04)
    axes.set_ylabel(style.with_units("feature dimensionality $D_i$", run.geometry["dimensionality"]))
    axes.set_title(run.title(instance), loc="left")
    axes.legend(loc="upper left", bbox_to_anchor=(0, -0.14), ncols=2, fontsize=8)
    return figure


def draw_names(axes, geometry) -> None:
    lines = geometry["polytope_dimensionality"]
    texts = [f"{name} {fraction(value)}" for name, value in zip(lines["polytope"].values, lines.values)]
    style.named_lines(axes, texts, lines.values, gap=0.045)


def fraction(value: float) -> str:
    """3/8 for 0.375."""
    for denominator in range(1, 25):
        if abs(value * denominator - round(value * denominator)) < 1e-9:
            return f"{round(value * denominator)}/{denominator}"
    return f"{value:.3f}"


def draw_sorted(axes, geometry) -> None:
    values = np.sort(geometry["dimensionality"].values)[::-1]
    size = 30 if len(values) <= 40 else 8
    axes.scatter(np.arange(1, len(values) + 1), values, s=size, color=style.EXACT, zorder=3,
                 label="feature")
    star = float(geometry["dimensions_per_feature"])
    if star <= 1:
        axes.axhline(star, color=style.BOUND, linewidth=1.5,
                     label=f"$D^* = d/\\Vert W \\Vert_F^2$ = {star:.3f}")
    axes.set_xlabel("features, sorted by $D_i$")
    axes.set_xlim(0.5 - 0.01 * len(values), len(values) + 0.5 + 0.01 * len(values))
    style.whole_numbers(axes.xaxis)


def draw_instances(axes, geometry) -> None:
    """Points side by side where they would hide each other."""
    stars = geometry["dimensions_per_feature"].values
    for k, row in enumerate(geometry["dimensionality"].values):
        axes.scatter(k + offsets(row), row, s=22, color=style.EXACT, alpha=0.9, zorder=3,
                     linewidths=0, label="feature" if k == 0 else None)
    axes.scatter(range(len(stars)), stars, marker="_", s=420, color=style.BOUND, zorder=4,
                 label="$D^* = d/\\Vert W \\Vert_F^2$")
    axes.set_xticks(range(len(stars)), geometry["instance"].values)
    axes.set_xlim(-0.6, len(stars) - 0.4)
    axes.set_xlabel("instance")


def offsets(values: np.ndarray, bin_width: float = 0.02, most: float = 0.35) -> np.ndarray:
    """Sideways shifts, centred, for values that fall into one bin."""
    result = np.zeros(len(values))
    bins = np.round(values / bin_width)
    for place in np.unique(bins):
        members = np.flatnonzero(bins == place)
        step = min(0.09, 2 * most / max(len(members) - 1, 1))
        result[members] = step * (np.arange(len(members)) - (len(members) - 1) / 2)
    return result
