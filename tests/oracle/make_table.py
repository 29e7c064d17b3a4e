#!/usr/bin/env python3
"""Write exact_loss_table.json and small_weights_table.json: models chosen to be awkward, with their exact
loss and gradient, and hessian_table.json: models near kinks, with their exact Hessian too.

The models come from a generator written out below and from IEEE basic operations only, so the file is
the same on every machine.  One model per line; numbers are shortest round-trip float64.
"""

import argparse
import json
import math
import multiprocessing
import os

import exact_loss


class Generator:
    """splitmix64."""

    def __init__(self, seed):
        self.state = seed

    def bits(self):
        mask = (1 << 64) - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return z ^ (z >> 31)

    def uniform(self, low=0.0, high=1.0):
        return low + (high - low) * ((self.bits() >> 11) / 9007199254740992.0)

    def below(self, n):
        return self.bits() % n

    def pick(self, values):
        return values[self.below(len(values))]

    def bell(self):
        """Mean 0, variance 1: twelve uniforms (no library function, so no rounding differences)."""
        total = -6.0
        for _ in range(12):
            total += self.uniform()
        return total

    def decades(self, low, high):
        """About 10^low .. 10^high, spread over the decades."""
        exponent = low + self.below(high - low)
        return self.uniform(1.0, 10.0) * float("1e%d" % exponent)


def norm(column):
    total = 0.0
    for x in column:
        total += x * x
    return math.sqrt(total)


def column(rng, d, length):
    """A column of the given length in a random direction."""
    while True:
        x = [rng.bell() for _ in range(d)]
        size = norm(x)
        if size > 0.1:
            return [v / size * length for v in x]


class Model:
    """Columns first, as they are easier to edit; everything else has a harmless default."""

    def __init__(self, rng, features, d):
        self.rng = rng
        self.d = d
        self.features = features
        self.columns = [column(rng, d, rng.uniform(0.5, 1.3)) for _ in range(features)]
        self.b = [rng.uniform(-0.3, 0.4) for _ in range(features)]
        self.density = [rng.uniform(0.02, 0.5)] * features
        self.importance = [1.0] * features

    def some(self):
        return self.rng.below(self.features)

    def uneven(self, low=-3, high=0):
        self.density = [min(1.0, self.rng.decades(low, high)) for _ in range(self.features)]

    def inner(self, i, j):
        total = 0.0
        for x, y in zip(self.columns[i], self.columns[j]):
            total += x * y
        return total

    def reach(self, i):
        """Smallest and largest value of z_i over the cube."""
        low = high = 0.0
        for j in range(self.features):
            g = self.inner(i, j)
            low += min(g, 0.0)
            high += max(g, 0.0)
        return low, high


# Each category: a function that changes a Model, given the running number within the category.

def plain(m, k):
    m.density = [(0.01, 0.05, 0.1, 0.25, 0.5, 0.75)[k % 6]] * m.features


def uneven_density(m, k):
    m.uneven(*((-3, 0), (-6, 0), (-2, 0), (-9, 0))[k % 4])


def certain_density(m, k):
    m.uneven(-2, 0)
    m.density[m.some()] = 0.0
    m.density[m.some()] = 1.0
    if k % 3 == 2:
        m.density = [m.rng.pick((0.0, 1.0)) for _ in range(m.features)]


def rare(m, k):
    m.density = [(1e-9, 1e-6, 1e-9, 1e-4)[k % 4]] * m.features


def dense(m, k):
    m.density = [(1.0, 1.0, 0.999999999, 0.95)[k % 4]] * m.features


def importance(m, k):
    if k % 3 == 0:
        value = 1.0
        for i in range(m.features):
            m.importance[i] = value
            value *= 0.9
    else:
        m.importance = [m.rng.decades(-2, 2) for _ in range(m.features)]
        if k % 3 == 2:
            m.importance[m.some()] = 0.0


def lengths(m, k):
    m.columns = [column(m.rng, m.d, min(10.0, m.rng.decades(-3, 1))) for _ in range(m.features)]
    if k % 2:
        m.b = [m.rng.uniform(-1.0, 1.0) * norm(c) * norm(c) for c in m.columns]
    m.uneven(-2, 0)


def zero_columns(m, k):
    for j in {m.some(), m.some()} if k % 3 else range(m.features if k % 2 else 1):
        m.columns[j] = [0.0] * m.d
        m.b[j] = (0.0, -0.2, 0.3, 0.0)[(k + j) % 4]
    m.uneven(-2, 0)


