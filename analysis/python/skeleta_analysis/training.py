"""Training runs: what each start went through, and which minimum it ended in."""

import matplotlib.pyplot as plt
import numpy as np

from . import style


@style.styled
def training(run):
    """The objective of every start against its steps, coloured by the distinct minimum it reached.

    Returns the matplotlib Figure. Raises ValueError if the run recorded no trajectory.
    """
    starts = run.training
    if "trajectory" not in starts:
        raise ValueError(f"{run.path}: has no trajectories: train with --record-every")
    minima = starts.sizes.get("minimum", 0)
    colours = plt.get_cmap(style.COLOURS)(np.linspace(0.0, 0.85, max(minima, 1)))
    figure, axes = plt.subplots(figsize=(7.2, 4.2))
    for start in range(starts.sizes["start"]):
        recorded = int(starts["recorded"][start])
        reached = int(starts["minimum_of"][start])
        found = 0 <= reached < minima
        ended = "not at a minimum" if np.isfinite(starts["loss"][start]) else "diverged"
        axes.plot(starts["step"].values[:recorded], starts["trajectory"].values[start][:recorded],
                  color=colours[reached] if found else "0.6", linewidth=1,
                  linestyle="-" if found else ":", label=label(starts, reached) if found else ended)
    entries = dict(zip(*axes.get_legend_handles_labels()[::-1]))  # one for each minimum
    axes.legend([entries[text] for text in sorted(entries)], sorted(entries), fontsize=8)
    axes.set_yscale("log")
    axes.set_xscale("log")
    axes.set_xlabel("step")
    axes.set_ylabel(f"objective ({run.options['objective']})")
    axes.grid(True)
    figure.suptitle(f"{run.title()}: {starts.sizes['start']} starts", x=0.01, ha="left", fontsize=10)
    return figure


def label(starts, minimum) -> str:
    return (f"{minimum + 1}: loss {float(starts['minimum_loss'][minimum]):.6g}, "
            f"reached {int(starts['count'][minimum])}x")
