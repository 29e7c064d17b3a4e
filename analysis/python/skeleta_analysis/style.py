"""One style for all figures: readable in grey print and by colour-blind people."""

import matplotlib

matplotlib.use("Agg")

# Two of Okabe and Ito's colours, far apart in lightness too.
EXACT, SAMPLED = "#0072B2", "#E69F00"
INK, FAINT = "#222222", "#bbbbbb"

matplotlib.rcParams.update({
    "figure.figsize": (6.4, 4.0),
    "figure.dpi": 150,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": FAINT,
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "svg.hashsalt": "skeleta",
})