def repeated_columns(m, k):
    for j in range(1, m.features):
        if k % 2 == 0 or m.rng.below(2):
            m.columns[j] = list(m.columns[0])


def opposite_columns(m, k):
    for j in range(1, m.features, 2):
        m.columns[j] = [-x for x in m.columns[j - 1]]
    if k % 2:
        m.b = [0.0] * m.features


def nearly_orthogonal(m, k):
    """Columns along the axes, plus entries so small that the products of G range from 1e-8 to 1e-310."""
    tiny = (1e-8, 1e-16, 1e-310, 1e-4, 1e-100, 1e-12, 3e-308, 1e-30)[k % 8]
    for j in range(m.features):
        x = [m.rng.uniform(-1.0, 1.0) * tiny for _ in range(m.d)]
        x[j % m.d] = m.rng.pick((1.0, m.rng.uniform(0.5, 1.2)))
        m.columns[j] = x
    if k % 3 == 1:
        m.b = [0.0] * m.features
    elif k % 3 == 2:
        m.b = [m.rng.uniform(-1.0, 1.0) * tiny for _ in range(m.features)]


def mixed_scales(m, k):
    """Large and tiny entries of G in the same row."""
    for j in range(m.features):
        m.columns[j] = [m.rng.pick((1.0, -1.0)) * m.rng.decades(-12, 0) for _ in range(m.d)]
        m.columns[j][j % m.d] = m.rng.uniform(0.4, 1.2)
    if k % 2:
        m.b = [m.rng.pick((1.0, -1.0)) * m.rng.decades(-10, 0) for _ in range(m.features)]


def saturated(m, k):
    """Outputs that are never or always active, and ones just short of that."""
    for i in range(m.features):
        low, high = m.reach(i)
        how = (k + i) % 5
        if how == 0:
            m.b[i] = high + m.rng.uniform(0.0, 2.0)
        elif how == 1:
            m.b[i] = low - m.rng.uniform(0.0, 2.0)
        elif how == 2:
            m.b[i] = high * m.rng.uniform(0.9, 0.9999)
        elif how == 3:
            m.b[i] = low * m.rng.uniform(0.9, 0.9999) if low < 0.0 else -1e-6
        if k % 4 == 3 and how in (0, 1):
            m.b[i] = (50.0, -50.0)[how]


def no_threshold(m, k):
    m.b = [0.0] * m.features
    m.density = [(0.01, 0.1, 0.3, 1.0)[k % 4]] * m.features


def on_the_grid(m, k):
    """Entries in quarters: thresholds meet corners of the cube exactly, and G has exact zeros."""
    m.columns = [[m.rng.below(9) / 4.0 - 1.0 for _ in range(m.d)] for _ in range(m.features)]
    m.b = [m.rng.below(9) / 8.0 - 0.5 for _ in range(m.features)]
    for i in range(m.features):
        low, high = m.reach(i)
        if (k + i) % 3 == 0:
            m.b[i] = high
        elif (k + i) % 7 == 0:
            m.b[i] = low
    m.density = [(0.125, 0.5, 1.0)[k % 3]] * m.features


def identity_like(m, k):
    noise = (0.0, 1e-3, 1e-6, 0.0)[k % 4]
    for j in range(m.features):
        m.columns[j] = [m.rng.uniform(-1.0, 1.0) * noise for _ in range(m.d)]
        m.columns[j][j % m.d] += 1.0 if j < m.d else -1.0
    m.b = [(0.0, 0.0, 0.01, -0.01)[k % 4]] * m.features


POLYGONS = (
    ((1.0, 0.0), (-1.0, 0.0)),
    ((1.0, 0.0), (-0.5, 0.8660254037844386), (-0.5, -0.8660254037844386)),
    ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)),
    ((1.0, 0.0), (0.30901699437494745, 0.9510565162951535), (-0.8090169943749475, 0.5877852522924731),
     (-0.8090169943749475, -0.5877852522924731), (0.30901699437494745, -0.9510565162951535)),
    ((1.0, 0.0), (0.5, 0.8660254037844386), (-0.5, 0.8660254037844386), (-1.0, 0.0),
     (-0.5, -0.8660254037844386), (0.5, -0.8660254037844386)),
)


def polygon(m, k):
    corners = POLYGONS[m.features - 2]
    length = m.rng.uniform(0.9, 1.3)
    m.columns = [[x * length for x in c] for c in corners]
    m.b = [(0.0, 0.05, 0.25, -0.1)[k % 4]] * m.features
    m.density = [(0.05, 0.01, 0.25, 0.001)[k % 4]] * m.features


