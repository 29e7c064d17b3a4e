"""How much of the loss lives on each skeleton."""

import numpy as np

from . import style
from .run_file import EstimateRun


def draw(run: EstimateRun, axes) -> None:
    """Bars of C_l = P(N = l) E[r | N = l], with 95 % error bars where C_l was sampled."""
    share = run.contribution / run.value
    shown = share > 1e-4
    last = run.l[shown].max() if shown.any() else run.l.max()
    first = run.l[shown].min() if shown.any() else 0
    keep = (run.l >= min(first, 0 if first < 5 else first)) & (run.l <= last)
    l, contribution, error = run.l[keep], run.contribution[keep], run.standard_error[keep]
    exact = run.samples[keep] == 0
    for mask, colour, hatch, label in (
        (exact, style.EXACT, "", "closed form"),
        (~exact, style.SAMPLED, "//", "sampled"),
    ):
        if not mask.any():
            continue
        axes.bar(l[mask], contribution[mask], width=0.72, color=colour, hatch=hatch,
                 edgecolor="white", linewidth=0.5, label=label)
    sampled = ~exact
    axes.errorbar(l[sampled], contribution[sampled], yerr=1.96 * error[sampled], fmt="none",
                  ecolor=style.INK, capsize=3, linewidth=1)
    if len(l) <= 12:
        for x, y, part in zip(l, contribution, share[keep]):
            axes.annotate(f"{100 * part:.1f} %", (x, y), xytext=(0, 5), textcoords="offset points",
                          ha="center", fontsize=8, color=style.INK)
        axes.set_xticks(l)
    axes.margins(y=0.12)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("number of active features $l$")
    axes.set_ylabel("contribution to the loss")
    axes.set_title(f"{run.title}\nloss {run.value:.6g}, 95 % interval "
                   f"{run.low:.6g} to {run.high:.6g}", loc="left")
    axes.legend(loc="upper right")
