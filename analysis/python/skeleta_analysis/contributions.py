"""How much of the loss lives on each skeleton."""

from __future__ import annotations

from statistics import NormalDist

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator

from . import style

SMALLEST = 1e-4  # share of the loss below which a skeleton at either end is not drawn


@style.styled
def contributions(run, instance: int | None = None):
    """Bars of C_l = P(N = l) E[r | N = l], and beside them Q0 + Q1 against the rest with its bound.

    Error bars have the confidence of the run. What was not evaluated is drawn as an empty bar as
    high as its rigorous bound, if that is visible. Returns the matplotlib Figure.
    """
    instance = run.check_instance(instance)
    loss, tail = run.loss.sel(instance=instance), run.tail.sel(instance=instance)
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 4.2), width_ratios=(3, 1))
    confidence = float(loss["confidence"])
    z = NormalDist().inv_cdf(0.5 + 0.5 * confidence) if confidence < 1 else 0.0  # nothing was sampled
    draw_skeletons(left, loss, z)
    draw_rest(right, tail, loss, z)
    figure.suptitle(f"{run.title(instance)}\nloss {float(loss['value']):.6g}, {precision(loss)}",
                    x=0.01, ha="left", fontsize=10)
    return figure


def precision(loss) -> str:
    """What is said of the loss beside its value."""
    if float(loss["confidence"]) == 1:
        return f"exact to {float(loss['error_bound']):.1g}"
    return (f"{100 * float(loss['confidence']):g} % interval {float(loss['low']):.6g} to "
            f"{float(loss['high']):.6g}")


def shown(loss):
    """The evaluated skeletons without negligible ones at the ends."""
    loss = loss.isel(l=np.flatnonzero(np.isfinite(loss["probability"].values)))
    large = np.flatnonzero(loss["contribution"].values > SMALLEST * float(loss["value"]))
    if len(large) == 0:
        return loss
    first = 0 if large[0] < 5 else large[0]
    return loss.isel(l=slice(first, large[-1] + 1))


def draw_skeletons(axes, loss, z: float) -> None:
    rows = shown(loss)
    l, contribution = rows["l"].values, rows["contribution"].values
    exact = rows["samples"].values == 0
    for mask, colour, hatch, label in ((exact, style.EXACT, "", "exact"),
                                       (~exact, style.SAMPLED, "//", "sampled")):
        if mask.any():
            axes.bar(l[mask], contribution[mask], width=0.72, color=colour, hatch=hatch,
                     edgecolor="white", linewidth=0.5, label=label)
    error = np.where(exact, 0, z * rows["standard_error"].values)
    draw_errors(axes, l[~exact], contribution[~exact], error[~exact])
    beyond = draw_unevaluated(axes, l[-1] + 1, loss)
    if len(l) <= style.FEW:
        label_shares(axes, l, contribution + error, share_of(contribution, loss))
        axes.set_xticks([*l, l[-1] + 1] if beyond else l, [*l, "more"] if beyond else l)
    axes.set_ylim(0, 1.28 * axes.dataLim.y1 if axes.dataLim.y1 > 0 else 1)  # room for the legend
    axes.set_ylabel(style.with_units("contribution to the loss", rows["contribution"]))
    axes.grid(axis="y")
    axes.legend(loc="upper right", fontsize=8)
    axes.set_xlabel("number of active features $l$")


def label_decades(axes) -> None:
    """Numbers between the powers of ten too, where these are few."""
    low, high = axes.get_ylim()
    if high / low < 1000:
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("")


def share_of(contribution, loss):
    value = float(loss["value"])
    return contribution / value if value > 0 else np.full(len(contribution), np.nan)


def draw_errors(axes, x, y, error) -> None:
    axes.errorbar(x, y, yerr=error, fmt="none", ecolor=style.INK, capsize=3, linewidth=1)


def draw_unevaluated(axes, x, loss) -> bool:
    """What was not evaluated, if it may be seen: then True."""
    bound = float(loss["error_bound"])
    seen = bound > 1e-3 * float(loss["value"])
    if seen:
        axes.bar([x], [bound], width=0.72, facecolor="none", edgecolor=style.BOUND, linestyle="--",
                 label="beyond: at most")
    return seen


def label_shares(axes, x, y, share, above: float = 5) -> None:
    for place, height, part in zip(x, y, share):
        text = f"{100 * part:.1f} %" if np.isfinite(part) else ""
        axes.annotate(text, (place, height), xytext=(0, above), ha="center",
                      textcoords="offset points", fontsize=8, color=style.INK)


def draw_rest(axes, tail, loss, z: float) -> None:
    """Q0 + Q1 and the rest as points, and the rigorous bound of the rest, which can be far above."""
    y = np.array([float(tail["one_sparse_contribution"]), float(tail["rest"])])
    bound = float(tail["rest_bound"])
    error = np.array([0.0, z * float(tail["rest_standard_error"])])
    axes.errorbar([0, 1], y, yerr=error, fmt="o",
                  color=style.INK, capsize=3, linewidth=1)
    seen = 1e-9 * float(loss["value"])  # what is less is rounding, such as the bound for D = 1
    if bound > seen:
        axes.plot([0.7, 1.3], [bound] * 2, color=style.BOUND, linewidth=2.5)
        axes.annotate("at most", (1, bound), xytext=(0, 5), textcoords="offset points", ha="center",
                      fontsize=8, color=style.INK)
    label_shares(axes, [0, 1], y + error, share_of(y, loss), above=8)
    if min(*y, bound) > seen:
        axes.set_yscale("log")
        axes.margins(y=0.2)
        label_decades(axes)
    else:
        axes.set_ylim(0, 1.28 * max(*y, bound, 1e-300))
    axes.set_xticks([0, 1], ["$l \\leq 1$", "$l \\geq 2$"])
    axes.set_xlim(-0.7, 1.7)
    axes.set_xlabel("together")
    axes.grid(axis="y")
