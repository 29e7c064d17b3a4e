"""The law of the data: how dense the features are, what their values are, and which are active together."""

import matplotlib.pyplot as plt
import numpy as np

from . import style

LABELLED = 32    # so many features of groups can carry their number
FEW_OF_MANY = 6  # numbers under more features than that
MOST = 400       # so many features of groups can be drawn
SPREAD = 10      # densities farther apart than by this factor want logarithmic axes
LAWS = 6         # so many laws of values have a marker each
TOGETHER, FAMILY, EXCLUSIVE, INDEPENDENT = "together", "parent, children", "at most one", "independent"
# how a kind of group looks: colour, marker at the middle of its bracket, line style
GROUPS = {
    TOGETHER: (style.EXACT, "s", "-"),
    FAMILY: (style.INK, "^", "-"),
    EXCLUSIVE: (style.BOUND, "D", (0, (4, 2))),
    INDEPENDENT: (style.SAMPLED, "o", (0, (1, 1.5))),
}


@style.styled
def data(run):
    """Densities of the features, the densest first, with the laws of their values; and the groups of features
    that are not independent, as brackets over their members. Returns the matplotlib Figure.

    Raises ValueError if the file has no densities.
    """
    if "density" not in run.groups.get("data", {}):
        raise ValueError(f"{run.path}: does not say how dense its features are")
    grouped = "node_kind" in run.data
    figure = plt.figure(figsize=(9.2 if grouped else 5.4, 4.2))
    draw_densities(figure.add_subplot(1, 1 + grouped, 1), run)
    if grouped:
        draw_groups(figure.add_subplot(1, 2, 2), run)
    figure.get_layout_engine().set(h_pad=0.08, w_pad=0.08, wspace=0.06)
    figure.suptitle(title(run), x=0.01, ha="left", fontsize=10)
    return figure


def title(run) -> str:
    """Which data, and the law of the values if it is one."""
    laws = value_laws(run)
    values = f"values {laws[0]}" if len(set(laws)) == 1 else f"values of {len(set(laws))} laws"
    return f"{run.path.stem}: {len(laws)} features, {run.sparsity}, {values}"


def value_laws(run) -> list:
    """The law of the values of each feature, in words."""
    count = run.data.sizes["feature"]
    if "value_law" not in run.data:
        return ["uniform on [0, 1]"] * count
    columns = (run.data[name].values for name in ("value_law", "value_first", "value_second"))
    return [law_words(*row) for row in zip(*columns)]


def law_words(kind, first, second) -> str:
    return {
        "uniform": f"uniform on [{first:.4g}, {second:.4g}]",
        "constant": f"constant {first:.4g}",
        "exponential": f"exponential, mean {first:.4g}",
        "half-normal": f"half-normal, scale {first:.4g}",
        "normal": f"normal, mean {first:.4g}, deviation {second:.4g}",
    }[str(kind)]


def draw_densities(axes, run) -> None:
    """Against the rank, so that lists of any length show their law: a power of the rank is a straight line."""
    density = run.data["density"].values
    laws = np.array(value_laws(run))
    order = np.lexsort((laws, -density))
    rank = np.arange(1, len(order) + 1)
    names = list(dict.fromkeys(laws[order]))
    one = len(names) == 1 or len(names) > LAWS
    axes.plot(rank, density[order], color=style.FAINT, linewidth=1, zorder=1)
    for k, name in enumerate([None] if one else names):
        chosen = slice(None) if one else laws[order] == name
        axes.plot(rank[chosen], density[order][chosen], linestyle="none", label=name, clip_on=False, zorder=3,
                  color=(style.EXACT, style.SAMPLED, style.BOUND, style.INK)[k % 4], marker=style.MARKERS[k],
                  markersize=5 if len(order) <= 100 else 2.5)
    if not one:
        axes.legend(title="values", fontsize=8, title_fontsize=8)
    positive = density[density > 0]
    if len(positive) == len(density) and positive.max() > SPREAD * positive.min():
        axes.set_xscale("log")
        axes.set_yscale("log")
        style.readable(axes.xaxis, len(order))
        style.readable(axes.yaxis, positive.max() / positive.min())
    else:
        axes.set_ylim(0, 1.08 * max(density.max(), 1e-300))
        style.whole_numbers(axes.xaxis)
    axes.set_xlabel("rank of the feature, densest first")
    axes.set_ylabel(style.with_units("density $p_j$", run.data["density"]))
    axes.grid(True)


