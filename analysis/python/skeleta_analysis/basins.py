"""Which minima gradient flow selects, and how often."""

import matplotlib.pyplot as plt
import numpy as np

from . import style

HATCHES = ("", "//", "..", "xx", "\\\\", "--")
TOLD = ("features", "hidden", "sparsity", "density", "importance", "importance-decay", "interference", "weight-decay",
        "deviation", "dynamics", "learning-rate", "seed")


@style.styled
def basins(runs):
    """A bar for each file of `skeleta basins`: the probabilities of the ends, the least value (written in it) first,
    and below, at its end, the 95 % interval of each one's length. Ends that represent the same features (|w| above
    1/2; of features that are alike, as many) have one colour; what did not converge is white.

    Returns the matplotlib Figure. Raises ValueError if a file is of another kind.
    """
    for run in runs:
        if "basin" not in run.groups.get("basins", {}):
            raise ValueError(f"{run.path}: has no basins: compute them with skeleta basins")
    names = sorted({which(run, k) for run in runs for k in run.basins["basin"].values})
    looks = dict(zip(names, zip(plt.get_cmap(style.COLOURS)(np.linspace(0.25, 1.0, len(names))),
                                HATCHES * len(names))))
    figure, axes = plt.subplots(figsize=(7.4, 1.4 + 0.5 * len(runs)))
    for row, run in enumerate(runs):
        draw_run(axes, row, run, looks)
    axes.set_yticks(range(len(runs)), [words(run, runs) for run in runs])
    axes.invert_yaxis()
    axes.set_xlim(0.0, 1.0)
    axes.set_xlabel("share of random starts that end there (brackets: 95 % interval of each share)")
    handles, labels = axes.get_legend_handles_labels()
    found = dict(zip(labels, handles))
    legend = axes.legend(found.values(), found.keys(), loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, fontsize=8,
                         title="features with |w| above 1/2; in the bars the loss, penalties included", title_fontsize=8)
    legend._legend_box.align = "left"
    return figure


def draw_run(axes, row: int, run, looks: dict) -> None:
    table, left = run.basins, 0.0
    for k in np.argsort(table["value"].values, kind="stable"):
        share = float(table["probability"][k])
        colour, hatch = looks[which(run, k)]
        axes.barh(row, share, left=left, height=0.6, color=colour, hatch=hatch, edgecolor=style.INK,
                  linewidth=0.6, label=which(run, k))
        if share > 0.08:
            axes.text(left + 0.5 * share, row, f"{float(table['value'][k]):.4g}", ha="center", va="center", fontsize=8,
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2})
        left += share
        if left < 1.0:
            below, above = share - float(table["lower"][k]), float(table["upper"][k]) - share
            axes.errorbar(left, row + 0.36, xerr=[[below], [above]], color=style.INK, linewidth=1.0, capsize=2)


def which(run, k: int) -> str:
    """The features that an end represents, in words."""
    represented = np.flatnonzero(run.basins["represented"].values[k])
    count = run.basins.sizes["feature"]
    if len(represented) in (0, count):
        return "none" if len(represented) == 0 else "all"
    if all(len(np.unique(run.data[name].values)) == 1 for name in ("density", "importance")):
        return f"{len(represented)} of {count}"
    if len(represented) > 6:
        return f"{len(represented)} of {count}"
    return f"feature{'s' if len(represented) > 1 else ''} {', '.join(str(i) for i in represented)}"


def told_as(name: str, value) -> str:
    return f"{name.replace('-', ' ')} {value:g}" if isinstance(value, (int, float)) else (
        f"{name.replace('-', ' ')} {value}" if value is not None else "")


def words(run, runs) -> str:
    """What is different about this run."""
    def told(one, name):
        return one.options.get(name)

    differing = [name for name in TOLD if len({str(told(one, name)) for one in runs}) > 1]
    return "\n".join(filter(None, (told_as(name, told(run, name)) for name in differing))) or run.name
