"""Checks a certificate of `skeleta certify` by itself: every number and every leaf, nothing believed.

    python3 check_certificate.py pentagon.txt
    python3 check_certificate.py phases.txt --every 100

It shares no code with the prover and needs nothing but Python: all arithmetic is that of intervals of
integers, units of 2^-96, rounded outwards. What it evaluates is the argument of analysis/proofs.md.
Prints the statement and ends with 0, or the first thing that fails and ends with 1. With --every N the first and
each N-th after it of many are checked: of the points of phases, some seconds each, or of the leaves of a polygon.
"""

import argparse
import sys
from fractions import Fraction

import check_phases
from exact_intervals import (ONE, PI, Failed, add, at_least, at_most, check_tree, cos, cube, digest, div, exact, hull,
                             middle, mul, neg, over, require, root, sin, square, sub, times)

# --- one edge: closed forms, and thresholds minimised out ------------------------------------------------


def phi_at(a, c):
    """Integral over t in [0, 1] of the square of max(at - c, 0): numbers a > 0 and c."""
    if c >= a:
        return (0, 0)
    if c >= 0:
        return div(cube((a - c, a - c)), (3 * a, 3 * a))
    x, y = (a, a), (c, c)
    return add(sub(over(square(x), 3), mul(x, y)), square(y))


def psi_at(a, c):
    """The same of t max(at - c, 0)."""
    if c >= a:
        return (0, 0)
    x, y = (a, a), (c, c)
    if c < 0:
        return sub(over(x, 3), over(y, 2))
    return div(mul(square(sub(x, y)), add(times(2, x), y)), times(6, square(x)))


def phi(a, c):
    """Rises with a, falls with c."""
    return (max(phi_at(a[0], c[1])[0], 0), phi_at(a[1], c[0])[1])


def psi(a, c):
    return (max(psi_at(a[0], c[1])[0], 0), psi_at(a[1], c[0])[1])


def own(a, b):
    """S(a, b): what a feature loses by itself."""
    return add(sub(exact(Fraction(1, 3)), times(2, psi(a, b))), phi(a, b))


def own_slope(a, b):
    """dS/da."""
    tau = at_most(div(at_least(b, 0), a), ONE)
    return sub(times(2, psi(a, b)), over(times(2, sub((ONE, ONE), cube(tau))), 3))


def pull(alpha, beta, a, g):
    return add(mul(alpha, sub(a, (ONE, ONE))), mul(beta, g))


def smaller_root(alpha, beta, a, g):
    """The minimum between 0 and min(a, g), and whether it exists for the whole box; or None."""
    C, total = pull(alpha, beta, a, g), add(alpha, beta)
    A = add(mul(alpha, add(div((ONE, ONE), square(a)), div((ONE, ONE), a))), div(beta, g))
    positive = at_least(C, 0)
    inside = sub(square(total), mul(A, positive))
    if inside[1] < 0:
        return None
    return div(positive, add(total, root(inside))), C[0] >= 0 and inside[0] >= 0


def minima(alpha, beta, a, g):
    """Intervals that hold every b where alpha S(a, b) + beta phi(g; b) may have a minimum below alpha/3,
    and whether they are one with 0 < b < min(a, g)."""
    places, between = [], False
    C = pull(alpha, beta, a, g)
    if C[0] <= 0:
        places.append(div(at_most(C, 0), times(2, add(alpha, beta))))
    found = smaller_root(alpha, beta, a, g) if C[1] >= 0 else None
    if found:
        (low, high), certain = found
        rises = mul(square(div((low, high), a)), add((ONE, ONE), div((2 * ONE, 2 * ONE), a)))
        if certain and rises[1] < ONE:  # b rises with a and g
            first = smaller_root(alpha, beta, (a[0], a[0]), (g[0], g[0]))
            last = smaller_root(alpha, beta, (a[1], a[1]), (g[1], g[1]))
            low = max(low, first[0][0]) if first else low
            high = min(high, last[0][1]) if last else high
        high = min(high, a[1], g[1])
        if low <= high:
            between = not places and low > 0 and high < min(a[0], g[0])
            places.append((low, high))
    if a[1] >= ONE:
        def alone(x):
            return div(mul((x, x), (x - ONE, x - ONE)), (x + ONE, x + ONE))
        low, high = alone(max(a[0], ONE))[0], alone(a[1])[1]
        if high >= g[0]:
            between = False
            places.append((max(low, g[0], 0), high))
    return places, between


