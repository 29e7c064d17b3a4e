"""The linear model: how flows learn, and how far sparse data are from a multiple of the identity."""

import matplotlib.pyplot as plt
import numpy as np

from . import style


@style.styled
def flow(run):
    """Loss of each flow against time, with the losses of the saddles in between as lines; and the
    strengths of the modes of the last flow. Curves that coincide lie one over the other, the first widest.

    Returns the matplotlib Figure.
    """
    flows = run.flow
    time = flows["time"].values
    critical = flows["critical_loss"].values
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 4.0))
    rules = [str(rule) for rule in flows["rule"].values]
    end = 1.15 * settled(time, flows["loss"].values)
    seen = slice(0, np.count_nonzero(time <= end) + 1)
    style.overlaid(left, time[seen], flows["loss"].values[:, seen], rules, step=1.3)
    names = [f"{k} learned" for k in range(len(critical))]
    style.named_lines(left, names, critical, gap=0.06 * (critical[0] - critical[-1] or 1.0))
    left.set_ylabel("loss")
    left.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, handlelength=3)
    strengths = flows["strength"].values[-1]
    eigenvalues = flows["eigenvalue"].values
    modes = [f"$\\lambda_{{{mode + 1}}}$ = {value:.4g}" if mode < style.FEW else None
             for mode, value in enumerate(eigenvalues)]
    style.overlaid(right, time[seen], strengths[seen].T, modes, step=0.8 if len(modes) <= style.FEW else 0.0)
    right.set_ylabel(f"strength of the modes, {rules[-1]}")
    right.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=5, handlelength=2, columnspacing=1)
    for axes in (left, right):
        axes.set_xlabel("time")
        axes.set_xlim(0.0, end)
        axes.grid(True)
    figure.suptitle(f"linear model, D = {len(eigenvalues)}, d = {flows.sizes['hidden']}: "
                    "flows that coincide lie one over the other, the first widest", x=0.01, ha="left", fontsize=10)
    return figure


def settled(time, loss) -> float:
    """When all losses are within a thousandth of the way of where they end."""
    last = np.array([curve[np.isfinite(curve)][-1] for curve in loss])
    moving = np.abs(loss - last[:, None]) > 1e-3 * np.abs(loss[:, :1] - last[:, None])
    places = np.flatnonzero(moving.any(axis=0))
    return float(time[min(places[-1] + 1, len(time) - 1)]) if len(places) else float(time[-1])


@style.styled
def moments(run):
    """Distance of S/T to a multiple of the identity against T: a curve for each density, the
    measured values as markers, and what no T removes as a thin line.

    Returns the matplotlib Figure. Raises ValueError if there are more densities than can be told
    apart.
    """
    rows = run.moments
    densities = sorted(set(rows["density"].values.tolist()), reverse=True)
    if len(densities) > len(style.MARKERS):
        raise ValueError(f"{run.path}: {len(densities)} densities are more than "
                         f"{len(style.MARKERS)}, which one picture can tell apart")
    figure, axes = plt.subplots(figsize=(7.2, 4.4))
    colours = plt.get_cmap(style.COLOURS)(np.linspace(0.0, 0.85, len(densities)))
    for density, marker, colour in zip(densities, style.MARKERS, colours):
        chosen = np.flatnonzero(rows["density"].values == density)
        chosen = chosen[np.argsort(rows["samples"].values[chosen])]
        samples = rows["samples"].values[chosen]
        axes.plot(samples, rows["distance"].values[chosen], color=colour, linewidth=1.4)
        axes.plot(samples, rows["measured_distance"].values[chosen], marker=marker, color=colour,
                  linestyle="none", markersize=5)
        axes.plot([], [], color=colour, linewidth=1.4, marker=marker, markersize=5,
                  label=f"S = {1 - density:.6g}")
        axes.axhline(float(rows["interaction"].values[chosen[0]]), color=colour, linewidth=0.6,
                     linestyle=(0, (5, 3)))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("number of samples T")
    unit = "(p/3)" if of_plain_features(rows) else "s"
    axes.set_ylabel(f"$\\|\\Sigma/T - {unit}\\,I\\|_F \\;/\\; \\|{unit}\\,I\\|_F$")
    axes.grid(True)
    axes.legend(fontsize=8, title="curve: exact root mean square\nmarker: one data set\n"
                "dashed: infinitely\nmany samples", title_fontsize=8, alignment="left",
                loc="upper left", bbox_to_anchor=(1.0, 1.0))
    figure.suptitle(f"How far is Σ/T from a multiple of the identity? "
                    f"D = {int(rows['features'].values[0])}", x=0.01, ha="left", fontsize=10)
    return figure


def of_plain_features(rows) -> bool:
    """Whether the mean square of a feature is p/3; files before layout 1.8 have no other."""
    return "mean_square" not in rows or np.allclose(rows["mean_square"], rows["density"] / 3, rtol=1e-12)
