"""Checks phases of two features in one dimension: analysis/proofs.md, "Phases". A part of check_certificate.py."""

from fractions import Fraction
from math import isfinite

from exact_intervals import (BITS, ONE, Failed, add, at_least, at_most, check_tree, cube, div, exact, hull, middle,
                             mul, neg, over, require, square, sub, times)

TITLE = "skeleta phase certificate 2"
WHOLE, TWO_THIRDS = (ONE, ONE), over((2 * ONE, 2 * ONE), 3)
NAMES = ("drop", "dedicate", "antipodal", "either", "undecided")
FIELDS = {"point": 3, "minimum": 2, "columns": 2, "thresholds": 2, "longest": 2}


def common(x, y):
    return (max(x[0], y[0]), min(x[1], y[1]))


class Curve:
    """What a feature of |w|^2 = a and density p loses by itself, with a threshold c: K(c), and its integrals."""

    def __init__(self, p, a):
        self.p, self.a, self.d = p, a, sub(WHOLE, a)
        self.q = sub(WHOLE, p)

    def part(self, c):
        """c/a, cut off at 0 and 1."""
        if c[1] <= 0:
            return (0, 0)
        if self.a[0] <= 0:
            return (0 if c[0] <= 0 else min(ONE, (c[0] << BITS) // self.a[1]) if self.a[1] > 0 else 0, ONE)
        return at_most(div(at_least(c, 0), self.a), ONE)

    def both(self, c, left, right):
        """Of c <= 0 and of c >= 0."""
        if c[1] <= 0:
            return left(c)
        if c[0] >= 0:
            return right(c)
        return hull(left((c[0], 0)), right((0, c[1])))

    def rise(self, t):
        at = mul(self.a, t)
        return sub(add(mul(at, self.d), square(at)), over(mul(mul(add(WHOLE, self.a), self.a), cube(t)), 3))

    def loss(self, c):
        d2, half = square(self.d), over(mul(self.p, self.d), 2)
        return self.both(c, lambda x: add(square(add(x, half)), mul(idle(self.p), d2)),
                         lambda x: mul(self.p, add(over(d2, 3), self.rise(self.part(x)))))

    def slope(self, c):
        """dK/dc."""
        def right(x):
            t = self.part(x)
            rest = sub(WHOLE, t)
            return mul(mul(self.p, rest), sub(add(WHOLE, t), mul(self.a, rest)))
        return self.both(c, lambda x: add(times(2, x), mul(self.p, self.d)), right)

    def own(self, c):
        """dK/da."""
        def right(x):
            t = self.part(x)
            return neg(mul(self.p, add(mul(mul(TWO_THIRDS, self.d), sub(WHOLE, cube(t))),
                                       mul(mul(self.a, t), sub(WHOLE, square(t))))))
        return self.both(c, lambda x: neg(mul(self.p, add(mul(TWO_THIRDS, self.d), x))), right)

    def between(self, b, h, left, right):
        """An integral from b to h of something with these primitives, of depth (-c) and of c."""
        deep, shallow = at_least(neg(b), 0), at_least(neg(h), 0)
        return add(sub(left(deep), left(shallow)), mul(self.p, sub(right(h), right(b))))

    def integral(self, b, h):
        d2 = square(self.d)

        def left(x):
            return add(sub(over(cube(x), 3), over(mul(mul(self.p, self.d), square(x)), 2)),
                       over(mul(mul(self.p, d2), x), 3))

        def right(c):
            t = self.part(c)
            at = mul(self.a, t)
            inside = sub(add(add(over(d2, 3), over(mul(self.d, at), 2)), over(square(at), 3)),
                         over(mul(mul(add(WHOLE, self.a), self.a), cube(t)), 12))
            return add(mul(at, inside), over(at_least(sub(c, self.a), 0), 3))
        return self.between(b, h, left, right)

    def own_integral(self, b, h):
        def left(x):
            return mul(self.p, sub(over(square(x), 2), mul(mul(TWO_THIRDS, self.d), x)))

        def right(c):
            t = self.part(c)
            at = mul(self.a, t)
            last = over(mul(mul(add(times(2, WHOLE), self.a), self.a), square(square(t))), 12)
            return sub(sub(last, mul(mul(TWO_THIRDS, self.d), at)), over(square(at), 2))
        return self.between(b, h, left, right)

    def rise_between(self, b, h):
        return self.between(b, h, lambda x: sub(mul(mul(self.p, self.d), x), square(x)),
                            lambda c: self.rise(self.part(c)))

    def weighted_rise(self, b, h):
        """Integral of (c - b) K'(c)."""
        deep, pd = at_least(neg(b), 0), mul(self.p, self.d)

        def left(x):
            return add(sub(mul(mul(pd, deep), x), mul(add(over(pd, 2), deep), square(x))), mul(TWO_THIRDS, cube(x)))

        def right(c):
            t = self.part(c)
            at = mul(self.a, t)
            last = over(mul(mul(add(WHOLE, self.a), square(self.a)), square(square(t))), 4)
            return sub(sub(add(over(mul(self.d, square(at)), 2), mul(TWO_THIRDS, cube(at))), last),
                       mul(b, self.rise(t)))
        return self.between(b, h, left, right)

    def curved(self, c, left, right):
        """A second derivative, which jumps to 0 beyond a, on an interval of c."""
        if c[0] > self.a[1]:
            return (0, 0)
        inside = self.both(c, left, right)
        return inside if c[1] < self.a[0] else hull(inside, (0, 0))

    def mixed(self, c):
        """d2K/dc da."""
        rest = add(div((2 * ONE, 2 * ONE), self.a), WHOLE)
        return self.curved(c, lambda _: neg(self.p),
                           lambda x: mul(self.p, sub(mul(square(self.part(x)), rest), WHOLE)))

    def bend(self, c):
        """d2K/dc2."""
        rest = div(add(WHOLE, self.a), self.a)
        return self.curved(c, lambda _: (2 * ONE, 2 * ONE),
                           lambda x: times(2, mul(self.p, sub(WHOLE, mul(rest, self.part(x))))))

    def own_bend(self, c):
        """d2K/da2."""
        def right(x):
            t3 = cube(self.part(x))
            return times(2, mul(self.p, sub(over(sub(WHOLE, t3), 3), div(t3, self.a))))
        return self.curved(c, lambda _: mul(self.p, TWO_THIRDS), right)

    def value(self, gamma, b):
        return add(mul(self.q, self.loss(b)), div(mul(self.p, self.integral(b, add(b, gamma))), gamma))

    def by_threshold(self, gamma, b):
        return add(mul(self.q, self.slope(b)), div(mul(self.p, self.rise_between(b, add(b, gamma))), gamma))


def idle(p):
    """p/3 - p^2/4: what is lost of a feature without a column."""
    return sub(over(p, 3), over(square(p), 4))


def alone(p, a):
    """The best threshold of a feature by itself, of a number a; it rises with a."""
    if a <= ONE:
        return neg(over(mul(p, (ONE - a, ONE - a)), 2))
    return div(mul((a, a), (a - ONE, a - ONE)), (a + ONE, a + ONE))


def guess(p, a, gamma):
    """Near the best threshold, by floats: any number will do."""
    p, a, gamma = p[0] / ONE, (a[0] + a[1]) / 2 / ONE, (gamma[0] + gamma[1]) / 2 / ONE
    d = 1.0 - a

    def primitive(c):
        if c <= 0.0:
            return c * c + p * d * c
        t = min(c / a, 1.0)
        return p * (a * t * d + (a * t) ** 2 - (1 + a) * a * t ** 3 / 3)

    def slope(b):
        t = min(max(b, 0.0) / a, 1.0)
        here = 2 * b + p * d if b <= 0.0 else p * (1 - t) * (1 + t - a * (1 - t))
        return (1 - p) * here + p * (primitive(b + gamma) - primitive(b)) / gamma

    last = -0.5 * p * d if a <= 1.0 else a * (a - 1.0) / (a + 1.0)
    low, high = last - gamma, last
    for _ in range(60):
        b = 0.5 * (low + high)
        low, high = (b, high) if slope(b) < 0.0 else (low, b)
    return int(0.5 * (low + high) * ONE)


def rise_over(curve, gamma, b):
    """dF/db over a box for a number b, by its slopes from the middle."""
    a0, gamma0, b = middle(curve.a), middle(gamma), (b, b)
    every = (b[0], b[0] + gamma[1])
    by_a = add(mul(curve.q, curve.mixed(b)), mul(curve.p, curve.mixed(every)))
    by_gamma = over(mul(curve.p, curve.bend(every)), 2)
    return add(Curve(curve.p, a0).by_threshold(gamma0, b),
               add(mul(by_a, sub(curve.a, a0)), mul(by_gamma, sub(gamma, gamma0))))


def thresholds(p, a, gamma, patient):
    """Holds every best threshold of the box: dF/db has the sign of b minus the best one."""
    low, high = alone(p, a[0])[0] - gamma[1], alone(p, a[1])[1]
    if gamma[0] <= 0:
        return (low, high)
    curve, start = Curve(p, a), guess(p, a, gamma)
    here = rise_over(curve, gamma, start)
    first = max(-here[0], here[1]) * 55 // 100 + 1

    def end(outermost, direction):
        def known(b):
            slope = rise_over(curve, gamma, b)
            return slope[1] < 0 if direction < 0 else slope[0] > 0
        step, inner = first, start
        while (start + direction * step - outermost) * direction < 0:
            outer = start + direction * step
            if known(outer):
                outermost = outer
                break
            inner, step = outer, 2 * step
        for _ in range(40 if patient else 3):
            b = (inner + outermost) // 2
            inner, outermost = (inner, b) if known(b) else (b, outermost)
        return outermost
    return (end(low, -1), end(high, 1))


def floor(p, a):
    """The least of what a feature loses without interference."""
    if a[1] < ONE:
        return mul(idle(p), square((ONE - a[1], ONE - a[1])))[0]
    if a[0] <= ONE:
        return 0
    return mul(over(p, 3), square(div((a[0] - ONE, a[0] - ONE), (a[0] + ONE, a[0] + ONE))))[0]


def least_at(p, a, gamma):
    """Lower bound of min over b of F, of hardly more than numbers: F is convex in b."""
    low_bound = floor(p, a)
    if gamma[0] <= 0:
        return low_bound
    first, last = alone(p, a[0])[0], alone(p, a[1])[1]
    low, high = last - gamma[0], first
    if low > high:
        return low_bound
    b = min(max(guess(p, a, gamma), low), high)
    curve = Curve(p, a)
    slope = curve.by_threshold(gamma, (b, b))
    rest = mul((0, max(-slope[0], slope[1])), (0, gamma[1] + last - first))[1]
    return max(low_bound, curve.value(gamma, (b, b))[0] - rest)


def linear(p, a, gamma):
    return a[1] < ONE and mul((gamma[1], gamma[1]), sub((2 * ONE, 2 * ONE), p))[1] <= mul(p, (ONE - a[1], ONE - a[1]))[0]


def slopes(p, a, gamma, patient):
    """Of the least F, by a and by gamma."""
    if linear(p, a, gamma):
        V = idle(p)
        return neg(times(2, mul(V, sub(WHOLE, a)))), times(2, mul(V, at_least(gamma, 0)))
    curve, b = Curve(p, a), thresholds(p, a, gamma, patient)
    h = add(b, gamma)
    by_a = curve.own((b[0], h[1]))
    by_gamma = (0, add(over(mul(square(p), at_least(sub(WHOLE, a), 0)), 2), mul(square(p), at_least(h, 0)))[1])
    if gamma[0] > 0:
        a0, gamma0, b0 = middle(a), middle(gamma), middle(b)
        h0, at = add(b0, gamma0), Curve(p, a0)
        from_a = add(mul(curve.q, at.own(b0)), div(mul(p, at.own_integral(b0, h0)), gamma0))
        from_gamma = div(mul(p, at.weighted_rise(b0, h0)), square(gamma0))
        every = (b[0], b[1] + gamma[1])
        da, dgamma, db = sub(a, a0), sub(gamma, gamma0), sub(b, b0)
        mixed, bend = mul(p, curve.mixed(every)), mul(p, curve.bend(every))
        own = add(mul(curve.q, curve.own_bend(b)), mul(p, curve.own_bend(every)))
        by_a = common(by_a, add(add(from_a, mul(own, da)), add(
            over(mul(mixed, dgamma), 2), mul(add(mul(curve.q, curve.mixed(b)), mixed), db))))
        by_gamma = common(by_gamma, add(add(from_gamma, over(mul(mixed, da), 2)), add(
            over(mul(bend, dgamma), 3), over(mul(bend, db), 2))))
    return by_a, by_gamma


def spread(p):
    """A lower bound of the least of Q over [0, inf): it is convex on [0, 1] and rises beyond."""
    x = p[0] / ONE
    slope = 2 - 3.5 * x + 2 * x * x
    theta = 0.5 * x * x / (slope + (slope * slope + x ** 3 * (1 - x)) ** 0.5)
    t, q, p2 = exact(Fraction(theta)), sub(WHOLE, p), square(p)
    value = sub(add(add(mul(q, square(t)), mul(p2, add(sub(over(WHOLE, 3), t), square(t)))),
                    over(mul(mul(p, q), cube(t)), 3)),
                over(times(3, mul(p, square(sub(t, over(p, 2))))), 4))
    by_t = sub(add(mul(add(sub(times(2, WHOLE), over(times(7, p), 2)), times(2, p2)), t),
                   mul(mul(p, q), square(t))), over(p2, 4))
    return value[0] - max(-by_t[0], by_t[1])


def interference(p, a, most):
    """c with min F >= c gamma^2 for 0 <= gamma <= most, all a of the interval."""
    shortest = (a[0], a[0])
    third_order = div(mul(square(p), add(WHOLE, shortest)), times(3, square(shortest)))
    least = spread(p) - over(mul(third_order, (most, most)), 4)[1]
    if a[1] > ONE:
        t = div(add(alone(p, a[1]), (most, most)), shortest)[1]
        if t >= ONE:
            return 0
        rest = (ONE - t, ONE - t)
        fitted = sub(rest, over(times(3, div(square(sub(WHOLE, square((t, t)))), sub(WHOLE, cube((t, t))))), 4))
        free = mul(p, add(mul(idle(p), rest), mul(over(square(p), 4), at_least(fitted, 0))))
        least = min(least, free[0])
    return max(least, 0)


class Point:
    """One proof."""

    def __init__(self, phase, numbers, tree):
        self.phase, self.tree = phase, tree
        self.numbers = {name: [exact(x) for x in values] for name, values in numbers.items()}
        self.told = numbers
        importance, self.p, self.penalty = self.numbers["point"]
        self.weights = (WHOLE, importance)
        self.lower, self.upper = self.numbers["minimum"][0][1], self.numbers["minimum"][1][0]

    def words(self):
        return "importance {:.12g}, density {:.12g}, interference {:.12g}".format(*map(float, self.told["point"]))

    def plain(self, kept):
        return mul(self.weights[1 - kept], idle(self.p))

    def check_numbers(self):
        require(self.weights[1][0] > 0 and 0 < self.p[0] and self.p[1] <= ONE and self.penalty[0] >= 0,
                "'point' is none")
        require(self.lower <= self.upper, "'minimum' is no interval")
        if self.phase in ("drop", "dedicate", "either"):
            require(self.phase != "either" or self.told["point"][0] == 1, "the importances are not equal")
            plain = self.plain(1 if self.phase == "dedicate" else 0)
            require(self.lower <= plain[0] and plain[1] <= self.upper,
                    "the loss of what is dropped need not lie in 'minimum'")
            kept = 1 if self.phase == "dedicate" else 0
            columns, thresholds = self.told["columns"], self.told["thresholds"]
            require(columns[kept] == 1 and columns[1 - kept] == 0 and thresholds[kept] == 0
                    and thresholds[1 - kept] == -self.told["point"][1] / 2,
                    "the model is not the one that drops a feature")
        else:
            columns, b = self.numbers["columns"], self.numbers["thresholds"]
            reached = None
            if columns[0][0] > 0 > columns[1][1]:  # opposite signs
                gamma = neg(mul(*columns))
                reached = times(2, mul(self.penalty, square(gamma)))[1]
                for weight, column, threshold in zip(self.weights, columns, b):
                    reached += mul(weight, Curve(self.p, square(column)).value(gamma, threshold))[1]
            others = min(self.plain(0)[1], self.plain(1)[1])
            require(reached is not None and reached <= self.upper
                    or self.phase == "undecided" and others <= self.upper, "no model is known to lose as little as 'minimum' says")
            require(self.phase == "undecided" or self.upper < min(self.plain(0)[0], self.plain(1)[0]),
                    "'minimum' need not be below what dropping a feature loses")
        for weight, longest in zip(self.weights, self.numbers["longest"]):
            a = square(longest)
            require(a[0] >= ONE and mul(weight, (floor(self.p, a),) * 2)[0] > self.upper,
                    "a column may be longer than 'longest'")

    def exceeds(self, bound, box):
        inside = self.phase == "undecided" or self.phase == "antipodal" and min(box[0][0], box[1][0]) > 0
        return bound >= self.lower if inside else bound > self.upper

    def slopes(self, box, patient):
        gamma = mul(*box)
        parts = [slopes(self.p, square(side), gamma, patient) for side in box]
        by_gamma = times(4, mul(self.penalty, gamma))
        for weight, (_, part) in zip(self.weights, parts):
            by_gamma = add(by_gamma, mul(weight, part))
        return [add(times(2, mul(mul(side, weight), part)), mul(other, by_gamma))
                for side, other, weight, (part, _) in zip(box, box[::-1], self.weights, parts)]

    def centred(self, box, slope):
        start = [side[0] if by[0] >= 0 else side[1] if by[1] <= 0 else sum(side) // 2 for side, by in zip(box, slope)]
        gamma = mul(*((x, x) for x in start))
        total = times(2, mul(self.penalty, square(gamma)))[0]
        for weight, x, side, by in zip(self.weights, start, box, slope):
            total += mul(weight, (least_at(self.p, square((x, x)), gamma),) * 2)[0]
            total += mul(by, sub(side, (x, x)))[0]
        return total

    def best_dropped(self, box, kept):
        winner = self.phase == "either" or self.phase == ("drop", "dedicate")[kept]
        plain = self.plain(kept)
        dearer = plain[0] >= self.lower if self.phase == "undecided" else plain[0] > self.upper
        r, s = box[kept], box[1 - kept]
        a, gamma = square(r), mul(r, s)
        if not (winner or dearer) or r[0] <= 0 or not linear(self.p, square(s), gamma):
            return False
        held = mul(self.weights[kept], (interference(self.p, a, gamma[1]),) * 2)
        return sub(mul(a, add(held, times(2, self.penalty))), mul(plain, sub((2 * ONE, 2 * ONE), a)))[0] > 0

    def proven(self, box, reason):
        if reason == "f":
            total = times(2, mul(self.penalty, square(mul(*((side[0], side[0]) for side in box)))))[0]
            for weight, side in zip(self.weights, box):
                total += mul(weight, (floor(self.p, square(side)),) * 2)[0]
            return self.exceeds(total, box)
        if reason in "de":
            return self.best_dropped(box, "de".index(reason))
        for patient in (False, True):  # a coarse enclosure of the thresholds first
            if reason == "n" and min(box[0][0], box[1][0]) > 0:
                if any(by[0] > 0 or by[1] < 0 for by in self.slopes(box, patient)):
                    return True
            if reason == "c" and self.exceeds(self.centred(box, self.slopes(box, patient)), box):
                return True
        return False

    def check_tree(self):
        root = tuple((0, longest[1]) for longest in self.numbers["longest"])
        check_tree(self.tree, [root], self.proven)


def read(body):
    """The points of a certificate, without its digest."""
    lines = iter(body.split("\n")[1:-1])
    points = []

    def after(line, word):
        found, _, rest = line.partition(" ")
        require(found == word, f"a line '{word} …' is expected, not '{found[:40]}'")
        return rest

    for line in lines:
        phase = after(line, "phase")
        require(phase in NAMES, f"'{phase[:40]}' is no phase")
        numbers = {}
        try:
            for name, count in FIELDS.items():
                words = after(next(lines, ""), name).split(" ")
                require(len(words) == count, f"{name} must have {count} numbers")
                values = [float.fromhex(word) for word in words]
                require(all(map(isfinite, values)), f"{name} is not finite")
                numbers[name] = [Fraction(value) for value in values]
            size, tree = int(after(next(lines, ""), "tree")), ""
        except (ValueError, OverflowError) as error:
            raise Failed(f"a number cannot be read: {error}") from None
        while len(tree) < size:
            more = next(lines, "")
            require(more, "the tree is cut off")
            tree += more
        require(len(tree) == size, "the tree is longer than it says")
        points.append(Point(phase, numbers, tree))
    require(points, "the certificate is empty")
    return points


def check(body, every=1):
    """The statement that a certificate proves; of every N-th point. Raises Failed if one is not proven."""
    points = read(body)
    chosen = points[::every]
    for point in chosen:
        try:
            point.check_numbers()
            point.check_tree()
        except Failed as failure:
            raise Failed(f"{point.words()}: {failure}") from None
    counts = [f"{sum(point.phase == name for point in chosen)} {name}" for name in NAMES
              if any(point.phase == name for point in chosen)]
    some = "" if every == 1 else f" ({len(chosen)} of {len(points)} were checked)"
    return ("Two features in one dimension, loss and interference penalty: the phase of all global minima at "
            f"{len(chosen)} points is proven: {', '.join(counts)}.{some}")