def everything(m, k):
    """All of the above by chance."""
    m.uneven(-4, 0)
    for j in range(m.features):
        how = m.rng.below(8)
        if how == 0:
            m.columns[j] = [0.0] * m.d
            m.b[j] = m.rng.pick((0.0, m.b[j]))
        elif how == 1:
            m.columns[j] = list(m.columns[m.some()])
        elif how == 2:
            m.columns[j] = [-x for x in m.columns[m.some()]]
        elif how == 3:
            m.columns[j] = [x * m.rng.decades(-8, 1) for x in m.columns[j]]
        how = m.rng.below(8)
        if how == 0:
            m.b[j] = 0.0
        elif how == 1:
            m.b[j] *= 20.0
        how = m.rng.below(8)
        if how < 2:
            m.density[j] = (0.0, 1.0)[how]
        if m.rng.below(4) == 0:
            m.importance[j] = m.rng.pick((0.0, 3.0, m.rng.uniform()))


# Models whose derivatives do not shrink with the loss: the second table.

def small_row(m, k):
    """One hidden dimension, all weights of the order 10^-k."""
    m.columns = [[x * float("1e-%d" % k)] for x in (1.0, -1.0, 0.7, -0.4)]
    m.b = [0.0] * 4
    m.density = [0.05] * 4


def small_model(m, k):
    size = (0.1, 0.1, 1e-3, 1e-6)[k % 4]
    m.columns = [[x * size for x in c] for c in m.columns]
    m.b = [(0.0, x * size * size, x * size)[k % 3] for x in m.b]


def small_columns(m, k):
    """A polygon with one or two columns shortened by up to 10^-12."""
    polygon(m, 0)
    m.b = [(0.0, 0.05)[k % 2]] * m.features
    for j in range(1 + (k % 3 == 2)):
        m.columns[j] = [x * float("1e-%d" % (k % 13)) for x in m.columns[j]]
        m.b[j] = 0.0


def dead_columns(m, k):
    small_model(m, k)
    j = m.some()
    m.columns[j] = [0.0] * m.d
    m.b[j] = (0.0, -0.01, 0.01)[k % 3]


def kinks(m, k):
    """Thresholds on the values that z takes at corners of the cube: exactly, as all is in eighths."""
    size = float(2 ** -(3 * (k % 6)))
    m.columns = [[size * (m.rng.below(9) / 4.0 - 1.0) for _ in range(m.d)] for _ in range(m.features)]
    for i in range(m.features):
        chosen = [m.rng.below(2) for _ in range(m.features)]
        m.b[i] = (0.0, m.inner(i, i), sum(m.inner(i, j) * chosen[j] for j in range(m.features)))[(k + i) % 3]


