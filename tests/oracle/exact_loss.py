#!/usr/bin/env python3
"""Exact integral loss of x -> ReLU(W^T W x - b) on sparse data, and its gradient.

The float64 parameters are dyadic rationals, and so is G = W^T W.  On a fixed set of active features
every expectation is a polynomial in G and b divided by a product of entries of G, hence a rational
number.  This file enumerates all 2^D sets and computes everything in integers: nothing is rounded
before the final conversion to float64, whatever cancels.  Formulas and their derivation: README.md.

    exact_loss.py FILE     evaluate a JSON object with W, b and optionally density, importance ("-": stdin)
    exact_loss.py --self-check [TABLE]     compare with quadrature, finite differences and mpmath
"""

import argparse
import itertools
import json
import math
import os
import sys
from fractions import Fraction


class Exact:
    """Exact results for one model; every member is a Fraction or a list of Fractions."""

    def __init__(self, loss, contributions, probability, gamma, gradient_w, gradient_b):
        self.loss = loss
        self.contributions = contributions
        self.probability = probability
        self.gamma = gamma                  # gamma[i][j] = dL/dG_ij with the entries of G independent
        self.gradient_w = gradient_w
        self.gradient_b = gradient_b


def fractions_of(values):
    return [Fraction(v) for v in values]