class Node:
    """A node of the tree of groups: what it is, its members, and where it is drawn."""

    def __init__(self, kind: str, feature: int, probability: float):
        self.kind, self.feature, self.probability, self.members = kind, feature, probability, []
        self.x, self.y = 0.0, 0  # of the middle; rows above the features

    def leaves(self) -> list:
        return [self] if self.kind == "feature" else [leaf for member in self.members for leaf in member.leaves()]


def tree(run) -> list:
    """The nodes at the top that are groups of more than one feature."""
    nodes = [Node(str(kind), int(feature), float(probability)) for kind, feature, probability in
             zip(*(run.data[f"node_{name}"].values for name in ("kind", "feature", "probability")))]
    top = []
    for node, parent in zip(nodes, run.data["node_parent"].values):
        (top if parent < 0 else nodes[int(parent)].members).append(node)
    return [node for node in top if len(node.leaves()) > 1]


def kind_of(node: Node) -> str:
    if node.kind == "exclusive":
        return EXCLUSIVE
    certain = [member.probability == 1 for member in node.members]
    if all(certain):
        return TOGETHER
    first = node.members[0]
    return FAMILY if first.kind == "feature" and certain[0] else INDEPENDENT


def place(node: Node, next_x: int) -> int:
    """Members from left to right, groups a row above the highest of theirs. Returns the next free place."""
    if node.kind == "feature":
        node.x = next_x
        return next_x + 1
    for member in node.members:
        next_x = place(member, next_x)
    node.x = (node.members[0].x + node.members[-1].x) / 2
    node.y = 1 + max(member.y for member in node.members)
    return next_x


def draw_groups(axes, run) -> None:
    drawn, left, leaves = [], 0, []
    for node in tree(run):
        more = node.leaves()
        if drawn and len(leaves) + len(more) > MOST:
            break
        left = place(node, left) + 1  # a gap between groups
        drawn.append(node)
        leaves += more
    few = len(leaves) <= LABELLED
    seen = {}
    for node in drawn:
        draw_bracket(axes, node, few, seen)
    axes.plot([leaf.x for leaf in leaves], [0] * len(leaves), "o", color=style.INK, markersize=4 if few else 1.5,
              clip_on=False)
    named = leaves if few else [leaves[k] for k in np.linspace(0, len(leaves) - 1, FEW_OF_MANY).astype(int)]
    axes.set_xticks([leaf.x for leaf in named], [str(leaf.feature) for leaf in named])
    axes.tick_params(axis="x", length=0, labelsize=8 if len(named) <= LABELLED // 2 else 6)
    rows = max(node.y for node in drawn) if drawn else 0
    axes.set_ylim(-0.15, max(rows, 2) * 1.25)  # the legend stands above
    axes.set_xlim(-0.8, max(left - 1.2, 0.8))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_visible(False)
    groups = [seen[kind] for kind in GROUPS if kind in seen]
    if groups:
        axes.legend(handles=groups, loc="upper left", ncol=2, fontsize=8)
    axes.set_xlabel(rest_of(run, leaves, len(tree(run)) - len(drawn)))


def rest_of(run, leaves, groups: int) -> str:
    """What the picture does not show."""
    others = run.data.sizes["feature"] - sum(len(node.leaves()) for node in tree(run))
    words = "feature"
    if groups:
        words += f"; {groups} further groups are not shown"
    if others:
        words += f"; {others} other{'s are' if others > 1 else ' is'} independent"
    return words


def draw_bracket(axes, node: Node, few: bool, seen: dict) -> None:
    """Its marker is in the middle, that of a family over the parent."""
    if node.kind == "feature":
        return
    kind = kind_of(node)
    colour, marker, dashes = GROUPS[kind]
    look = {"color": colour, "linestyle": dashes if few else "-"}
    width, size = (1.3, 5) if few else (0.7, 2.5)
    for member in node.members:
        axes.plot([member.x] * 2, [member.y, node.y], linewidth=width, **look)
    axes.plot([node.members[0].x, node.members[-1].x], [node.y] * 2, linewidth=width, **look)
    place_of = node.members[0].x if kind == FAMILY else node.x
    axes.plot([place_of], [node.y], marker=marker, color=colour, markersize=size, linestyle="none")
    if kind not in seen:
        seen[kind] = axes.plot([], [], marker=marker, markersize=5, label=kind, **look)[0]
    for member in node.members:
        draw_bracket(axes, member, few, seen)
