"""Statements of analysis/mathematics.md in numbers: each against another way to the same quantity."""

import itertools
import json
import unittest

import h5py
import mpmath as mp
import numpy as np
from workplace import Workplace, program

mp.mp.dps = 40
RANDOM = np.random.default_rng(1)


def positive(x):
    return x if x > 0 else mp.mpf(0)


def exactly(numbers):
    """Doubles as they are."""
    return [mp.mpf(float(x)) for x in numbers]


def power_mean(a, c, k=2):
    """Proposition 1.7: E (a.t - c)_+^k, t uniform on the cube."""
    if not a:
        return positive(-c) ** k
    corners = itertools.product((0, 1), repeat=len(a))
    total = mp.fsum((-1) ** (len(a) - sum(v)) * positive(mp.fdot(a, v) - c) ** (k + len(a)) for v in corners)
    return mp.factorial(k) / (mp.factorial(k + len(a)) * mp.fprod(a)) * total


def ramp_mean(a, c, j):
    """The same: E t_j (a.t - c)_+."""
    return mp.diff(lambda x: power_mean(a[:j] + [x] + a[j + 1:], c), a[j]) / 2


def supports(p):
    for active in itertools.product((0, 1), repeat=len(p)):
        yield [j for j, on in enumerate(active) if on], mp.fprod(q if on else 1 - q for q, on in zip(p, active))


def output_loss(g, c, p, i):
    """F_i by number of active features, support by support."""
    parts = [mp.mpf(0)] * (len(p) + 1)
    for support, probability in supports(p):
        seen = [j for j in support if g[j] != 0]
        a = [g[j] for j in seen]
        loss = power_mean(a, c)
        if i in support:
            loss += mp.mpf(1) / 3 - (2 * ramp_mean(a, c, seen.index(i)) if i in seen else power_mean(a, c, 1))
        parts[len(support)] += probability * loss
    return parts


def coefficients(factors):
    """Of a product of polynomials in y."""
    result = [mp.mpf(1)]
    for factor in factors:
        longer = [mp.mpf(0)] * (len(result) + len(factor) - 1)
        for (k, x), (l, y) in itertools.product(enumerate(result), enumerate(factor)):
            longer[k + l] += x * y
        result = longer
    return result


def pattern_sum(g, c, p, features, offset):
    """Proposition 3.9: H_offset[0], ..., H_offset[n] over subsets of these features."""
    sums = [mp.mpf(0)] * (len(features) + 1)
    for v in itertools.product((0, 1), repeat=len(features)):
        factors = [(0, p[j]) if on else ((1 - p[j]) * g[j], -p[j]) for j, on in zip(features, v)]
        level = mp.fsum(g[j] for j, on in zip(features, v) if on) - c
        for m, x in enumerate(coefficients(factors)):
            sums[m] += x * positive(level) ** (m + offset)
    return sums


def patterns_loss(g, c, p, i):
    """F_i by number of active features, by Proposition 3.9."""
    seen = [j for j in range(len(p)) if g[j] != 0]
    silent = [j for j in range(len(p)) if g[j] == 0]
    others = [j for j in seen if j != i]
    count = coefficients([(1 - p[j], p[j]) for j in silent])
    whole = mp.fprod(g[j] for j in seen)
    square = [2 * x / (mp.factorial(l + 2) * whole) for l, x in enumerate(pattern_sum(g, c, p, seen, 2))]
    parts = coefficients([square, count])
    if i in seen:
        at_zero = [0] + pattern_sum(g, c, p, others, 3)
        at_one, power = [0] + pattern_sum(g, c - g[i], p, others, 3), [0] + pattern_sum(g, c - g[i], p, others, 2)
        cross = [p[i] / (g[i] * whole) * (g[i] * b / mp.factorial(l + 1) - (a - z) / mp.factorial(l + 2))
                 for l, (z, a, b) in enumerate(zip(at_zero, at_one, power))]
        cross = coefficients([cross, count])
    else:
        mean = [x / (mp.factorial(l + 1) * whole) for l, x in enumerate(pattern_sum(g, c, p, seen, 1))]
        cross = coefficients([mean, (0, p[i] / 2)] + [(1 - p[j], p[j]) for j in silent if j != i])
    inputs = coefficients([(0, p[i] / 3)] + [(1 - p[j], p[j]) for j in range(len(p)) if j != i])
    return [a - 2 * b + c for a, b, c in zip(parts, cross, inputs)]