def scaled(values):
    """Integers n_j and q with values_j = n_j / 2^q."""
    q = max((v.denominator.bit_length() - 1 for v in values), default=0)
    integers = []
    for v in values:
        if v.denominator & (v.denominator - 1):
            raise ValueError("parameters must be dyadic rationals")
        integers.append(v.numerator * (1 << q) // v.denominator)
    return integers, q


def gram(w):
    features = len(w[0])
    return [[sum((row[i] * row[j] for row in w), Fraction(0)) for j in range(features)]
            for i in range(features)]


def support_weights(density):
    """Integer weight of every set of active features (bit mask) and the exponent of their common 2^-r."""
    weights = [1]
    exponent = 0
    for p in density:
        if not 0 <= p <= 1:
            raise ValueError("a density lies in [0, 1]")
        (on,), r = scaled([p])
        off = (1 << r) - on
        weights = [x * off for x in weights] + [x * on for x in weights]
        exponent += r
    return weights, exponent


class Row:
    """Weighted sums, over all sets S of active features, of the moments of z = sum_j g_j x_j for one output.

    With h_m = (z - c)_+^m / m! and T the part of S whose g is not zero, all moments are combinations of
        P_m(T, F) = E_{x in T} h_m with x_j = 1 for j in F
                  = (1 / prod_T g) sum_{V in T} (-1)^{|T - V|} (g.V + g.F - c)_+^e / e!,  e = m + |T|.
    alternating[e][T] holds the sum for F empty; F adds the same sum over the larger sets (see shifted()).
    """

    def __init__(self, own, entries, threshold, weights):
        features = len(entries)
        numbers, self.q = scaled(entries + [threshold])
        self.g, c = numbers[:features], numbers[features]
        self.own = own
        self.top = features + 2
        self.nonzero = sum(1 << j for j in range(features) if self.g[j])
        size = 1 << features
        part = [t for t in range(size) if t & self.nonzero == t]

        level = {0: -c}
        self.outside = {self.nonzero: 1}    # product of the g that are non-zero and not in T
        for t in part[1:]:
            low = t & -t
            level[t] = level[t ^ low] + self.g[low.bit_length() - 1]
        for t in reversed(part[:-1]):
            low = (self.nonzero ^ t) & -(self.nonzero ^ t)
            self.outside[t] = self.outside[t | low] * self.g[low.bit_length() - 1]

        self.alternating = []
        power = {t: int(level[t] > 0) for t in part}
        for _ in range(self.top + 1):
            table = dict(power)
            for j in range(features):
                bit = 1 << j
                if self.nonzero & bit:
                    for t in part:
                        if t & bit:
                            table[t] -= table[t ^ bit]
            self.alternating.append(table)
            power = {t: (power[t] * level[t] if level[t] > 0 else 0) for t in part}

        factorial = [math.factorial(e) for e in range(self.top + 1)]
        self.falling = [factorial[self.top] // f for f in factorial]
        self.common = self.outside[0] * factorial[self.top]     # denominator of every P
        self.accumulate(features, weights)

    def shifted(self, m, t, fixed):
        """Numerator over self.common of 2^(qm) P_m(t - fixed, fixed) for fixed a subset of t."""
        rest = t & ~fixed
        e = m + rest.bit_count()
        table = self.alternating[e]
        total = 0
        f = fixed
        while True:                         # sum over the subsets f of fixed
            total += table[rest | f]
            if not f:
                break
            f = (f - 1) & fixed
        return total * self.falling[e] * self.outside[rest]

    def accumulate(self, features, weights):
        g, own = self.g, self.own
        own_bit = 1 << own
        # Integer sums and what they are divided by besides self.common.
        second = [0] * (features + 1)       # E h_2 by the number of active features
        cross = [0] * (features + 1)        # E x_own h_1, likewise; divided by d_own
        first = 0                           # E h_1
        above = 0                           # E x_own h_0; divided by d_own
        x_first = [0] * features            # E x_j h_1; divided by d_j
        xx_above = [0] * features           # E x_own x_j h_0; divided by d_own d_j, or dd if j = own
        d = [a if a else 2 for a in g]
        dd = g[own] * g[own] if g[own] else 3
        cache = {}
        for s, weight in enumerate(weights):
            if not weight:
                continue
            t = s & self.nonzero
            count = s.bit_count()
            key = (t, s & own_bit)
            if key not in cache:
                one = {j: self.linear(t, j, 1) for j in range(features)}
                cross_zero = self.linear(t, own, 0) if s & own_bit else 0
                pair = {j: self.quadratic(t, own, j) for j in range(features)} if s & own_bit else {}
                cache[key] = (self.shifted(2, t, 0), self.shifted(1, t, 0), one, cross_zero, pair)
            h2, h1, one, zero, pair = cache[key]
            second[count] += weight * h2
            first += weight * h1
            for j in range(features):
                if s >> j & 1:
                    x_first[j] += weight * one[j]
            if s & own_bit:
                cross[count] += weight * one[own]
                above += weight * zero
                for j in range(features):
                    if s >> j & 1:
                        xx_above[j] += weight * pair[j]
        unit = 1 << self.q
        self.second = [Fraction(x, self.common * unit * unit) for x in second]
        self.cross = [Fraction(x, self.common * d[own] * unit) for x in cross]
        self.first = Fraction(first, self.common * unit)
        self.above = Fraction(above, self.common * d[own])
        self.x_first = [Fraction(x, self.common * d[j] * unit) for j, x in enumerate(x_first)]
        self.xx_above = [Fraction(x, self.common * (dd if j == own else d[own] * d[j]))
                         for j, x in enumerate(xx_above)]

    def linear(self, t, j, m):
        """E x_j h_m over T, times common * d_j; j is active."""
        bit = 1 << j
        if not self.g[j]:
            return self.shifted(m, t, 0)
        if not t & bit:
            return 0                        # j not in this set: never used
        return self.shifted(m + 1, t, bit) - self.shifted(m + 1, t, 0)

    def quadratic(self, t, i, j):
        """E x_i x_j h_0 over T, times common * d_i d_j (or dd if i = j); both are active."""
        a, b = 1 << i, 1 << j
        if i == j:
            if not self.g[i]:
                return self.shifted(0, t, 0)
            return (self.g[i] * self.shifted(1, t, a)
                    - 2 * (self.shifted(2, t, a) - self.shifted(2, t, 0)))
        if not self.g[i]:
            return self.linear(t, j, 0)
        if not self.g[j]:
            return self.linear(t, i, 0)
        if not t & b:
            return 0                        # never used
        return (self.shifted(2, t, a | b) - self.shifted(2, t, a)
                - self.shifted(2, t, b) + self.shifted(2, t, 0))


def evaluate(w, b, density, importance):
    """Exact loss, contributions and gradient.  All arguments: Fractions with powers of two below."""
    features = len(b)
    weights, r = support_weights(density)
    total_weight = 1 << r
    probability = [Fraction(0)] * (features + 1)
    squares = [[Fraction(0)] * (features + 1) for _ in range(features)]
    for s, weight in enumerate(weights):
        part = Fraction(weight, total_weight)
        probability[s.bit_count()] += part
        for i in range(features):
            if s >> i & 1:
                squares[i][s.bit_count()] += part / 3

    g = gram(w)
    contributions = [Fraction(0)] * (features + 1)
    gamma = []
    gradient_b = []
    for i in range(features):
        v = importance[i]
        row = Row(i, g[i], b[i], weights)
        for l in range(features + 1):
            contributions[l] += v * (squares[i][l]
                                     + (2 * row.second[l] - 2 * row.cross[l]) / total_weight)
        gamma.append([-2 * v * (row.xx_above[j] - row.x_first[j]) / total_weight
                      for j in range(features)])
        gradient_b.append(2 * v * (row.above - row.first) / total_weight)
    gradient_w = [[sum((wk[i] * (gamma[i][j] + gamma[j][i]) for i in range(features)), Fraction(0))
                   for j in range(features)] for wk in w]
    return Exact(sum(contributions, Fraction(0)), contributions, probability, gamma, gradient_w,
                 gradient_b)


def evaluate_floats(w, b, density=None, importance=None):
    """The same for float64 arguments, taken as the exact numbers they are."""
    features = len(b)
    density = [1.0] * features if density is None else density
    importance = [1.0] * features if importance is None else importance
    return evaluate([fractions_of(row) for row in w], fractions_of(b), fractions_of(density),
                    fractions_of(importance))


def hessian(w, b, density, importance, bits=400):
    """Second derivatives by w_1, ..., w_D (columns) and b: central differences of the exact gradient, with a
    step of 2^-bits, whose error of order 2^-2bits no double can show.  The step must not cross a kink."""
    features, hidden = len(b), len(w)
    step = Fraction(1, 1 << bits)
    places = [(k, j) for j in range(features) for k in range(hidden)] + [(None, j) for j in range(features)]

    def gradient(place, by):
        at_w, at_b = [list(row) for row in w], list(b)
        k, j = place
        if k is None:
            at_b[j] += by
        else:
            at_w[k][j] += by
        at = evaluate(at_w, at_b, density, importance)
        return [at.gradient_b[j] if k is None else at.gradient_w[k][j] for k, j in places]

    return [[(high - low) / (2 * step) for high, low in zip(gradient(place, step), gradient(place, -step))]
            for place in places]


def rounded(exact):
    """The results as float64, rounded to nearest (division of Python integers rounds correctly)."""
    return {"loss": float(exact.loss),
            "contributions": [float(x) for x in exact.contributions],
            "probability": [float(x) for x in exact.probability],
            "gradient_W": [[float(x) for x in row] for row in exact.gradient_w],
            "gradient_b": [float(x) for x in exact.gradient_b]}


# ---------------------------------------------------------------------------------------------------
# Second path, for checking: mpmath numbers, every set summed on its own, the moments as derivatives
# of E (z - c)_+^2 with respect to the entries, working precision from the entries, doubled until two
# results agree.

def mp_results(mp, w, b, density, importance):
    features = len(b)
    g = [[mp.fsum(row[i] * row[j] for row in w) for j in range(features)] for i in range(features)]
    contributions = [mp.mpf(0)] * (features + 1)
    gamma = [[mp.mpf(0)] * features for _ in range(features)]
    gradient_b = [mp.mpf(0)] * features
    for active in itertools.product((0, 1), repeat=features):
        weight = mp.fprod(density[j] if active[j] else 1 - density[j] for j in range(features))
        if not weight:
            continue
        for i in range(features):
            a, c = g[i], b[i]
            used = [j for j in range(features) if active[j] and a[j]]
            n = len(used)
            # s[()] = sum of +-(a.v - c)_+^(n+2), s[(j,)] the same over v_j = 1 with power n + 1, ...
            s = {}
            below = mp.mpf(0)               # power n + 1, all v
            below_x = {j: mp.mpf(0) for j in used}      # power n, v_j = 1
            s[()] = mp.mpf(0)
            for j in used:
                s[(j,)] = mp.mpf(0)
            s_ij = {j: mp.mpf(0) for j in used}
            for v in itertools.product((0, 1), repeat=n):
                y = mp.fsum([a[j] for j, on in zip(used, v) if on] + [-c])
                if y <= 0:
                    continue
                sign = -1 if (n - sum(v)) % 2 else 1
                power = sign * y ** n
                on = [j for j, bit in zip(used, v) if bit]
                s[()] += power * y * y
                below += power * y
                for j in on:
                    s[(j,)] += power * y
                    below_x[j] += power
                    if i in on:
                        s_ij[j] += power
            scale = mp.fprod(a[j] for j in used)
            k = mp.factorial(n)
            p2 = s[()] / (scale * k * (n + 1) * (n + 2))            # E (z-c)_+^2 / 2
            p1 = below / (scale * k * (n + 1))                      # E (z-c)_+
            d = {j: s[(j,)] / (scale * k * (n + 1)) for j in used}
            x1 = {j: d[j] - p2 / a[j] for j in used}                # dp2/da_j = E x_j (z-c)_+
            for j in range(features):
                if active[j] and not a[j]:
                    x1[j] = p1 / 2

            loss = 2 * p2
            gradient = -p1
            if active[i]:
                if a[i]:
                    x0 = below_x[i] / (scale * k) - p1 / a[i]       # dp1/da_i = E x_i 1{z>c}
                else:
                    x0 = mp.mpf(1 if -c > 0 else 0) / 2
                loss += mp.mpf(1) / 3 - 2 * x1[i]
                gradient += x0
            contributions[sum(active)] += weight * importance[i] * loss
            gradient_b[i] += 2 * weight * importance[i] * gradient
            for j in range(features):
                if not active[j]:
                    continue
                value = x1[j]
                if active[i]:
                    if a[i] and a[j]:                               # d2p2/da_i da_j = E x_i x_j 1{z>c}
                        xx = s_ij[j] / (scale * k) - d[i] / a[j] - d[j] / a[i] + p2 / (a[i] * a[j])
                        if i == j:
                            xx += p2 / (a[i] * a[i])
                    elif a[i]:
                        xx = x0 / 2
                    else:
                        xx = x0 * (mp.mpf(2) / 3 if i == j else mp.mpf(1) / 2)
                    value -= xx
                gamma[i][j] += 2 * weight * importance[i] * value
    gradient_w = [mp.fsum(wk[i] * (gamma[i][j] + gamma[j][i]) for i in range(features))
                  for wk in w for j in range(features)]
    return [mp.fsum(contributions)] + contributions + gradient_b + gradient_w


def mp_evaluate(w, b, density, importance, digits=30):
    import mpmath
    mp = mpmath.mp.clone()

    def convert(values):
        return [mp.mpf(x.numerator) / x.denominator for x in fractions_of(values)]

    # Start where tiny entries still count in a.v - c and its powers: below, two precisions can agree
    # on a wrong value, both having swallowed the same entry.
    spans = [scaled(row + [fractions_of(b)[i]])[0]
             for i, row in enumerate(gram([fractions_of(row) for row in w]))]
    previous = None
    mp.prec = 200 + (len(b) + 2) * max(abs(x).bit_length() for row in spans for x in row)
    while True:
        now = mp_results(mp, [convert(row) for row in w], convert(b), convert(density),
                         convert(importance))
        if previous is not None and all(
                abs(x - y) <= mp.mpf(10) ** -digits * abs(y) or abs(x - y) < mp.mpf(10) ** -360
                for x, y in zip(previous, now)):
            return mp, now
        previous = now
        mp.dps *= 2


def flat(exact):
    return [exact.loss] + exact.contributions + exact.gradient_b + [x for r in exact.gradient_w for x in r]


# ---------------------------------------------------------------------------------------------------
# Third path: nested Gauss-Legendre quadrature of the pointwise loss, split where an output switches on.

def quadrature(w, b, density, importance):
    import mpmath
    mp = mpmath.mp.clone()
    mp.dps = 40
    features = len(b)
    w = [[mp.mpf(x) for x in row] for row in w]
    b, density, importance = ([mp.mpf(x) for x in y] for y in (b, density, importance))
    g = [[mp.fsum(row[i] * row[j] for row in w) for j in range(features)] for i in range(features)]

    def integrate(function, a, c, free, x):
        """Integral of function(x) over the coordinates in free, breaking at the images of a.x = c."""
        if not free:
            return function(x)
        j, rest = free[0], free[1:]
        points = [mp.mpf(0), mp.mpf(1)]
        if a[j]:
            fixed = mp.fsum(a[k] * x[k] for k in range(features) if k not in free)
            for v in itertools.product((0, 1), repeat=len(rest)):
                at = (c - fixed - mp.fsum(a[k] * on for k, on in zip(rest, v))) / a[j]
                if 0 < at < 1:
                    points.append(at)

        def inner(value):
            y = list(x)
            y[j] = value
            return integrate(function, a, c, rest, y)

        points = sorted(set(points))
        return mp.fsum(mp.quad(inner, [lo, hi], method="gauss-legendre", maxdegree=2)
                       for lo, hi in zip(points, points[1:]))

    contributions = [mp.mpf(0)] * (features + 1)
    gamma = [[mp.mpf(0)] * features for _ in range(features)]
    gradient_b = [mp.mpf(0)] * features
    for active in itertools.product((0, 1), repeat=features):
        weight = mp.fprod(density[j] if active[j] else 1 - density[j] for j in range(features))
        free = [j for j in range(features) if active[j]]
        for i in range(features):
            a, c = g[i], b[i]

            def output(x):
                z = mp.fsum(a[k] * x[k] for k in range(features)) - c
                return z if z > 0 else None

            def squared(x):
                z = output(x)
                return (x[i] - (z or 0)) ** 2

            def slope(x, j):
                z = output(x)
                return mp.mpf(0) if z is None else (x[i] - z) * (x[j] if j >= 0 else 1)

            zero = [mp.mpf(0)] * features
            factor = weight * importance[i]
            contributions[len(free)] += factor * integrate(squared, a, c, free, zero)
            gradient_b[i] += 2 * factor * integrate(lambda x: slope(x, -1), a, c, free, zero)
            for j in free:
                gamma[i][j] -= 2 * factor * integrate(lambda x: slope(x, j), a, c, free, zero)
    gradient_w = [mp.fsum(wk[i] * (gamma[i][j] + gamma[j][i]) for i in range(features))
                  for wk in w for j in range(features)]
    return mp, [mp.fsum(contributions)] + contributions + gradient_b + gradient_w


# ---------------------------------------------------------------------------------------------------

def finite_difference_error(w, b, density, importance):
    """Largest error of the exact gradient against central differences of the exact loss, relative to
    the largest component.  A component through a zero column with zero threshold sits on a kink: left out."""
    w = [fractions_of(row) for row in w]
    b, density, importance = fractions_of(b), fractions_of(density), fractions_of(importance)
    exact = evaluate(w, b, density, importance)
    finest = max(x.denominator.bit_length() for row in gram(w) for x in row + b)
    step = Fraction(1, 1 << (200 if finest < 800 else finest + 200))
    worst, scale = Fraction(0), Fraction(0)

    def difference(change):
        values = []
        for sign in (1, -1):
            w1, b1 = [list(row) for row in w], list(b)
            change(w1, b1, sign * step)
            values.append(evaluate(w1, b1, density, importance).loss)
        return (values[0] - values[1]) / (2 * step)

    def compare(j, change, value):
        nonlocal worst, scale
        if not b[j] and not any(row[j] for row in w):
            return
        scale = max(scale, abs(value))
        worst = max(worst, abs(difference(change) - value))

    for j in range(len(b)):
        def move_b(w1, b1, h, j=j):
            b1[j] += h
        compare(j, move_b, exact.gradient_b[j])
        for k in range(len(w)):
            def move_w(w1, b1, h, k=k, j=j):
                w1[k][j] += h
            compare(j, move_w, exact.gradient_w[k][j])
    return float(worst / scale) if scale else float(worst)


def relative_error(mp, exact, other):
    """Largest error over the entries of flat(), each relative to its own size (values below 1e-300: to 1e-300)."""
    worst = mp.mpf(0)
    for x, y in zip(flat(exact), other):
        x = mp.mpf(x.numerator) / x.denominator
        worst = max(worst, abs(x - y) / max(abs(x), mp.mpf(10) ** -300))
    return float(worst)


QUADRATURE_MODELS = [
    ("1 feature, positive threshold", [[0.9]], [0.1], [0.3], [1.0]),
    ("1 feature, negative threshold", [[0.5]], [-0.2], [0.7], [2.0]),
    ("2 features, opposite", [[1.0, -1.0]], [0.0, 0.0], [0.1, 0.1], [1.0, 1.0]),
    ("2 features, unequal", [[0.8, -0.3], [0.2, 1.1]], [0.05, -0.1], [0.2, 0.6], [1.0, 0.5]),
    ("2 features, zero column", [[0.0, 0.7]], [-0.15, 0.2], [0.4, 0.3], [1.0, 1.0]),
    ("2 features, both zero", [[0.0, 0.0]], [0.0, -0.3], [0.5, 1.0], [1.0, 3.0]),
    ("3 features, triangle", [[1.0, -0.5, -0.5], [0.0, 0.866, -0.866]], [0.1, -0.1, 0.0],
     [0.25, 0.25, 0.25], [1.0, 0.9, 0.81]),
    ("3 features, dense", [[1.3, -0.4, 0.6]], [0.3, -0.2, 0.4], [1.0, 0.9, 1.0], [1.0, 1.0, 0.0]),
    ("3 features, zero entry of G", [[1.0, 0.0, 0.5], [0.0, 0.75, 0.5]], [0.125, 0.25, 0.375],
     [0.1, 0.2, 0.3], [1.0, 1.0, 1.0]),
    ("3 features, hidden 4", [[0.9, 0.1, 0.0], [-0.1, 1.0, 0.2], [0.0, 0.1, 0.8], [0.3, -0.2, 0.1]],
     [0.02, -0.03, 0.01], [0.5, 0.05, 0.4], [1.0, 2.0, 0.25]),
]


def self_check(table):
    failures = 0

    def report(name, error, limit):
        nonlocal failures
        bad = not error <= limit
        failures += bad
        print("%-64s %.1e%s" % (name, error, "   TOO LARGE, limit %.0e" % limit if bad else ""), flush=True)

    # Values known in closed form; these must hold exactly.
    p, v = Fraction(3, 8), Fraction(5, 4)
    one = Fraction(1)
    ignored = evaluate([[Fraction(0)]], [-p / 2], [p], [v])
    report("ignored feature at its best constant: v (p/3 - p^2/4)",
           float(abs(ignored.loss - v * (p / 3 - p * p / 4)) + abs(ignored.gradient_b[0])), 0)
    digon = evaluate([[one, -one]], [Fraction(0)] * 2, [p, p], [v, one])
    report("opposite pair: (v1 + v2) p^2 / 6", float(abs(digon.loss - (v + 1) * p * p / 6)), 0)
    report("  all of it on two active features", float(abs(digon.loss - digon.contributions[2])), 0)
    eye = evaluate([[one, 0 * one], [0 * one, one]], [Fraction(0)] * 2, [p, p], [one, one])
    report("identity: zero loss and gradient", float(sum(abs(x) for x in flat(eye))), 0)

    for name, w, b, density, importance in QUADRATURE_MODELS:
        exact = evaluate_floats(w, b, density, importance)
        mp, other = quadrature(w, b, density, importance)
        scale = max(abs(x) for x in other)
        worst = max(abs(mp.mpf(x.numerator) / x.denominator - y) for x, y in zip(flat(exact), other))
        report("quadrature, %s" % name, float(worst / scale), 1e-35)
        report("  differences", finite_difference_error(w, b, density, importance), 1e-50)

    if table is None:
        return failures
    with open(table) as file:
        models = json.load(file)
    mismatch = worst_mp = 0
    worst_fd = 0.0
    differenced = 0
    for number, model in enumerate(models):
        arguments = [model[key] for key in ("W", "b", "density", "importance")]
        features = len(model["b"])
        exact = evaluate_floats(*arguments)
        mismatch += any(model[key] != value for key, value in rounded(exact).items())
        mp, other = mp_evaluate(*arguments)
        worst_mp = max(worst_mp, relative_error(mp, exact, other))
        if features <= 3 or number % 8 == 0 and features <= 6:
            error = finite_difference_error(*arguments)
            differenced += 1
            worst_fd = max(worst_fd, error)
            if error > 1e-40:
                print("  differences of %s: %.1e" % (model["name"], error))
    report("table: %d models that do not reproduce, of %d" % (mismatch, len(models)), mismatch, 0)
    report("table: mpmath at doubled precision, %d models" % len(models), worst_mp, 1e-30)
    report("table: differences, %d models" % differenced, worst_fd, 1e-40)
    return failures


def main():
    parser = argparse.ArgumentParser(description="Exact loss and gradient of one model, by enumeration.")
    parser.add_argument("model", nargs="?", help="JSON object with W (d rows), b, density, importance; - for stdin")
    parser.add_argument("--self-check", action="store_true",
                        help="compare with other computations; MODEL is then a table (default: the one beside this file)")
    arguments = parser.parse_args()
    if arguments.self_check:
        table = arguments.model
        if table is None:
            beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "exact_loss_table.json")
            table = beside if os.path.exists(beside) else None
        failures = self_check(table)
        print("self-check: %s" % ("%d FAILED" % failures if failures else "passed"))
        return 1 if failures else 0
    if arguments.model is None:
        parser.error("a model or --self-check")
    if arguments.model == "-":
        model = json.load(sys.stdin)
    else:
        with open(arguments.model) as file:
            model = json.load(file)
    exact = evaluate_floats(model["W"], model["b"], model.get("density"), model.get("importance"))
    print(json.dumps(rounded(exact), separators=(",", ":")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
