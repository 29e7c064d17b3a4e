"""The columns of W, and the angles between them."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from . import polytope, style

LABELLED = 24   # so many columns can carry their number
NUMBERED = 8    # so many rows of a table can carry its entries
SHORTEST = 0.1  # of the longest: shorter columns have no direction worth naming


@style.styled
def columns(run, instance: int | None = None):
    """The columns w_j of W beside their Gram matrix G = W^T W.

    One dimension: bars; two: arrows; three: arrows to a sphere, with the edges of the polytope that
    their directions span; more: the matrix W itself. Returns the matplotlib Figure.
    """
    instance = run.check_instance(instance)
    W = run.model["W"].sel(instance=instance)
    hidden = W.sizes["hidden"]
    figure = plt.figure(figsize=(9.2, 4.6))
    left = figure.add_subplot(1, 2, 1, projection="3d" if hidden == 3 else None)
    right = figure.add_subplot(1, 2, 2)
    {1: draw_line, 2: draw_plane, 3: draw_sphere}.get(hidden, draw_matrix)(left, W)
    draw_gram(right, W)
    figure.get_layout_engine().set(h_pad=0.08, w_pad=0.08, wspace=0.06)
    figure.suptitle(run.title(instance), x=0.01, ha="left", fontsize=10)
    return figure


def lengths(w: np.ndarray) -> np.ndarray:
    return np.linalg.norm(w, axis=0)


def is_long(w: np.ndarray) -> np.ndarray:
    return lengths(w) >= SHORTEST * max(lengths(w).max(), 1e-300)


def draw_line(axes, W) -> None:
    axes.bar(W["feature"].values, W.values[0], color=style.EXACT, width=0.72)
    style.whole_numbers(axes.xaxis)
    axes.axhline(0, color=style.INK, linewidth=0.7)
    axes.set_xlabel("feature $j$")
    axes.set_ylabel(style.with_units("$w_j$", W))
    axes.grid(axis="y")


def draw_plane(axes, W) -> None:
    w = W.values
    circle = np.linspace(0, 2 * np.pi, 200)
    axes.plot(np.cos(circle), np.sin(circle), color=style.FAINT, linewidth=0.8)
    for x, y in w.T:
        axes.annotate("", xy=(x, y), xytext=(0, 0),
                      arrowprops={"arrowstyle": "-|>", "color": style.EXACT, "linewidth": 1.5,
                                  "shrinkA": 0, "shrinkB": 0})
    if not w.any():
        axes.text(0, 0, "$W = 0$", ha="center", va="center")
    reach = 1.25 * max(lengths(w).max(), 1.0)
    if w.shape[1] <= LABELLED:
        label_columns(axes, W, np.flatnonzero(is_long(w)), ahead=0.1 * reach)
    name_dimensions(axes, W, reach, "hidden dimension", 10)
    axes.set_aspect("equal")
    axes.grid(True)


def label_columns(axes, W, chosen, ahead: float) -> None:
    """Numbers a little beyond the tips; those of columns that nearly coincide stand together."""
    tips = W.values[:, chosen]
    places = tips * (1 + ahead / lengths(tips))
    numbers = [str(j) for j in W["feature"].values[chosen]]
    while numbers:
        near = lengths(places - places[:, :1]) < ahead
        axes.text(*places[:, 0], ", ".join(np.array(numbers)[near]), ha="center", va="center",
                  fontsize=9)
        places, numbers = places[:, ~near], list(np.array(numbers)[~near])


def name_dimensions(axes, W, reach: float, text: str, size: float) -> None:
    for axis, name in zip("xyz", W["hidden"].values[:len(W)]):
        getattr(axes, f"set_{axis}lim")(-reach, reach)
        getattr(axes, f"set_{axis}label")(style.with_units(f"{text} {name}", W), fontsize=size)


def draw_sphere(axes, W) -> None:
    w = W.values
    long = np.flatnonzero(is_long(w))
    draw_wires(axes)
    unit = (w[:, long] / lengths(w)[long]).T
    for i, j in polytope.edges(unit):
        axes.plot(*w[:, long[[i, j]]], color=style.INK, linewidth=1.2)
    for j in range(w.shape[1]):
        axes.plot(*np.stack([np.zeros(3), w[:, j]], axis=1), color=style.EXACT, linewidth=1.5)
    axes.scatter(*w, color=style.EXACT, depthshade=False, s=18)
    if w.shape[1] <= LABELLED:
        label_columns(axes, W, long, ahead=0.14)
    reach = 1.05 * max(lengths(w).max(), 1.0)
    name_dimensions(axes, W, reach, "hidden", 8)
    axes.tick_params(labelsize=8, pad=1)
    for axis in "xyz":
        getattr(axes, f"set_{axis}ticks")([-1, 0, 1])
    axes.set_box_aspect((1, 1, 1), zoom=0.82)  # the third label needs the room


def draw_wires(axes) -> None:
    """Meridians and parallels of the unit sphere."""
    longitude, latitude = np.meshgrid(np.linspace(0, 2 * np.pi, 25), np.linspace(0, np.pi, 13))
    axes.plot_wireframe(np.cos(longitude) * np.sin(latitude), np.sin(longitude) * np.sin(latitude),
                        np.cos(latitude), color=style.FAINT, linewidth=0.3)


def draw_matrix(axes, W) -> None:
    image(axes, W.values, "auto", "entry of $W$", W)
    axes.set_xlabel("feature $j$")
    axes.set_ylabel("hidden dimension")
    style.whole_numbers(axes.yaxis)


def draw_gram(axes, W) -> None:
    gram = W.values.T @ W.values
    between = np.abs(gram - np.diag(np.diag(gram))).max()
    crowded = len(gram) > NUMBERED and between > 0
    image(axes, gram, "equal", "$w_i \\cdot w_j$", W, most=between if crowded else None)
    axes.set_xlabel("feature $j$")
    axes.set_ylabel("feature $i$")
    style.whole_numbers(axes.xaxis)
    style.whole_numbers(axes.yaxis)
    if len(gram) <= NUMBERED:
        dark = -0.2 * np.abs(gram).max()
        for i, j in np.ndindex(gram.shape):
            axes.text(j, i, f"{gram[i, j]:.2f}".replace("-0.00", "0.00"), ha="center", va="center",
                      fontsize=8, color="black" if gram[i, j] >= dark else "white")
        axes.set_xticks(range(len(gram)), W["feature"].values)
        axes.set_yticks(range(len(gram)), W["feature"].values)


def image(axes, values, aspect: str, text: str, W, most: float | None = None) -> None:
    """Zero is the middle of the scale: dark is negative, light is positive, in grey print too.

    The scale ends at `most`, without it at the largest entry; triangles mark larger entries.
    """
    largest = max(np.abs(values).max(), 1e-300)
    most = most or largest
    picture = axes.imshow(values, cmap=style.COLOURS, vmin=-most, vmax=most, aspect=aspect,
                          interpolation="nearest")
    axes.figure.colorbar(picture, ax=axes, label=style.with_units(text, W), shrink=0.85,
                         extend="neither" if most >= largest else "both")
