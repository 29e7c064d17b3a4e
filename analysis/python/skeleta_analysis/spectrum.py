"""Eigenvalues of the Hessian: is a model a minimum, and how flat is the loss there?"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D

from . import style

ROWS = 12  # models that fit
LEAST = 1e-3  # zero modes are drawn down to this times what counts as 0, and smaller ones there
STAGGER = 0.12  # of a row, so that equal eigenvalues are seen to be several
LOOKS = {
    "positive": {"marker": "o", "color": style.EXACT, "markersize": 5.5},
    "negative": {"marker": "<", "color": style.BOUND, "markersize": 8, "markerfacecolor": "white", "markeredgewidth": 1.4},
    "zero": {"marker": "x", "color": style.INK, "markersize": 6},
}
NAMES = {"positive": "positive", "negative": "negative: a way down", "zero": "counts as 0 (left of the bar)"}
MODES = (("orbit_dimension", "turning the hidden space"), ("dropped", "dropped features"), ("unexplained", "unexplained"))


@style.styled
def spectrum(run):
    """A row for each model of a file of `skeleta spectrum`, the first 12: the sizes of the eigenvalues on a logarithmic
    scale. Positive ones are filled circles, negative ones hollow triangles, and crosses count as 0: a bar stands at the
    size up to which they do. What the model is, and why directions are flat, is beside its row.

    Returns the matplotlib Figure. Raises ValueError if the file is of another kind.
    """
    table = run.groups.get("spectrum", {})
    if "eigenvalues" not in table:
        raise ValueError(f"{run.path}: has no spectra: compute them with skeleta spectrum")
    rows = min(ROWS, table.sizes["instance"])
    figure, axes = plt.subplots(figsize=(8.4, 1.7 + 0.52 * rows))
    shown = table.isel(instance=slice(rows))
    least = drawn_from(shown)
    used = {kind for row in range(rows) for kind in draw_row(axes, row, shown.isel(instance=row), least)}
    axes.set_xscale("log")
    axes.set_yticks(range(rows), [f"model {int(k)}" for k in shown["instance"]])
    axes.set_ylim(rows - 0.4, -0.6)
    axes.grid(axis="x")
    axes.set_xlabel("size of the eigenvalues of the Hessian (dimensionless)")
    axes.legend([Line2D([], [], linestyle="none", **LOOKS[kind]) for kind in LOOKS if kind in used],
                [NAMES[kind] for kind in LOOKS if kind in used], loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, fontsize=8)
    left_out = table.sizes["instance"] - rows
    more = f", the first {rows} of {table.sizes['instance']} models" if left_out else ""
    figure.suptitle(f"{run.name}: {table.sizes['parameter']} eigenvalues{more}", x=0.01, ha="left", fontsize=10)
    return figure


def drawn_from(table) -> float:
    """The left end of the axis."""
    sizes = np.abs(table["eigenvalues"].values)
    zero = table["zero"].values[:, None]
    beyond = sizes[sizes > zero]
    smallest = np.min(beyond) if beyond.size else 1.0
    floors = zero[np.isfinite(zero) & (zero > 0)]
    return float(min(smallest, LEAST * np.min(floors)) if floors.size else smallest)


def kinds_of(values, zero):
    """Of each eigenvalue, the name of what it is."""
    return np.where(np.abs(values) <= zero, "zero", np.where(values > 0, "positive", "negative"))


def draw_row(axes, row: int, model, least: float) -> list:
    values, zero = model["eigenvalues"].values, float(model["zero"])
    kinds = kinds_of(values, zero)
    for kind, look in LOOKS.items():
        some = np.maximum(np.abs(values[kinds == kind]), least)
        axes.plot(some, row + STAGGER * (np.arange(some.size) % 3 - 1), linestyle="none", **look)
    if zero > 0:
        axes.plot([zero, zero], [row - 0.32, row + 0.32], color=style.INK, linewidth=1.4)
    axes.annotate(words(model), xy=(1.02, row), xycoords=axes.get_yaxis_transform(), fontsize=8, va="center",
                  annotation_clip=False)
    return list(kinds)


def words(model) -> str:
    """What the model is, in at most two lines."""
    said = str(model["landscape"].values).replace("_", " ")
    if said == "unknown":
        return "unknown: near a kink"
    coefficient = float(model["learning_coefficient"])
    first = f"{said}, rank {int(model['rank'])}" + (f", learning coefficient {coefficient:g}" if np.isfinite(coefficient) else "")
    negative = int(model["negative"])
    flat = [f"{int(model[name])} {text}" for name, text in MODES if int(model[name]) > 0]
    second = ([f"{negative} negative"] if negative else []) + (["flat: " + ", ".join(flat)] if flat else [])
    return "\n".join(filter(None, (first, "; ".join(second))))