def antipodal_pairs(m, k):
    """Pairs along the axes as training leaves them: opposite and at right angles up to 10^-3 ... 10^-10, or
    exactly. What is left over of the features shares the last axis."""
    deviation = (1e-8, 1e-4, 1e-5, 1e-6, 1e-3, 1e-10, 0.0)[k % 7]
    m.density = [(0.1, 0.02, 0.4)[k % 3]] * m.features
    for j in range(m.features):
        axis = min(j // 2, m.d - 1)
        m.columns[j] = [deviation * m.rng.bell() for _ in range(m.d)]
        m.columns[j][axis] = (-1.0) ** j * m.rng.uniform(0.95, 1.05) * (1.0 if j < 2 * m.d else 0.7)
        m.b[j] = -0.02 * m.rng.uniform(0.5, 1.0)


def nearly_at_corners(m, k):
    """Thresholds 10^-9 beside values that z takes at corners of the cube: no kink, but almost."""
    antipodal_pairs(m, 0)
    j = m.some()
    m.b[j] = (1e-9, m.inner(j, j) - 1e-9, m.inner(j, j) + m.inner(j, j ^ 1) + 1e-9)[k % 3]


def nearly_dropped(m, k):
    """A feature whose weights are all but 0, with a constant output or one that is never active."""
    antipodal_pairs(m, k)
    j = m.features - 1
    m.columns[j] = [1e-9 * m.rng.bell() for _ in range(m.d)]
    m.b[j] = (-0.5 * m.density[j], 1e-3)[k % 2]


# Sizes (features, hidden), cycled through; small ones dominate, large ones have turns of their own.
SMALL = ((2, 1), (3, 2), (4, 2), (1, 1), (4, 3), (3, 1), (5, 2), (2, 2), (4, 1), (6, 3), (3, 4), (8, 4),
         (5, 4), (2, 3), (7, 3))
ALONG_AXES = ((2, 2), (3, 3), (4, 4), (5, 3), (4, 3), (3, 2), (6, 4), (8, 4), (3, 4), (7, 3), (2, 3))
CORNERS = ((2, 2), (3, 2), (4, 2), (5, 2), (6, 2))

CATEGORIES = (
    ("plain", plain, 24, SMALL),
    ("uneven-density", uneven_density, 20, SMALL),
    ("certain-density", certain_density, 15, SMALL),
    ("rare", rare, 15, SMALL),
    ("dense", dense, 18, SMALL),
    ("importance", importance, 15, SMALL),
    ("lengths", lengths, 18, SMALL),
    ("zero-columns", zero_columns, 18, SMALL),
    ("repeated-columns", repeated_columns, 12, SMALL),
    ("opposite-columns", opposite_columns, 12, SMALL),
    ("nearly-orthogonal", nearly_orthogonal, 33, ALONG_AXES),
    ("mixed-scales", mixed_scales, 15, ALONG_AXES),
    ("saturated", saturated, 20, SMALL),
    ("no-threshold", no_threshold, 15, SMALL),
    ("on-the-grid", on_the_grid, 20, SMALL),
    ("identity-like", identity_like, 11, ALONG_AXES),
    ("polygon", polygon, 15, CORNERS),
    ("everything", everything, 30, SMALL),
)

SMALL_WEIGHTS = (
    ("small-row", small_row, 11, ((4, 1),)),
    ("small-model", small_model, 24, ((4, 2), (3, 1), (4, 2), (3, 2), (2, 1))),
    ("small-columns", small_columns, 26, CORNERS[1:4]),
    ("dead-columns", dead_columns, 12, ((4, 2), (3, 1), (2, 2))),
    ("kinks", kinks, 18, ((4, 2), (3, 1), (3, 2), (2, 1))),
)
HESSIANS = (
    ("plain", plain, 6, ((2, 1), (3, 2), (4, 2), (5, 2))),
    ("antipodal-pairs", antipodal_pairs, 16, ((4, 2), (3, 2), (2, 1), (4, 3), (6, 3), (4, 2), (5, 2), (6, 3))),
    ("nearly-at-corners", nearly_at_corners, 6, ((4, 2), (2, 1))),
    ("nearly-dropped", nearly_dropped, 4, ((3, 1), (4, 2))),
)
TABLES = {"exact_loss_table.json": (1000, CATEGORIES), "small_weights_table.json": (2000, SMALL_WEIGHTS),
          "hessian_table.json": (3000, HESSIANS)}


def models(seed, categories):
    result = []
    for number, (name, change, count, sizes) in enumerate(categories):
        rng = Generator(seed + number)
        for k in range(count):
            features, d = sizes[k % len(sizes)]
            m = Model(rng, features, d)
            change(m, k)
            # "+ 0.0" turns -0.0 into 0.0
            result.append({"name": "%s-%d" % (name, k),
                           "W": [[m.columns[j][r] + 0.0 for j in range(features)] for r in range(d)],
                           "b": [x + 0.0 for x in m.b],
                           "density": m.density,
                           "importance": m.importance})
    return result


def line(model):
    exact = exact_loss.evaluate_floats(model["W"], model["b"], model["density"], model["importance"])
    return json.dumps({**model, **exact_loss.rounded(exact)}, separators=(",", ":"))


def line_with_hessian(model):
    fractions = exact_loss.fractions_of
    matrix = exact_loss.hessian([fractions(row) for row in model["W"]], fractions(model["b"]),
                                fractions(model["density"]), fractions(model["importance"]))
    return line({**model, "hessian": [[float(x) for x in row] for row in matrix]})


def write(path, chosen, jobs, make):
    with multiprocessing.Pool(jobs) as pool:
        lines = pool.map(make, chosen, chunksize=4)
    with open(path, "w", newline="\n") as file:
        file.write("[\n" + ",\n".join(lines) + "\n]\n")
    sizes = [len(m["b"]) for m in chosen]
    print("%s: %d models, %d of them with at most 4 features" % (path, len(sizes), sum(n <= 4 for n in sizes)))
    for n in range(1, 9):
        print("  %d features: %d" % (n, sizes.count(n)))


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description="Write the tables of exact losses.")
    parser.add_argument("-o", "--output", default=here, help="folder to write to")
    parser.add_argument("-j", "--jobs", type=int, default=1)
    arguments = parser.parse_args()
    for name, chosen in TABLES.items():
        make = line_with_hessian if name == "hessian_table.json" else line
        write(os.path.join(arguments.output, name), models(*chosen), arguments.jobs, make)


if __name__ == "__main__":
    main()