def h(a, k=0):
    """Definition 2.1: h and its derivatives."""
    value = (mp.exp(a) - 1) / a
    for n in range(k):
        value = (mp.exp(a) - (n + 1) * value) / a
    return value


class ClosedForms(Workplace):
    def phi(self, a, c):
        if c >= 0:
            return (a - c) ** 3 / (3 * a) if a > c else mp.mpf(0)
        return a * a / 3 - a * c + c * c if a >= c else c ** 3 / (3 * a)

    def psi(self, a, c):
        if c >= 0:
            return a / 3 - c / 2 + c ** 3 / (6 * a * a) if a > c else mp.mpf(0)
        return a / 3 - c / 2 if a >= c else -c ** 3 / (6 * a * a)

    def test_one_feature(self):
        for a, c in map(exactly, RANDOM.uniform(-2, 2, (40, 2))):
            kink = [c / a] if 0 < c / a < 1 else []
            points = [0, *kink, 1]
            self.assertLess(abs(mp.quad(lambda t: positive(a * t - c) ** 2, points) - self.phi(a, c)), 1e-25)
            self.assertLess(abs(mp.quad(lambda t: t * positive(a * t - c), points) - self.psi(a, c)), 1e-25)
            self.assertLess(abs(power_mean([a], c) - self.phi(a, c)), 1e-25)

    def test_best_threshold_of_one_feature(self):
        def own(a, c):
            return mp.mpf(1) / 3 - 2 * self.psi(a, c) + self.phi(a, c)

        for a in exactly((0.2, 0.7, 1.0, 1.4, 3.0)):
            least = (1 - a) ** 2 / 12 if a <= 1 else ((a - 1) / (a + 1)) ** 2 / 3
            self.assertLess(abs(own(a, -(1 - a) / 2 if a <= 1 else a * (a - 1) / (a + 1)) - least), 1e-30)
            self.assertTrue(all(own(a, c) >= least - mp.mpf(10) ** -30 for c in exactly(np.linspace(-2, 3, 301))))

    def test_pair_energy(self):
        for u, c in map(exactly, RANDOM.uniform(0.05, 1, (20, 2))):
            self.assertLess(abs(self.phi(u, c) - positive(u - c) ** 3 / (3 * u)), 1e-30)
            if u > c:
                self.assertLess(abs(mp.diff(lambda x: self.phi(x, c), u, 2) - 2 * (u ** 3 - c ** 3) / (3 * u ** 3)), 1e-12)

    def test_all_supports_at_once(self):
        """Proposition 3.9 by number of active features, where i is and is not in T."""
        random = np.random.default_rng(2)
        for i, g in itertools.product((0, 1), ((0.8, -0.3, 0.0, 0.5), (0.0, 0.6, -0.7, 0.2))):
            g, p = exactly(g), exactly(random.uniform(0.05, 0.95, 4))
            for c in exactly((-0.2, 0.1, 0.45)):
                np.testing.assert_allclose(np.array(patterns_loss(g, c, p, i), float),
                                           np.array(output_loss(g, c, p, i), float), rtol=1e-13, atol=1e-18)


