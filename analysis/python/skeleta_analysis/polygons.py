"""Where the columns of the best models are proven to be: of polygon certificates of `skeleta certify -o`."""

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Wedge

from . import style

TITLE = "skeleta polygon certificate 1"
INTERVALS = ("column", "near_column", "near_angle", "minimum")
FILL = "#cfe3f1"  # a light one of style.EXACT, which stays apart from white in grey print


def read_polygon(path):
    """Number of corners; the intervals of the regular polygon's column length and of D L₁ there; how much more D L₁ may
    be (slack), and the intervals in which column lengths and gaps of neighbours, in radians, lie then.

    Its proof is not checked: that is check_certificate.py's. Raises ValueError for any other file.
    """
    with open(path, encoding="ascii", errors="replace") as file:
        lines = file.read().split("\n")
    words = {line.split(" ")[0]: line.split(" ")[1:] for line in lines[1:] if " " in line}
    try:
        if lines[0] != TITLE:
            raise ValueError("another title")
        found = {name: tuple(float.fromhex(word) for word in words[name]) for name in INTERVALS}
        found["corners"], found["slack"] = int(words["corners"][0]), float.fromhex(words["slack"][0])
        if not (3 <= found["corners"] <= 12 and 0.0 <= found["slack"] < math.inf
                and all(len(ends) == 2 and 0.0 <= ends[0] <= ends[1] < 1e3 for ends in map(found.get, INTERVALS))):
            raise ValueError("no polygon")
    except (KeyError, IndexError, ValueError, OverflowError):
        raise ValueError(f"{path}: is no certificate of a polygon: make one with skeleta certify --features 5 --hidden 2 "
                         "-o") from None
    return found


def sectors(corners, gap):
    """For each column after the first, at angle 0, the angles it may have when neighbours are `gap` apart and the gaps
    add up to a whole turn."""
    low, high = gap
    turn = 2.0 * math.pi
    return [(max(k * low, turn - (corners - k) * high), min(k * high, turn - (corners - k) * low))
            for k in range(1, corners)]


@style.styled
def polygons(paths):
    """For each certificate the regular polygon that has the least one-sparse loss, and around its columns, the first one
    turned upwards, where those of any model are that has not more than the slack above it.

    Returns the matplotlib Figure. Raises ValueError if a file is no such certificate, or there are more than four.
    """
    found = [read_polygon(path) for path in paths]
    if len(found) > 4:
        raise ValueError(f"{len(found)} certificates are more than 4, which one picture has room for")
    figure, grid = plt.subplots(1, len(found), figsize=(max(3.1 * len(found) + 0.3, 5.2), 3.9), sharey=True, squeeze=False)
    reach = 1.08 * max(polygon["near_column"][1] for polygon in found)
    for axes, polygon in zip(grid.flat, found):
        corners, (short, long) = polygon["corners"], polygon["near_column"]
        first = (-0.004, 0.004)  # a line
        for low, high in [first, *sectors(corners, polygon["near_angle"])] if polygon["slack"] else []:
            axes.add_patch(Wedge((0.0, 0.0), long, *np.degrees([low, high]) + 90.0, width=long - short,
                                 facecolor=FILL, edgecolor=style.EXACT, linewidth=0.8))
        angles = np.pi / 2 + 2.0 * np.pi * np.arange(corners + 1) / corners
        length = sum(polygon["column"]) / 2
        x, y = length * np.cos(angles), length * np.sin(angles)
        axes.plot(x, y, color=style.INK, linewidth=0.8, linestyle=(0, (5, 3)))
        for end in zip(x[:-1], y[:-1]):
            axes.plot(*zip((0.0, 0.0), end), color=style.INK, linewidth=0.8)
        axes.plot(x[:-1], y[:-1], "o", color=style.INK, markersize=4)
        axes.set(aspect="equal", xlim=(-reach, reach), ylim=(-reach, reach))
        bound = f" ≤ {digits(polygon['minimum'])} + {polygon['slack']:.2g}"
        axes.set_title(f"$|w|$ = {digits(polygon['column'])}\n${corners} L_1$"
                       + (bound if polygon["slack"] else f" = {digits(polygon['minimum'])}, the least"))
        axes.grid(True)
        axes.set_xlabel("hidden dimension 0")
    grid[0, 0].set_ylabel("hidden dimension 1")
    figure.suptitle("Proven minima; blue: where columns of models nearly as good are", x=0.01, ha="left",
                    fontsize=10)
    return figure


def digits(interval):
    """The decimals on which both ends agree."""
    low, high = interval
    for places in range(10, 0, -1):
        if f"{low:.{places}f}" == f"{high:.{places}f}":
            return f"{low:.{places}f}"
    return f"{low:.6g} to {high:.6g}"
