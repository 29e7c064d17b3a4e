"""One style for all figures: readable in grey print and by colour-blind people."""

import functools

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator

# Of Okabe and Ito's colours, far apart in lightness too; a hatch or marker tells them apart again.
EXACT, SAMPLED, BOUND = "#0072B2", "#E69F00", "#D55E00"
INK, FAINT = "#222222", "#bbbbbb"
MARKERS = "osD^vP*X"
COLOURS = "cividis"  # lightness rises along it
FEW = 12  # so many bars or cells can carry a number

SETTINGS = {
    "figure.dpi": 150,
    "savefig.dpi": 150,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.5,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "svg.hashsalt": "skeleta",  # equal figures give equal files
}


def styled(draw):
    """Runs a drawing function under the style, and leaves the caller's settings alone."""

    @functools.wraps(draw)
    def wrapper(*arguments, **options):
        with matplotlib.rc_context(SETTINGS):
            return draw(*arguments, **options)

    return wrapper


def save(figure, path) -> None:
    """Writes the figure; equal figures give equal bytes. Raises ValueError for unknown endings."""
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with matplotlib.rc_context(SETTINGS):
        figure.savefig(path, metadata=metadata.get(str(path).rpartition(".")[2].lower()))


def whole_numbers(axis) -> None:
    """Ticks of an axis that counts."""
    axis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))


def readable(axis, span: float) -> None:
    """More numbers than powers of ten on a short logarithmic axis."""
    if span < 100:
        axis.set_minor_locator(LogLocator(subs=(2, 5) if span > 5 else range(2, 10)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter("{x:g}")
        axis.set_tick_params(which="minor", pad=5)  # in line with the others, whose ticks are longer


def with_units(text: str, data) -> str:
    """An axis label with the units of the data, as the file has them."""
    units = data.attrs["units"]
    return f"{text} ({'dimensionless' if units == '1' else units})"


def overlaid(axes, x, curves, labels, step: float) -> None:
    """Curves that may coincide: each is drawn over those before it and narrower by `step`, with a marker of its own
    at places where the others have none."""
    count = len(curves)
    apart = max(len(x) // 5, 1)  # points from one marker of a curve to the next
    colours = plt.get_cmap(COLOURS)(np.linspace(0.0, 0.85, count))
    for k, (curve, colour) in enumerate(zip(curves, colours)):
        look = {"color": colour, "marker": MARKERS[k % len(MARKERS)], "markersize": 6, "markeredgecolor": "white",
                "markeredgewidth": 0.6}
        axes.plot(x, curve, color=colour, linewidth=1.2 + step * (count - 1 - k), zorder=2 + 0.1 * k)
        axes.plot(x, curve, linestyle="none", markevery=(k * apart // count, apart), zorder=4, **look)
        if labels[k]:
            axes.plot([], [], linewidth=1.2 + step * (count - 1 - k), label=labels[k], **look)


def spread(positions, gap: float) -> np.ndarray:
    """The positions moved apart to at least `gap`, in the same order and as little as needed."""
    order = np.argsort(positions, kind="stable")
    groups = []  # [sum of position minus offset in the group, members]
    for value in np.asarray(positions, dtype=float)[order]:
        groups.append([value, 1])
        while len(groups) > 1 and start(groups[-1], gap) < end(groups[-2], gap) + gap:
            total, count = groups.pop()
            below = groups[-1]
            below[0] += total - count * below[1] * gap
            below[1] += count
    moved = np.concatenate([start(group, gap) + gap * np.arange(group[1]) for group in groups])
    result = np.empty(len(moved))
    result[order] = moved
    return result


def start(group, gap: float) -> float:
    """Where a group of labels begins: the mean of where each would have it begin."""
    return group[0] / group[1]


def end(group, gap: float) -> float:
    return start(group, gap) + gap * (group[1] - 1)


def named_lines(axes, names, values, gap: float) -> None:
    """Horizontal lines with their names at the right edge, moved apart where they are close."""
    for value in values:
        axes.axhline(value, color=INK, linewidth=0.7, linestyle=(0, (5, 3)), zorder=1)
    for name, value, place in zip(names, values, spread(values, gap)):
        axes.annotate(name, xy=(1, value), xytext=(1.04, place), xycoords=axes.get_yaxis_transform(),
                      textcoords=axes.get_yaxis_transform(), fontsize=8, va="center", color=INK,
                      arrowprops={"arrowstyle": "-", "color": INK, "linewidth": 0.5,
                                  "shrinkA": 1, "shrinkB": 0}, annotation_clip=False)