class Contour(Workplace):
    """Output 1 of four features: sections 2 and 3."""

    @classmethod
    def setUpClass(cls):
        W = np.array([[1.0, -0.7, 0.3, 0.6], [0.2, 0.8, -0.9, 0.5]])
        cls.i, cls.c, cls.p = 1, mp.mpf("-0.05"), [mp.mpf(x) for x in ("0.1", "0.3", "0.25", "0.4")]
        cls.g = exactly((W.T @ W)[cls.i])
        cls.others = [j for j in range(4) if j != cls.i]
        cls.kappa = mp.mpf(3)
        cls.whole = max(mp.fsum(map(positive, cls.g)) - cls.c, cls.c + mp.fsum(positive(-x) for x in cls.g))

    def recursion(self, features, factor):
        """Proposition 2.4: none, one, rest."""
        none, one, rest = mp.mpf(1), mp.mpf(0), mp.mpf(0)
        for j in features:
            q, x = 1 - self.p[j], self.p[j] * factor(j)
            none, one, rest = q * none, q * one + none * x, q * rest + x * (rest + one)
        return none, one, rest

    def integrand(self, s):
        """Theorem 3.5: squares of two or more, ramps of i and two or more others."""
        squares = self.recursion(range(4), lambda j: h(s * self.g[j]))[2]
        ramps = self.p[self.i] * h(s * self.g[self.i], 1) * self.recursion(self.others, lambda j: h(s * self.g[j]))[2]
        return 2 * mp.exp(-s * self.c) * (squares / s ** 3 - ramps / s ** 2)

    def direct(self, c):
        """What the integrand stands for, at another threshold."""
        total = mp.mpf(0)
        for support, probability in supports(self.p):
            a = [self.g[j] for j in support]
            if len(support) >= 2:
                total += probability * power_mean(a, c)
            if self.i in support and len(support) >= 3:
                total -= 2 * probability * ramp_mean(a, c, support.index(self.i))
        return total

    def nodes(self, period, first, last):
        def term(k):
            return mp.re(self.integrand(mp.mpc(self.kappa, 2 * mp.pi * k) / period)) * (0.5 if k == 0 else 1)

        return mp.fsum(term(k) for k in range(first, last))

    def moments(self, fewest, own):
        m = [mp.mpf(0)] * 3
        for support, probability in supports(self.p):
            if len(support) < fewest or own and self.i not in support:
                continue
            a = [self.g[j] for j in support]
            mean = mp.fsum(a) / 2
            if own:
                others = (mp.fsum(a) - self.g[self.i]) / 4
                m = [m[0] + probability / 2, m[1] + probability * (self.g[self.i] / 3 + others), m[2]]
            else:
                second = mean ** 2 + mp.fsum(x * x for x in a) / 12
                m = [m[0] + probability, m[1] + probability * mean, m[2] + probability * second]
        return m

    def left(self, T):
        """Proposition 3.2, subtracted."""
        e, c = mp.exp(self.kappa), self.c
        s0, s1, s2 = 1 / (e - 1), e / (e - 1) ** 2, e * (e + 1) / (e - 1) ** 3
        (m0, m1, m2), (x0, x1, _) = self.moments(2, False), self.moments(3, True)
        squares = m2 * s0 + 2 * m1 * (T * s1 - c * s0) + m0 * (T * T * s2 - 2 * c * T * s1 + c * c * s0)
        return squares - 2 * (x1 * s0 + x0 * (T * s1 - c * s0))

    def test_the_sum_is_the_value_and_its_aliases(self):
        T = mp.mpf("0.6") * self.whole
        aliases = mp.fsum(mp.exp(self.kappa * m) * self.direct(self.c + m * T) for m in range(-20, 3))
        self.assertLess(abs(2 / T * self.nodes(T, 0, 800) - aliases), 1e-9)

    def test_beyond_the_range_left_aliases_alone_remain(self):
        T = mp.mpf("1.001") * self.whole
        self.assertLess(abs(2 / T * self.nodes(T, 0, 800) - self.left(T) - self.direct(self.c)), 1e-9)

    def test_other_aliases_are_bounded(self):
        def bound(theta, sign, growth, T):
            mean = mp.fprod(1 - p + p * h(sign * theta * g) for p, g in zip(self.p, self.g))
            q = mp.exp(growth - theta * T)
            return (4 * mp.exp(-2) / theta ** 2 + 2 / (mp.e * theta)) * mp.exp(-sign * theta * self.c) * mean * q / (1 - q)

        for part in ("0.6", "0.8"):
            T = mp.mpf(part) * self.whole
            aliases = mp.fsum(mp.exp(self.kappa * m) * self.direct(self.c + m * T) for m in range(-20, 3) if m)
            thetas = [mp.mpf(2) ** (mp.mpf(n) / 2) for n in range(4, 14)]
            right = min(bound(theta, 1, self.kappa, T) for theta in thetas if theta * T > self.kappa)
            left = min(bound(theta, -1, -self.kappa, T) for theta in thetas)
            self.assertLess(abs(aliases - self.left(T)), right + left)

    def majorants(self, j, omega, gamma):
        """Lemma 3.4."""
        g = self.g[j]
        first = min(h(gamma * g), (mp.exp(gamma * g) + 1) / (abs(g) * omega))
        second = min(first, (mp.exp(gamma * g) + first) / (abs(g) * omega))
        return first, second, min(first, (mp.exp(gamma * g) + 2 * second) / (abs(g) * omega))

    def test_majorants(self):
        for gamma, y in map(exactly, RANDOM.uniform((0.05, 0), (8, 60), (200, 2))):
            for j in range(4):
                s = mp.mpc(gamma, y)
                for k, bound in enumerate(self.majorants(j, abs(s), gamma)):
                    self.assertLessEqual(abs(h(s * self.g[j], k)), bound * (1 + mp.mpf(10) ** -30))

    def test_truncation_is_bounded(self):
        T = mp.mpf("0.7") * self.whole
        for n in (8, 32, 128):
            begins = [n] + [int(mp.ceil(n * mp.sqrt(2) ** m)) for m in range(1, 8)] + [None]
            total = mp.mpf(0)
            for begin, end in zip(begins, begins[1:]):
                omega, low = 2 * mp.pi * begin / T, begin - mp.mpf("0.5")
                high = mp.inf if end is None else end - mp.mpf("0.5")
                squares, cubes = 1 / low - 1 / high, (1 / low ** 2 - 1 / high ** 2) / 2
                bounds = [self.majorants(j, omega, self.kappa / T) for j in range(4)]
                rest = self.recursion(range(4), lambda j: bounds[j][0])[2]
                ramps = self.p[self.i] * bounds[self.i][1] * self.recursion(self.others, lambda j: bounds[j][0])[2]
                total += rest * cubes * (T / (2 * mp.pi)) ** 3 + ramps * squares * (T / (2 * mp.pi)) ** 2
            bound = 2 * mp.exp(-self.kappa / T * self.c) * total
            self.assertLess(abs(self.nodes(T, n, 800)), bound)
            self.assertLess(bound, 1e6 * abs(self.nodes(T, n, 800)))