def value(alpha, beta, a, g, b):
    return add(mul(alpha, own(a, b)), mul(beta, phi(g, b)))


def least_at(alpha, beta, a, g):
    """Lower bound, an integer, of the least value over all b; of numbers, or what is nearly one."""
    values = [value(alpha, beta, a, g, b)[0] for b in minima(alpha, beta, a, g)[0]]
    return max(min([alpha[0] // 3] + values), 0)


def least(alpha, beta, a, g):
    """The same of a box: it rises with g, and is centred in a."""
    g = (g[0], g[0])
    places, _ = minima(alpha, beta, a, g)
    if not places:
        return alpha[0] // 3
    slope = mul(alpha, hull(*(own_slope(a, b) for b in places)))
    centre = middle(a)
    bound = least_at(alpha, beta, centre, g) + mul(slope, sub(a, centre))[0]
    return max(min(alpha[0] // 3, bound), 0)


HALF, WHOLE = (ONE // 2, ONE // 2), (ONE, ONE)


def edge_slopes(box, mu):
    """Of h by both lengths and the angle, thresholds minimised out; None where an end is silent throughout."""
    r, s, angle = box
    a, c, cosine = square(r), square(s), cos(angle)
    g = mul(mul(r, s), cosine)
    at_r, at_s = minima(HALF, WHOLE, a, g)[0], minima(HALF, WHOLE, c, g)[0]
    if not at_r or not at_s:
        return None
    by_g = times(2, add(psi(g, hull(*at_r)), psi(g, hull(*at_s))))
    return (add(mul(r, hull(*(own_slope(a, b) for b in at_r))), mul(mul(s, cosine), by_g)),
            add(mul(s, hull(*(own_slope(c, b) for b in at_s))), mul(mul(r, cosine), by_g)),
            sub(mu, mul(mul(mul(r, s), sin(angle)), by_g)))


def edge_bound(box, mu, theta0):
    """Lower bound of h minus that part of the polygon's edge which the multiplier gives."""
    r, s, angle = box
    a, c, cosine = square(r), square(s), cos(angle)
    g = mul(mul(r, s), cosine)
    turn = mul(mu, sub(angle, theta0))[0]
    one, other = least(HALF, WHOLE, a, g), least(HALF, WHOLE, c, g)
    plain, silent = one + other + turn, ONE // 6 + min(one, other) + turn
    at_r, at_s = minima(HALF, WHOLE, a, g)[0], minima(HALF, WHOLE, c, g)[0]
    if not at_r or not at_s:
        return max(plain, silent)
    slopes = edge_slopes(box, mu)
    r0, s0, angle0 = (middle(side) for side in box)
    g0 = mul(mul(r0, s0), cos(angle0))
    centred = (least_at(HALF, WHOLE, square(r0), g0) + least_at(HALF, WHOLE, square(s0), g0)
               + mul(mu, sub(angle0, theta0))[0])
    for slope, side in zip(slopes, box):
        centred += mul(slope, sub(side, middle(side)))[0]
    return max(plain, min(centred, silent))


def number(x):
    return (x, x)


def curvature(a, g, b):
    """Half the second derivative of S by b, and that of phi(g; b), for 0 < b < min(a, g): it falls with b."""
    t = div(b, a)
    return add(sub(sub(WHOLE, t), div(t, a)), times(2, sub(WHOLE, div(b, g))))


def thresholds(a, g, slack):
    """Holds every b of an end that costs at most `slack` more than the best one, if that is the only minimum and
    all of them lie between 0 and min(a, g); or None. Beyond both ends the cost exceeds the least one by more: it
    has that curvature in between, and turns down again, if at all, only towards that of silence."""
    places, between = minima(HALF, WHOLE, a, g)
    if not between or value(HALF, WHOLE, a, g, places[0])[1] + slack >= ONE // 6:
        return None
    best = places[0]
    if slack == 0:
        return best
    wide = best
    for _ in range(3):
        least = curvature(a, g, number(wide[1]))[0]
        if least <= 0:
            return None
        half = int(1.02 * (2 * slack / least) ** 0.5 * ONE)
        wide = (best[0] - half, best[1] + half)
        if wide[0] <= 0 or wide[1] >= min(a[0], g[0]):
            return None
    enough = over(mul(curvature(a, g, number(wide[1])), square(number(half))), 2)
    return wide if enough[0] > slack else None


def end(r, g, b):
    """Derivatives of one end of an edge, its threshold between 0 and min(a, g). Second ones by b and by the inner
    product or the square of the length are those of a form that is no larger anywhere in the box: with s = b/g,
    2 int_s^1 (t, -1)(t, -1)' dt falls with s. Of S, t = b/a, there is -2 t (t, -1)(t, -1)'/a besides, which falls
    with t up to a third of the difference of the cubes in its first entry."""
    a = square(r)
    t, s = number(div(number(b[1]), number(a[0]))[1]), number(div(number(b[1]), number(g[0]))[1])
    first = number(div(number(b[0]), number(a[1]))[0])
    short = number(a[0])
    rise = over(sub(cube(t), cube(first)), 3)
    aa = sub(over(sub(WHOLE, cube(t)), 3), div(add(cube(t), rise), short))
    ab = sub(div(square(t), short), over(sub(WHOLE, square(t)), 2))
    return {"rr": add(times(4, mul(a, aa)), own_slope(a, b)), "rb": times(2, mul(r, ab)),
            "bb": add(sub(sub(WHOLE, t), div(t, short)), times(2, sub(WHOLE, s))),
            "g": times(2, psi(g, b)), "gg": over(times(2, sub(WHOLE, cube(s))), 3),
            "gb": sub(square(s), WHOLE)}


def positive_definite(H):
    """Is every symmetric matrix of H? In the basis of an approximate Cholesky factor of the middle, where
    it is nearly 1, each diagonal entry exceeds the sum of the others in its row (Gershgorin)."""
    n = len(H)
    L = [[0.0] * n for _ in range(n)]
    mid = [[(x[0] + x[1]) / 2 / ONE for x in row] for row in H]
    for i in range(n):
        for j in range(i + 1):
            rest = mid[i][j] - sum(L[i][k] * L[j][k] for k in range(j))
            if i == j and rest <= 0.0:
                return False
            L[i][j] = rest ** 0.5 if i == j else rest / L[j][j]
    Y = [[0.0] * n for _ in range(n)]
    for j in range(n):
        Y[j][j] = 1.0 / L[j][j]
        for i in range(j + 1, n):
            Y[i][j] = -sum(L[i][k] * Y[k][j] for k in range(j, i)) / L[i][i]
    # Any numbers will do for Y: if Y were singular, no Y H Y' would be positive definite.
    Y = [[exact(x) for x in row] for row in Y]

    def product(A, B):
        return [[_sum(mul(A[i][k], B[k][j]) for k in range(n)) for j in range(n)] for i in range(n)]

    M = product(product(Y, H), [list(column) for column in zip(*Y)])
    for i in range(n):
        rest = sum(max(-M[i][j][0], M[i][j][1]) for j in range(n) if j != i)
        if M[i][i][0] <= rest:
            return False
    return True


def _sum(intervals):
    total = (0, 0)
    for x in intervals:
        total = add(total, x)
    return total


def convex(box, slack=0, near=None, modulus=((0, 0),) * 3):
    """Does the Hessian of the edge in (r, s, angle, b, b') exceed the diagonal matrix of the moduli, at all thresholds
    that cost at most `slack` more than the best ones, which have to lie in `near`?"""
    r, s, angle = box
    cosine, sine = cos(angle), sin(angle)
    g = mul(mul(r, s), cosine)
    both = [thresholds(square(x), g, slack) for x in (r, s)]
    if None in both or near and any(b[0] < near[0] or b[1] > near[1] for b in both):
        return False

    def over_all(both):
        if steep(r, s, g, cosine, sine, both, modulus):
            return True
        wider = int(both[1][1] - both[1][0] > both[0][1] - both[0][0])
        low, high = both[wider]
        if high - low <= ONE >> 10:
            return False
        parts = []
        for part in ((low, (low + high) // 2), ((low + high) // 2, high)):
            parts.append(list(both))
            parts[-1][wider] = part
        return over_all(parts[0]) and over_all(parts[1])
    return over_all(both)


def steep(r, s, g, cosine, sine, both, modulus):
    one, other = end(r, g, both[0]), end(s, g, both[1])
    d = (mul(s, cosine), mul(r, cosine), neg(mul(mul(r, s), sine)))  # of g
    slope, gg = add(one["g"], other["g"]), add(one["gg"], other["gg"])
    second = ((None, cosine, neg(mul(s, sine))), (cosine, None, neg(mul(r, sine))),
              (neg(mul(s, sine)), neg(mul(r, sine)), neg(g)))
    H = [[(0, 0)] * 5 for _ in range(5)]
    for i in range(3):
        for j in range(3):
            H[i][j] = mul(gg, square(d[i]) if i == j else mul(d[i], d[j]))
            if second[i][j] is not None:
                H[i][j] = add(H[i][j], mul(slope, second[i][j]))
        H[i][3] = H[3][i] = mul(one["gb"], d[i])
        H[i][4] = H[4][i] = mul(other["gb"], d[i])
    H[0][0], H[1][1] = add(H[0][0], one["rr"]), add(H[1][1], other["rr"])
    H[0][3] = H[3][0] = add(H[0][3], one["rb"])
    H[1][4] = H[4][1] = add(H[1][4], other["rb"])
    H[3][3], H[4][4] = one["bb"], other["bb"]
    for i, least in enumerate((modulus[0], modulus[0], modulus[1], modulus[2], modulus[2])):
        H[i][i] = sub(H[i][i], least)
    return positive_definite(H)


# --- a stage ----------------------------------------------------------------------------------------------


class Stage:
    """The numbers and the tree of one polygon."""

    def __init__(self, corners, numbers, tree):
        self.corners, self.tree = corners, tree
        self.numbers = {name: [exact(x) for x in values] for name, values in numbers.items()}
        self.grid = {name: values for name, values in numbers.items()}

    def end(self, name, which=0):
        return self.numbers[name][which]

    def pair(self, name):
        return hull(*self.numbers[name])

    def check_numbers(self, without_one, without_two):
        """Everything but the tree; `without_…` are lower bounds of the smaller problems."""
        k, where = self.corners, f"{self.corners} corners: "
        theta = over(times(2, PI), k)
        cosine = cos(theta)

        def polygon(r):
            a = square(r)
            g = mul(a, cosine)
            places, between = minima(HALF, WHOLE, a, g)
            require(between and value(HALF, WHOLE, a, g, places[0])[1] < ONE // 6,
                    where + "the thresholds of the polygon are not between 0 and its inner products")
            b = places[0]
            slope = add(own_slope(a, b), times(4, mul(cosine, psi(g, b))))
            return a, g, b, slope

        column = self.pair("column")
        require(0 < column[0] < column[1], where + "'column' is no interval")
        require(polygon(self.end("column"))[3][1] < 0 < polygon(self.end("column", 1))[3][0],
                where + "no symmetric polygon need be stationary in 'column'")
        a, g, b, slope = polygon(column)
        self.mu = mul(times(4, psi(g, b)), mul(a, sin(theta)))
        centre = middle(column)
        a0, g0, b0, _ = polygon(centre)
        edge = add(add(own(a0, b0), times(2, phi(g0, b0))),
                   times(2, mul(mul(column, slope), sub(column, centre))))
        slack = self.end("slack")
        self.theta, self.enough, self.far = theta, edge[1], edge[1] + slack[1]
        lower, upper = self.end("minimum"), self.end("minimum", 1)
        require(lower[0] >= 0, where + "'minimum' begins below 0, where no loss is")
        require(lower[1] <= k * edge[0] and k * edge[1] <= upper[0],
                where + "the polygon's loss need not lie in 'minimum'")
        require(self.mu[0] > 0, where + "the multiplier need not be positive")
        most = upper[1] + slack[1]
        self.one, self.two = most - without_one, most - without_two
        self.lower = lower[0]

        longest, shortest, widest = self.end("longest"), self.end("shortest"), self.end("widest")
        a = square(longest)
        require(longest[0] > ONE and over(square(div(sub(a, WHOLE), add(a, WHOLE))), 3)[0] > self.one,
                where + "a column may be longer than 'longest'")
        require(0 < shortest[0] and shortest[1] <= ONE, where + "'shortest' is none")
        short = (0, shortest[1])
        rest = sub(WHOLE, square(short))
        pulled = add(rest, times(2 * (k - 1), mul(short, longest)))
        require(sub(over(square(rest), 3), over(square(pulled), 4 * k))[0] > self.one,
                where + "a column may be shorter than 'shortest'")
        require(2 * widest[1] < PI[0], where + "'widest' need not be below a right angle")
        require(mul(self.mu, sub(widest, theta))[0] > self.far, where + "a gap may be wider than 'widest'")
        well, gap = self.pair("well_column"), self.pair("well_angle")
        require(shortest[1] < well[0] <= column[0] and column[1] <= well[1] < longest[0],
                where + "'well_column' does not hold the polygon")
        require(0 < gap[0] <= theta[0] and theta[1] <= gap[1] < widest[0],
                where + "'well_angle' does not hold the polygon")
        self.well = (well, well, gap)
        near, near_gap = self.pair("near_column"), self.pair("near_angle")
        require(slack[0] >= 0 and shortest[1] < near[0] <= well[0] and well[1] <= near[1] < longest[0]
                and 0 < near_gap[0] <= gap[0] and gap[1] <= near_gap[1] < widest[0],
                where + "'near_column' and 'near_angle' do not hold the well")
        self.near = (near, near, near_gap)
        self.steep = "modulus" in self.numbers
        if self.steep:
            require(all(x[0] > 0 for x in self.numbers["modulus"]) and slack[0] > 0,
                    where + "'modulus' needs three numbers above 0, and a 'slack'")
            self.wanted = (slack[1], self.pair("near_threshold"), self.numbers["modulus"])

    def roots(self):
        def pieces(low, near, well, high):
            ends = (low, near[0], *well, near[1], high)
            return [(a, b) for a, b in zip(ends, ends[1:]) if a < b]

        lengths = pieces(self.end("shortest")[0], self.near[0], self.well[0], self.end("longest")[0])
        angles = pieces(0, self.near[2], self.well[2], self.end("widest")[0])
        cut = (lengths, lengths, angles)
        return [(r, s, angle) for r in cut[0] for s in cut[1] for angle in cut[2]]

    def proven(self, box, reason):
        r, s, angle = box
        if reason == "o":
            return r[0] > s[1]
        def lies_in(outside):
            return all(outer[0] <= side[0] and side[1] <= outer[1] for side, outer in zip(box, outside))

        if lies_in(self.well):
            return reason == "c" and (convex(box, *self.wanted) if self.steep else convex(box))
        if reason == "h":
            enough = self.enough if lies_in(self.near) and not self.steep else self.far
            return edge_bound(box, self.mu, self.theta) > enough
        if reason == "n":
            slopes = edge_slopes(box, self.mu) if self.steep and lies_in(self.near) else None
            return slopes is not None and any(x[0] > 0 or x[1] < 0 for x in slopes) and convex(box, *self.wanted)
        if self.steep and all(side[0] <= outer[1] and outer[0] <= side[1] for side, outer in zip(box, self.near)):
            return False  # on the faces of what is near, the edge itself has to be dear
        a, c = square(r), square(s)
        g = mul(mul(r, s), cos(angle))
        if reason == "r":
            return least(WHOLE, WHOLE, a, g) > self.one
        if reason == "s":
            return least(WHOLE, WHOLE, c, g) > self.one
        if reason == "p":
            return least(WHOLE, WHOLE, a, g) + least(WHOLE, WHOLE, c, g) > self.two
        return False

    def check_tree(self, every=1):
        check_tree(self.tree, self.roots(), self.proven, f"{self.corners} corners, ", every)


# --- the whole loss -----------------------------------------------------------------------------------------


def pair_loss(own, a, g, b, cells=128):
    """Upper bound of the integral of (own t - (a t + g s - b)+)^2 over the unit square: own is 0 or 1."""
    total, sides = 0, [(ONE * n // cells, ONE * (n + 1) // cells) for n in range(cells)]
    for t in sides:
        for s in sides:
            miss = sub(times(own, t), at_least(sub(add(mul(a, t), mul(g, s)), b), 0))
            total += square(miss)[1]
    return number(total // cells ** 2 + 1)


def twice(angle):
    """Cosine and sine of the double angle, between a quarter and half a turn: both fall."""
    require(4 * angle[0] > PI[1] and 2 * angle[1] < PI[0], "a gap is no gap of a pentagon")

    def at(x):
        c, s = cos((x, x)), sin((x, x))
        return sub(times(2, square(c)), WHOLE), times(2, mul(s, c))
    first, last = at(angle[0]), at(angle[1])
    return tuple((last[k][0], first[k][1]) for k in range(2))


def absolute(x):
    return number(max(-x[0], x[1]))


class Curvature:
    """Upper bounds of what R, that which two and more active features add, takes from second derivatives: of the
    squares of the changes of lengths, gaps and thresholds (analysis/proofs.md, "Only one pentagon")."""

    def __init__(self, stage):
        self.r, _, gap = stage.near
        self.b, self.a = stage.pair("near_threshold"), square(self.r)
        # Cosine and sine of neighbours and of columns two steps apart; how often the square of a gap is counted.
        self.near, self.far = (cos(gap), sin(gap), 2), (*twice(gap), 8)
        require(self.near[0][0] > 0 and self.far[0][1] < 0 and self.b[0] > 0, "inner products may have the wrong sign")

    def bend(self, step, factor, total):
        """Adds factor |g''| of all ordered pairs of that step."""
        c, s, longest = absolute(step[0]), absolute(step[1]), number(self.r[1])
        total[0] = add(total[0], times(4, mul(factor, add(c, mul(s, longest)))))
        angle = add(times(2, mul(s, longest)), mul(square(longest), c))
        total[1] = add(total[1], times(step[2], mul(factor, angle)))

    def kink(self, step, total, cells=64):
        """Adds 2/a times the integral of t u'^2 along u = 0, t the own feature, of all ordered pairs."""
        r, a, g = self.r, self.a, mul(self.a, step[0])
        for n in range(cells):
            s = (ONE * n // cells, ONE * (n + 1) // cells)
            t = at_most(at_least(div(sub(self.b, mul(g, s)), a), 0), ONE)
            across = mul(mul(r, step[0]), s)
            own, other = absolute(add(times(2, mul(r, t)), across)), absolute(across)
            angle = absolute(mul(mul(a, step[1]), s))
            factor = div(number(2 * t[1] // cells + 1), number(a[0]))
            factor = mul(factor, add(add(own, other), add(angle, WHOLE)))
            total[0] = add(total[0], times(2, mul(factor, add(own, other))))
            total[1] = add(total[1], times(step[2], mul(factor, angle)))
            total[2] = add(total[2], times(2, factor))

    def pairs(self):
        total, g = [(0, 0)] * 3, number(mul(self.a, self.near[0])[1])
        for step in (self.near, self.far):
            more = sub(add(sub(self.a, WHOLE), at_least(mul(self.a, step[0]), 0)), self.b)
            most = number(max(ONE, more[1]))
            total[0] = add(total[0], times(4, most))
            self.bend(step, most, total)
            self.kink(step, total)
        low = number(self.b[0])
        both = div(times(3, square(g)), times(16, low))
        idle = div(square(at_least(sub(g, low), 0)), times(4, g))
        self.bend(self.near, add(times(2, both), times(4, psi(g, low))), total)
        self.bend(self.far, times(4, idle), total)
        return total

    def more(self):
        longest = number(self.r[1])
        both = times(2, number(mul(self.a, self.near[0])[1]))
        most = times(2, number(max(ONE, add(sub(self.a, WHOLE), both)[1], both[1])))
        others = times(2, mul(longest, add(absolute(self.near[0]), absolute(self.far[0]))))
        own = add(times(2, longest), others)
        near, far = (mul(square(longest), absolute(step[1])) for step in (self.near, self.far))
        factor = div(times(2, add(add(own, others), add(times(2, add(near, far)), WHOLE))), number(self.a[0]))
        total = [add(times(2, most), mul(factor, add(own, others))),
                 mul(factor, add(times(2, near), times(8, far))), factor]
        for step in (self.near, self.far):
            self.bend(step, most, total)
        return total


def whole_loss(stage):
    """The sentence about the whole loss that a steep stage proves; "" if it proves none."""
    theta = over(times(2, PI), 5)
    a = square(stage.pair("column"))
    g, far = mul(a, cos(theta)), mul(a, twice(theta)[0])
    places, between = minima(HALF, WHOLE, a, g)
    require(between, "the polygon's thresholds are not between 0 and its inner products")
    b = places[0]
    both = sub(times(2, g), b)
    if both[1] > ONE or add(sub(a, WHOLE), both)[1] > ONE or far[1] >= 0:
        return ""
    beside = pair_loss(0, g, far, b)
    pairs = add(times(2, add(add(pair_loss(1, a, g, b), pair_loss(1, a, far, b)), times(2, beside))),
                pair_loss(0, g, g, b))
    curvature_of = Curvature(stage)
    two, more = curvature_of.pairs(), curvature_of.more()
    modulus, slack = stage.numbers["modulus"], stage.end("slack")
    limits = (times(2, modulus[0]), modulus[1], times(2, modulus[2]))
    steps = 0
    while steps < 1000:
        p = exact(Fraction(steps + 1, 100_000))
        x = div(p, sub(WHOLE, p))
        rest = mul(x, add(times(5, pairs), mul(x, add(add(number(50 * ONE), times(25, x)), times(5, square(x))))))
        many = mul(square(x), add(add(number(10 * ONE), times(5, x)), square(x)))
        bends = [add(mul(x, one), mul(many, other)) for one, other in zip(two, more)]
        if rest[1] > slack[0] or any(bend[1] > limit[0] for bend, limit in zip(bends, limits)):
            break
        steps += 1
    if steps == 0:
        return ""
    return ("\nSo the whole loss of five equal features in 2 dimensions has exactly one global minimum, up to "
            f"rotations, reflections and relabelling, at every sparsity from {1 - steps / 1e5:.5f} on (below 1): a regular "
            "pentagon with equal thresholds.")


# --- the text -----------------------------------------------------------------------------------------------

FIELDS = {"column": 2, "shortest": 1, "longest": 1, "widest": 1, "well_column": 2, "well_angle": 2, "slack": 1,
          "near_column": 2, "near_angle": 2, "minimum": 2}
STEEP_FIELDS = {"modulus": 3, "near_threshold": 2}


def without_digest(text):
    body, mark, last = text.rpartition("digest ")
    require(mark and last == digest(body) + "\n", "the digest is not that of the text: it has been changed")
    return body


def read(text):
    """The stages of a certificate."""
    body = without_digest(text)
    lines = iter(body.split("\n")[:-1])

    def after(word):
        found, _, rest = next(lines, "").partition(" ")
        require(found == word, f"a line '{word} …' is expected, not '{found[:40]}'")
        return rest

    require(after("skeleta") == "polygon certificate 1", "this is no certificate that can be checked here")
    stages = []
    rest = list(lines)
    while rest:
        lines = iter(rest)
        try:
            corners = int(after("corners"))
            numbers = {}
            steep = len(rest) > 11 and rest[11].startswith("modulus ")
            for name, count in {**FIELDS, **(STEEP_FIELDS if steep else {})}.items():
                words = after(name).split(" ")
                require(len(words) == count, f"{name} must have {count} numbers")
                numbers[name] = [Fraction(float.fromhex(word)) for word in words]
            size, tree = int(after("tree")), ""
        except (ValueError, OverflowError) as error:
            raise Failed(f"a number cannot be read: {error}") from None
        while len(tree) < size:
            line = next(lines, "")
            require(line, "the tree is cut off")
            tree += line
        require(len(tree) == size, "the tree is longer than it says")
        stages.append(Stage(corners, numbers, tree))
        rest = list(lines)
    return stages


def check(text, every=1):
    """The statement that a certificate proves. Raises Failed if it proves none."""
    if text.startswith(check_phases.TITLE + "\n"):
        return check_phases.check(without_digest(text), every)
    stages = read(text)
    require([stage.corners for stage in stages] in ([5], [5, 6]),
            "the stages must be those of 5 corners, or of 5 and 6")
    lower = {}
    for stage in stages:
        k = stage.corners
        stage.check_numbers(lower.get(k - 1, 0), lower.get(k - 2, 0))
        stage.check_tree(every)
        lower[k] = stage.lower
    k, name = stages[-1].corners, {5: "pentagon", 6: "hexagon"}[stages[-1].corners]
    grid = {name: [float(x) for x in values] for name, values in stages[-1].grid.items()}
    low, high = grid["minimum"]
    text = (f"The one-sparse loss of {k} features in 2 dimensions has exactly one minimum, up to rotations, "
            f"reflections and relabelling: the regular {name} with columns of a length in "
            f"[{grid['column'][0]:.17g}, {grid['column'][1]:.17g}]; there {k}·L_1 lies in [{low:.17g}, {high:.17g}].")
    if grid["slack"][0] > 0.0:
        text += (f" If {k}·L_1 is at most {grid['slack'][0]:.12g} more, all columns have lengths in "
                 "[{:.12g}, {:.12g}]".format(*grid["near_column"]) + " and all gaps between neighbours lie in "
                 "[{:.12g}, {:.12g}].".format(*grid["near_angle"]))
    if stages[-1].steep:
        text += (" The edges of such models form a convex set, thresholds included, on which their cost is strictly "
                 "convex.")
        text += whole_loss(stages[-1])
    return text if every == 1 else f"{text}\n(one of {every} leaves was checked)"


def main(arguments):
    parser = argparse.ArgumentParser(prog="check_certificate.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("certificate", help="what `skeleta certify -o` wrote")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="check every N-th point of phases, or leaf of a polygon (1: all)")
    options = parser.parse_args(arguments)
    if options.every < 1:
        parser.error(f"--every {options.every} must be at least 1")
    try:
        with open(options.certificate, encoding="ascii") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        print(f"check_certificate: {error}", file=sys.stderr)
        return 2
    try:
        print(check(text, options.every))
    except Failed as failure:
        print(f"not proven: {failure}")
        return 1
    except ZeroDivisionError:
        print("not proven: a number is so far off that an interval to divide by holds 0")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
