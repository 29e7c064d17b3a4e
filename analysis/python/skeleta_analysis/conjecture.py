"""The least loss with every column on an axis, beside a conjecture: of `skeleta certify --axis-columns --json`."""

import json

import matplotlib.pyplot as plt
import numpy as np

from . import style


@style.styled
def conjecture(paths):
    """Proven least losses against the sparsity, a curve for each size (D, d) among the files, beside
    min{(D - d) v, d p²/3 + (D - 2d) v}, v = p/3 - p²/4, which was conjectured (analysis/open_problems.md, O49); and
    how far that is above them. The proven intervals are narrower than the markers.

    Returns the matplotlib Figure. Raises ValueError if a file is no such result, or nothing is proven by it.
    """
    curves = {}
    for path in paths:
        features, hidden, density, lower, upper = read_axes(path)
        curves.setdefault((features, hidden), []).append((1.0 - density, lower, upper))
    if len(curves) > len(style.MARKERS):
        raise ValueError(f"{len(curves)} sizes are more than {len(style.MARKERS)}, which one picture can tell apart")
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 4.2), sharex=True)
    colours = plt.get_cmap(style.COLOURS)(np.linspace(0.0, 0.85, len(curves)))
    for k, (((features, hidden), rows), colour, marker) in enumerate(zip(sorted(curves.items()), colours,
                                                                         style.MARKERS)):
        sparsity, lower, upper = np.array(sorted(rows)).T
        guess = conjectured(features, hidden, 1.0 - sparsity)
        # Curves may coincide: the first is the widest.
        look = {"color": colour, "marker": marker, "markersize": max(6.5 - 1.2 * k, 4.0)}
        fine = np.linspace(sparsity[0], sparsity[-1], 400)
        left.plot(fine, conjectured(features, hidden, 1.0 - fine), color=colour, linewidth=0.9, linestyle=(0, (5, 3)))
        left.plot(sparsity, 0.5 * (lower + upper), linestyle="none", label=f"D = {features}, d = {hidden}", **look)
        right.plot(sparsity, 100.0 * (guess - upper) / guess, linewidth=max(2.4 - 0.7 * k, 0.8), **look)
    left.plot([], [], color=style.INK, linewidth=0.9, linestyle=(0, (5, 3)), label="conjectured")
    left.set_ylabel("proven least loss, columns on axes")
    right.set_ylabel("conjecture above it, % of the conjecture")
    for axes in (left, right):
        axes.axvline(3.0 / 7.0, color=style.INK, linewidth=0.7, linestyle=(0, (1, 2)), zorder=1)
        axes.set(xlabel="sparsity S", yscale="log")
        axes.grid(True)
    right.yaxis.set_major_formatter("{x:g}")
    left.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=len(curves) + 1, columnspacing=0.8,
                handlelength=1.5, handletextpad=0.4)
    figure.suptitle("Proven least losses beside the conjecture of O49 (dotted: S = 3/7, where its two terms are equal)",
                    x=0.01, ha="left", fontsize=10)
    return figure


def read_axes(path):
    """D, d, the density, and the ends of the proven interval. Raises ValueError for any other file."""
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
        certified = found["certified"]
        row = (found["features"], found["hidden"], found["density"], certified["lower"], certified["upper"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: is no result of skeleta certify --axis-columns --json: {error!r}") from None
    if not certified["proven"]:
        raise ValueError(f"{path}: nothing is proven: {certified.get('stop_reason')}")
    return row


def conjectured(features, hidden, density):
    """min{(D - d) v, d p²/3 + (D - 2d) v}."""
    v = density / 3.0 - density ** 2 / 4.0
    return np.minimum((features - hidden) * v, hidden * density ** 2 / 3.0 + (features - 2 * hidden) * v)