class Programs(Workplace):
    """Theorem 3.7 and Theorem 4.5: what the program states, against sums over all supports in 40 digits."""

    def test_error_bounds_and_tails_hold(self):
        for trial in range(3):
            W, b, p = RANDOM.normal(size=(2, 4)), 0.2 * RANDOM.normal(size=4), RANDOM.uniform(0.05, 0.6, 4)
            with h5py.File(self.folder / "model.h5", "w") as file:
                file["W"], file["b"], file["density"] = W, b, p
            printed = self.run_command(program(), "estimate", self.folder / "model.h5", "--method", "exact", "--rel-tol",
                                       "1e-9", "--json")
            found = json.loads(printed)
            rows = [exactly(W[:, i]) for i in range(4)]
            gram = [[mp.fdot(a, c) for c in rows] for a in rows]
            parts = [output_loss(gram[i], mp.mpf(float(b[i])), exactly(p), i) for i in range(4)]
            contributions = [mp.fsum(part[l] for part in parts) for l in range(5)]
            bound = found["loss"]["error_bound"]
            self.assertLess(abs(found["loss"]["value"] - mp.fsum(contributions)), bound)
            for skeleton in found["skeletons"]:
                self.assertLess(abs(skeleton["contribution"] - contributions[skeleton["l"]]), bound)
            self.assertLess(mp.fsum(contributions[2:]), found["one_sparse"]["rest_bound"])


class Linear(Workplace):
    """Section 8."""

    def test_critical_points_and_their_index(self):
        D, d, eigenvalues = 4, 2, np.array([4.0, 3.0, 2.0, 1.0])
        U = np.linalg.qr(RANDOM.normal(size=(D, D)))[0]
        sigma = U @ np.diag(eigenvalues) @ U.T

        def gradient(x):
            A, B = x[:D * d].reshape(D, d), x[D * d:].reshape(d, D)
            rest = (np.eye(D) - A @ B) @ sigma
            return np.concatenate([(-2 * rest @ B.T).ravel(), (-2 * A.T @ rest).ravel()])

        for r in range(d + 1):
            for chosen in itertools.combinations(range(D), r):
                C = RANDOM.normal(size=(r, d))
                kernel = np.eye(d) - np.linalg.pinv(C) @ C
                right = np.linalg.pinv(C) + kernel @ RANDOM.normal(size=(d, r))
                UI = U[:, chosen]
                x = np.concatenate([(UI @ C).ravel(), (right @ UI.T).ravel()])
                self.assertLess(abs(gradient(x)).max(), 1e-10)
                step = 1e-5 * np.eye(len(x))
                hessian = np.array([(gradient(x + e) - gradient(x - e)) / 2e-5 for e in step])
                left_out = set(range(D)) - set(chosen)
                turns = sum(eigenvalues[k] > eigenvalues[j] for j in chosen for k in left_out)
                self.assertEqual((np.linalg.eigvalsh(0.5 * (hessian + hessian.T)) < -1e-5).sum(),
                                 turns + (d - r) * (D - r), chosen)


if __name__ == "__main__":
    unittest.main()
