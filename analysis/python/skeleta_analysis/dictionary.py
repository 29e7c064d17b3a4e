"""A dictionary: how its features are spread, beside random directions, and which of them lose most, disturbed by whom."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator

from . import style

WORST = 14      # features that are listed
LETTERS = 16    # of a name
LINE = 44       # letters about who disturbs a feature
SHOWN = 2e-3    # share of the loss below which numbers of active features at either end are not drawn
PERCENT = FuncFormatter(lambda part, _: f"{100 * part:.4g} %")
WORDS = {
    "interference_deviation": "standard deviation of the interference",
    "relative_loss": "loss over E x²",
    "false_activation": "probability of a false activation",
    "recall": "recall",
    "precision": "precision",
}
QUANTITIES = ("interference_deviation", "relative_loss", "false_activation")


@style.styled
def dictionary(run):
    """Distributions of interference, loss and false activations over the features, with those of random directions
    as a line; the loss by number of active features, if the run has it; the features with the largest part of the
    loss, with who disturbs them most. Returns the matplotlib Figure.
    """
    split = "by_count" in run.dictionary
    figure = plt.figure(figsize=(10.2, 7.4))
    grid = figure.add_gridspec(2, 6, height_ratios=(1, 1.45))
    histograms = [figure.add_subplot(grid[0, 2 * k:2 * k + 2]) for k in range(3)]
    for axes, quantity in zip(histograms, QUANTITIES):
        draw_histogram(axes, run, quantity)
    histograms[0].set_ylabel("share of the features in a bin")
    if "random_bin_share" in run.dictionary:
        histograms[0].legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, fontsize=8, borderpad=0)
    if split:
        draw_counts(figure.add_subplot(grid[1, :2]), run)
    draw_worst(figure.add_subplot(grid[1, 2 if split else 0:]), run)
    figure.get_layout_engine().set(h_pad=0.08, w_pad=0.08, hspace=0.05)
    figure.suptitle(title(run), x=0.01, ha="left", fontsize=10)
    return figure


def title(run) -> str:
    of = {name: run.dictionary[name].values[0] for name in
          ("features", "hidden", "done", "mean_active", "loss", "welch_bound")}
    first = "" if of["done"] == of["features"] else f", the first {of['done']} of them"
    lines = [f"{run.path.stem}: {of['features']} features in {of['hidden']} dimensions{first}, "
             f"{of['mean_active']:.3g} active on average, loss {of['loss']:.5g}"]
    if "random_loss" in run.dictionary:
        random = {name: run.dictionary[name].values[0] for name in
                  ("random_loss", "random_standard_error", "largest_cosine", "random_largest_cosine")}
        count = run.dictionary.sizes["compared"]
        error, outputs = "", "all outputs"
        if count < of["features"]:
            error, outputs = f" ± {random['random_standard_error']:.1g}", f"{count} outputs"
        lines.append(f"random directions of the same lengths and densities: loss {random['random_loss']:.4g}{error} "
                     f"({outputs})")
        lines.append(f"largest |cosine| of two: here {random['largest_cosine']:.3g}, random directions "
                     f"{random['random_largest_cosine']:.3g}, Welch's bound {of['welch_bound']:.3g}")
    return "\n".join(lines)


def draw_histogram(axes, run, quantity: str) -> None:
    """Shares of the features in each bin; a first bin that begins at 0 is as wide as the others."""
    rows = run.dictionary.isel(quantity=list(run.dictionary["quantity"].values).index(quantity))
    edges, counts = rows["bin_edge"].values.copy(), rows["bin_count"].values
    if rows["logarithmic"]:
        if edges[0] == 0:
            edges[0] = edges[1] ** 2 / edges[2]
        axes.set_xscale("log")
    share = counts / max(run.dictionary["done"].values[0], 1)
    axes.stairs(share, edges, fill=True, color=style.EXACT, label="this dictionary")
    if "random_bin_share" in rows:
        axes.stairs(rows["random_bin_share"].values, edges, color=style.SAMPLED, linewidth=1.6, baseline=None,
                    label="random directions")
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(PERCENT)
    axes.set_xlabel(WORDS[quantity])
    if rows["logarithmic"]:
        style.readable(axes.xaxis, edges[-1] / edges[0])
    axes.grid(axis="y")


def draw_counts(axes, run) -> None:
    """Shares of the loss by number of active features, and of what is beyond the last number as an empty bar."""
    parts = run.dictionary["by_count"].values / run.dictionary["loss"].values[0]
    rest = max(1 - parts.sum(), 0.0)
    large = np.flatnonzero(parts > SHOWN)
    first, last = (large[0], large[-1]) if len(large) else (0, len(parts) - 1)
    first = 0 if first < 5 else first
    number = np.arange(first, last + 1)
    axes.bar(number, parts[first:last + 1], width=0.8, color=style.EXACT)
    if rest > SHOWN and last == len(parts) - 1:
        axes.bar([last + 1], [rest], width=0.8, facecolor="none", edgecolor=style.EXACT, linestyle="--")
        axes.annotate("more", (last + 1, rest), xytext=(0, 3), textcoords="offset points", ha="center", fontsize=8)
    axes.yaxis.set_major_formatter(PERCENT)
    style.whole_numbers(axes.xaxis)
    axes.set_xlabel("number of active features $l$")
    axes.set_ylabel("share of the loss")
    axes.grid(axis="y")


def draw_worst(axes, run) -> None:
    """Bars of the largest shares of the loss; beside each the features with the largest shares of the interference."""
    part = run.dictionary["feature_loss"].values * run.dictionary["importance"].values
    order = np.argsort(-part, kind="stable")[:WORST]
    share = part[order] / run.dictionary["loss"].values[0]
    places = np.arange(len(order))
    axes.barh(places, share, height=0.7, color=style.EXACT)
    axes.set_yticks(places, [short(run.feature_name(k)) for k in order], parse_math=False)
    for place, value, feature in zip(places, share, order):
        axes.annotate(disturbers(run, feature), (value, place), xytext=(5, 0), textcoords="offset points", va="center",
                      fontsize=8, color=style.INK, parse_math=False)
    axes.set_ylim(len(order) - 0.5, -0.5)
    axes.set_xlim(0, 2.1 * share.max())
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(PERCENT)
    axes.set_xlabel("share of the loss")
    if "neighbour_feature" in run.dictionary:
        axes.set_title("the worst, and who disturbs them by how much of the interference's variance", loc="left", fontsize=9)


def disturbers(run, feature) -> str:
    if "neighbour_feature" not in run.dictionary:
        return ""
    who = run.dictionary["neighbour_feature"].values[feature][:3]
    how = run.dictionary["neighbour_share"].values[feature]
    parts = [f"{short(run.feature_name(k))} {100 * s:.0f} %" for k, s in zip(who, how) if k >= 0]
    while len(", ".join(parts)) > LINE:
        parts.pop()
    return ", ".join(parts)


def short(name: str) -> str:
    return name if len(name) <= LETTERS else name[:LETTERS - 1] + "…"
