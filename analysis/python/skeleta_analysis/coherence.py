"""What a penalty on interference does to the coherence."""

import matplotlib.pyplot as plt
import numpy as np

from . import style
from .frontier import kept


@style.styled
def coherence(runs):
    """The largest cosine and the largest |cosine| of two columns of the model with the least objective, loss and
    penalty, against the penalty of the files of `skeleta train --interference`; numbers say how many features are kept
    from there on.

    Returns the matplotlib Figure. Raises ValueError if no start of a file ended at finite values.
    """
    rows = np.array(sorted(point(run) for run in runs))
    penalty, features, signed, absolute = rows.T
    figure, axes = plt.subplots(figsize=(7.2, 3.8))
    colours = plt.get_cmap(style.COLOURS)([0.0, 0.7])
    for values, text, colour, marker in ((absolute, "largest |cosine|", colours[0], "o"),
                                         (signed, "largest cosine", colours[1], "s")):
        axes.step(penalty, values, where="post", color=colour, linewidth=1.2, marker=marker, markersize=4, label=text)
    for k in np.flatnonzero(np.diff(features, prepend=np.nan) != 0):
        axes.annotate(f"{int(features[k])} kept", (penalty[k], absolute[k]), xytext=(3, 6), textcoords="offset points",
                      fontsize=8)
    axes.set(xlabel="penalty on interference, λ", ylabel="cosine of two kept columns", ylim=(-0.08, 1.16))
    axes.ticklabel_format(axis="x", style="sci", scilimits=(0, 0), useMathText=True)
    axes.grid(True)
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, fontsize=8)
    return figure


def point(run):
    """The penalty, the number of kept columns, and their largest cosine and |cosine|."""
    objective = run.training["objective_value"].values
    if not np.isfinite(objective).any():
        raise ValueError(f"{run.path}: no start ended at a finite objective")
    columns = run.model["W"].values[int(np.nanargmin(objective))]
    columns = columns[:, kept(columns)]
    unit = columns / np.linalg.norm(columns, axis=0)
    cosines = (unit.T @ unit)[np.triu_indices(unit.shape[1], 1)]
    largest = (cosines.max(), np.abs(cosines).max()) if len(cosines) else (np.nan, np.nan)
    return run.options["interference"], columns.shape[1], *largest
