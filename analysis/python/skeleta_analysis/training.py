"""Training runs: what each start went through, and which minimum it ended in."""

import matplotlib.pyplot as plt
import numpy as np

from . import style


@style.styled
def training(run):
    """The objective of every start against its steps, from the start to the end, with the colour and marker of the
    distinct minimum it reached. Of older files it says what they lack: the value before the first step, or points to
    speak of.

    Returns the matplotlib Figure. Raises ValueError if the run recorded no trajectory.
    """
    starts = run.training
    if "trajectory" not in starts:
        raise ValueError(f"{run.path}: has no trajectories: train with --record-every")
    minima = starts.sizes.get("minimum", 0)
    colours = plt.get_cmap(style.COLOURS)(np.linspace(0.0, 0.85, max(minima, 1)))
    figure, axes = plt.subplots(figsize=(7.2, 4.2))
    steps = starts["step"].values
    curves = [curve(starts, start) for start in range(starts.sizes["start"])]
    for start, (at, values) in enumerate(curves):
        reached = int(starts["minimum_of"][start])
        found = 0 <= reached < minima
        ended = "not at a minimum" if np.isfinite(starts["loss"][start]) else "diverged"
        axes.plot(at, values, color=colours[reached] if found else "0.6", linewidth=1,
                  marker=style.MARKERS[reached % len(style.MARKERS)] if found else None, markersize=4,
                  markevery=max(len(at) // 12, 1),
                  linestyle="-" if found else ":", label=label(starts, reached) if found else ended)
    entries = dict(zip(*axes.get_legend_handles_labels()[::-1]))  # one for each minimum
    axes.legend([entries[text] for text in sorted(entries)], sorted(entries), fontsize=8, title=lacking(starts),
                title_fontsize=8, alignment="left", loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2)
    axes.set_yscale("log")
    low, high = (end(np.concatenate([values for _, values in curves])) for end in (np.nanmin, np.nanmax))
    if low > 0:
        style.readable(axes.yaxis, high / low)
    if steps[0] > 0:
        axes.set_xscale("log")
    else:
        first = max(float(steps[min(1, len(steps) - 1)]), 1.0)
        axes.set_xscale("symlog", linthresh=first)
        axes.set_xlim(-0.1 * first, 1.15 * max(at[-1] for at, _ in curves if len(at)))
        axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("step")
    axes.set_ylabel(f"objective ({run.options['objective']})")
    axes.grid(True)
    figure.suptitle(f"{run.title()}: {starts.sizes['start']} starts", x=0.01, ha="left", fontsize=10)
    return figure


def curve(starts, start):
    """The recorded steps and values of a start, and its end."""
    recorded = int(starts["recorded"][start])
    steps, values = starts["step"].values[:recorded], starts["trajectory"].values[start][:recorded]
    last = int(starts["steps"][start])
    if recorded and last > steps[-1]:
        steps, values = np.append(steps, last), np.append(values, float(starts["objective_value"][start]))
    return steps, values


def lacking(starts):
    """What a reader would look for in vain, or None."""
    steps, said = starts["step"].values, []
    if steps[0] > 0:
        said.append(f"recorded from step {int(steps[0])} on: the value at the start is not in the file")
    longest = int(starts["recorded"].max())
    if longest <= 5:
        said.append(f"{longest} recorded points a start: --record-every with a smaller number shows more")
    return "\n".join(said) or None


def label(starts, minimum) -> str:
    return (f"{minimum + 1}: loss {float(starts['minimum_loss'][minimum]):.6g}, "
            f"reached {int(starts['count'][minimum])}x")
