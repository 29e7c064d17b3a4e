"""Several runs beside each other."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from . import style

PARTS = (("$l \\leq 1$", 0, 1), ("2", 2, 2), ("3", 3, 3), ("4", 4, 4), ("$\\geq 5$", 5, None))
HATCHES = ("", "//", "", "..", "")


@style.styled
def comparison(runs):
    """A row for each instance of each run: the loss with its interval, and what it consists of.

    The right panel divides the loss of the evaluated skeletons by number of active features. Returns
    the matplotlib Figure. Raises ValueError if there is no run.
    """
    rows = [(run, instance) for run in runs for instance in run.instances]
    if not rows:
        raise ValueError("comparison needs at least one run")
    height = 1.9 + 0.34 * len(rows)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, height), sharey=True)
    draw_losses(left, rows)
    draw_parts(right, rows)
    left.set_yticks(range(len(rows)), [row_name(rows, *row) for row in rows], fontsize=8)
    left.set_ylim(len(rows) - 0.4, -0.6)
    figure.suptitle(common_title(runs), x=0.01, ha="left", fontsize=10)
    return figure


def common_title(runs) -> str:
    """What all runs share."""
    parts = []
    for one, many, values in (("model", "models", [run.name for run in runs]),
                              ("", "sparsities", [run.sparsity for run in runs]),
                              ("seed", "seeds", [brief(run.seed) for run in runs])):
        distinct = list(dict.fromkeys(values))
        parts.append(f"{one} {distinct[0]}".strip() if len(distinct) == 1
                     else f"{len(distinct)} {many}")
    return ", ".join(parts)


def row_name(rows, run, instance: int) -> str:
    """Model and instance, and what the title cannot say for all."""
    text = run.name
    if len(run.instances) > 1 or instance > 0:
        text += f" #{instance}"
    for value in (lambda r: r.sparsity, lambda r: f"seed {brief(r.seed)}"):
        if len({value(other) for other, _ in rows}) > 1:
            text += f", {value(run)}"
    return text


def brief(seed: int) -> str:
    """A seed drawn by a machine has up to twenty digits: its ends tell it from others."""
    digits = str(seed)
    return digits if len(digits) <= 9 else f"{digits[:3]}…{digits[-3:]}"


def draw_losses(axes, rows) -> None:
    losses = [run.loss.sel(instance=instance) for run, instance in rows]
    value, low, high = (np.array([float(loss[name]) for loss in losses])
                        for name in ("value", "low", "high"))
    error = np.maximum(np.stack([value - low, high - value]), 0)
    axes.errorbar(value, range(len(rows)), xerr=error, fmt="o", color=style.EXACT,
                  ecolor=style.INK, capsize=3, markersize=5, linewidth=1)
    if value.min() > 0 and value.max() > 20 * value.min():
        axes.set_xscale("log")
    confidences = {f"{100 * float(loss['confidence']):g} %" for loss in losses}
    axes.set_xlabel(style.with_units(f"loss, {' and '.join(sorted(confidences))} interval",
                                     losses[0]["value"]))
    axes.grid(axis="x")
    axes.margins(x=0.1)


def share(loss, first: int, last: int | None) -> float:
    """Of the evaluated skeletons, those with first <= l <= last."""
    contribution = loss["contribution"].fillna(0)
    chosen = contribution.sel(l=slice(first, last)).sum()
    return float(chosen) / max(float(contribution.sum()), 1e-300)


def draw_parts(axes, rows) -> None:
    losses = [run.loss.sel(instance=instance) for run, instance in rows]
    left = np.zeros(len(rows))
    shades = plt.get_cmap(style.COLOURS)(np.linspace(0.05, 0.95, len(PARTS)))
    for (name, first, last), shade, hatch in zip(PARTS, shades, HATCHES):
        width = np.array([100 * share(loss, first, last) for loss in losses])
        axes.barh(range(len(rows)), width, left=left, height=0.7, color=shade, hatch=hatch,
                  edgecolor="white", linewidth=0.5, label=name)
        left += width
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of the loss (%)")
    axes.legend(title="active features $l$", loc="lower center", bbox_to_anchor=(0.5, 1.0),
                ncols=len(PARTS), fontsize=8, title_fontsize=8, handlelength=1.4, columnspacing=1)
