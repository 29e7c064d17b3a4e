"""Coverage of 95 % intervals: every method x stopping rule x kind of model, truth by contour integrals or
rational arithmetic. Of the results that say they are reliable at least 93 % hold the truth, and hardly any is
far from it. SKELETA_TEST_REPLICATES: intervals for each of those [15, times SKELETA_TEST_SCALE; the table of
TRUST.md: 1000], SKELETA_TEST_SEED [1]."""
import collections
import math
import os
import pathlib
import random
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "oracle"))
import exact_loss  # noqa: E402
import numpy  # noqa: E402

try:
    import skeleta
except ImportError:
    skeleta = None

SCALE = float(os.environ.get("SKELETA_TEST_SCALE", "1"))
REPLICATES = int(os.environ.get("SKELETA_TEST_REPLICATES", str(max(2, round(15 * SCALE)))))
SEED = int(os.environ.get("SKELETA_TEST_SEED", "1"))
DATA = pathlib.Path(__file__).resolve().parents[2] / "data"
METHODS = ("plain", "stratified", "quasi", "importance", "auto")
RULES = ("samples", "rel_tol", "abs_tol")
RELIABLE = ("samples", "precision", "exact")
LEAST = 0.93  # of the reliable ones
FAR = 5.0  # half-widths: none of 10^6 of normal errors
MOST_FAR = 0.005


class Problem:
    """A model, its data, and its loss."""

    def __init__(self, W, b, density, importance=1.0):
        D = len(b)
        self.W, self.b = numpy.array(W, float), numpy.array(b, float)
        self.density, self.importance = numpy.broadcast_to(density, D), numpy.broadcast_to(importance, D)
        self.data = {"threshold": self.b, "density": self.density, "importance": self.importance}
        self.loss, self.error = self.truth()

    def truth(self):
        """By contours; where rounding allows no such bound, by rational arithmetic, or to what is allowed."""
        if len(self.b) <= 8:
            try:
                return self.by_contours(1e-7)
            except ValueError:
                right = exact_loss.evaluate_floats(self.W.tolist(), self.b.tolist(), self.density.tolist(),
                                                   self.importance.tolist()).loss
                return float(right), 1e-15 * float(right)
        try:
            return self.by_contours(1e-7)
        except ValueError:
            return self.by_contours(1e-4)

    def by_contours(self, target):
        found = skeleta.loss(self.W, **self.data, relative_target=target, threads=1)
        return found.value, found.error_bound


def power(draw, low, high):
    return 10.0 ** draw.uniform(low, high)


def weights(draw, d, D, size):
    return numpy.array([[size * draw.gauss(0, 1) for _ in range(D)] for _ in range(d)])


def shipped(draw):
    models = skeleta.read_model(DATA / f"trained/{draw.choice(('n5_m2_S0.75', 'n5_m2_S0.95', 'n20_m5_S0.95'))}.h5")
    model = models[draw.randrange(len(models.W))]
    return Problem(model.W, -model.bias, model.density)


def random_model(draw):
    D = draw.randint(2, 12)
    d = draw.randint(1, max(1, D // 2))
    W = weights(draw, d, D, power(draw, -0.5, 0.3))
    return Problem(W, [0.3 * draw.gauss(0, 1) for _ in range(D)], [power(draw, -2.5, 0) for _ in range(D)])


def rare_important(draw):
    """One feature hardly ever there, and dear."""
    D = draw.randint(4, 9)
    p = power(draw, -5, -1)
    density, importance = [power(draw, -2, -0.5) for _ in range(D)], [1.0] * D
    density[0], importance[0] = p, draw.choice((1.0, 0.1 / p, 1.0 / p))
    return Problem(weights(draw, 3, D, 0.7), [abs(0.3 * draw.gauss(0, 1)) for _ in range(D)], density, importance)


def corner(draw):
    """A few outputs fire in one corner of the cube only, alone or among others that behave."""
    k = draw.randint(1, 5)
    D = k + draw.choice((0, 2, 6))
    W = weights(draw, 3, D, 0.5)
    W[:, :k], W[0, :] = 0.0, 0.0
    weight = power(draw, 0, 2)
    W[0, :k] = weight
    b = numpy.array([abs(0.3 * draw.gauss(0, 1)) for _ in range(D)])
    b[:k] = weight ** 2 * k * (1.0 - power(draw, -2, -0.5))
    return Problem(W, b, draw.choice((0.1, 0.3, 0.7, 1.0)))


def uneven(draw):
    """Weights and importances of all sizes, thresholds at corners: one output decides, seldom."""
    D = draw.randint(2, 5)
    W = weights(draw, draw.randint(1, D), D, 1.0) * [power(draw, -5, 5) for _ in range(D)]
    gram = W.T @ W
    b = [draw.choice((0.0, sum(g for g in row if draw.random() < 0.5),
                      sum(g for g in row if draw.random() < 0.5) * (1 + draw.choice((-1, 1)) * power(draw, -6, 0))))
         for row in gram.tolist()]
    return Problem(W, b, [power(draw, -2, 0) for _ in range(D)], [power(draw, -5, 5) for _ in range(D)])


def heavy(draw):
    """Importances over ten decades, the dearest the rarest: r(x) has a tail like 1/x."""
    D = draw.randint(5, 12)
    density = [power(draw, -4, -0.3) for _ in range(D)]
    return Problem(weights(draw, 3, D, 0.7), [0.2 * draw.gauss(0, 1) for _ in range(D)], density,
                   [1.0 / p for p in density])


def cliff(draw):
    """One column so long that its output is silent but for a sliver of its own feature's values, where it is
    all there is of the loss; another feature disturbs it there."""
    size, sliver = power(draw, 1, 5), power(draw, -5, -1)
    W = numpy.array([[-draw.uniform(0.5, 5), 0.0, size], [0.0, 1.0, 0.0]])
    return Problem(W, [0.0, 0.0, size ** 2 * (1.0 - sliver)], draw.uniform(0.1, 0.5),
                   [power(draw, -6, 0), 1.0, 1.0])


class ProblemOfAnyLaw(Problem):
    """Of groups and other values, at times with a decoder of its own or hidden noise."""

    def __init__(self, W, b, density, values, groups, **model):
        self.law = skeleta.Law(density, values=values, groups=groups)
        self.W, self.b = numpy.array(W, float), numpy.array(b, float)
        self.density, self.importance = self.law.density, numpy.ones(len(b))
        self.data = {"threshold": self.b, "law": self.law, **model}
        self.loss, self.error = self.truth()

    def truth(self):
        return self.by_contours(1e-5)


def other_law(draw):
    D = draw.randint(4, 9)
    values = [draw.choice(("uniform:0,1", "uniform:-1,1", "uniform:0.5,1", "half-normal:1", "exponential:1", "normal:0,1"))
              for _ in range(D)]
    a, b, c, d = draw.sample(range(D), 4)
    groups = draw.choice(("", f"together({a},{b})", f"exclusive({a},{b})", f"parent({a},{b})",
                          f"together({a},{b}),exclusive({c},{d})"))
    density = [power(draw, -2.5, -0.4) for _ in range(D)]
    for group in ((a, b), (c, d)):
        density[group[0]] = density[group[1]] = min(density[group[0]], density[group[1]], 0.4)
    model = draw.choice(({}, {"decoder": weights(draw, D, 3, 0.5).reshape(D, 3)}, {"noise": power(draw, -2, -0.5)}))
    return ProblemOfAnyLaw(weights(draw, 3, D, power(draw, -0.5, 0.3)), [0.3 * draw.gauss(0, 1) for _ in range(D)], density,
                           values, groups, **model)


FAMILIES = (shipped, random_model, rare_important, corner, uneven, heavy, cliff, other_law)
SEEDS_OF_MODEL = 5


def asked(draw, rule, problem):
    """A count, a few hundred at times; or a tolerance, of the loss itself if it is absolute."""
    if rule == "samples":
        return {"samples": round(power(draw, 2, 4.5))}
    tolerance = power(draw, -2.5, -0.5)
    return {"rel_tol": tolerance} if rule == "rel_tol" else {"abs_tol": tolerance * problem.loss}


class Count:
    def __init__(self):
        self.runs = self.reliable = self.held = self.far = self.held_all = 0

    def add(self, reliable, held, far):
        self.runs += 1
        self.reliable += reliable
        self.held += reliable and held
        self.far += reliable and far
        self.held_all += held

    def coverage(self):
        return self.held / self.reliable if self.reliable else 1.0

    def false_alarms(self):
        """Of intervals that hold the truth, how many say that they are not reliable."""
        return 1.0 - self.held / self.held_all if self.held_all else 0.0


@unittest.skipIf(skeleta is None, "without the Python module")
class Coverage(unittest.TestCase):
    def setUp(self):
        self.counts = collections.defaultdict(Count)
        self.refused = collections.Counter()

    def try_one(self, family, method, rule, problem, draw):
        options = asked(draw, rule, problem)
        try:
            found = skeleta.estimate(problem.W, **problem.data, **options, method=method, threads=1,
                                     max_samples=None if rule == "samples" else 1_000_000,
                                     seed=draw.randrange(1 << 30))
        except ValueError as error:  # fewer samples than strata
            self.assertRegex(str(error), "samples|rounding")
            self.refused[family.__name__] += 1
            return
        half = max(0.5 * (found.high - found.low), problem.error, 1e-15 * problem.loss)
        off = max(found.low - problem.loss, problem.loss - found.high)
        key = (family.__name__, method, rule)
        reliable = found.stop_reason in RELIABLE
        self.counts[key].add(reliable, off <= problem.error + 1e-12 * problem.loss, off > (FAR - 1.0) * half)
        if reliable and off > (FAR - 1.0) * half and os.environ.get("SHOW_MISSES"):
            print(*key, options, "right", problem.loss, "got", found.value, found.low, found.high, found.stop_reason,
                  found.samples, found.method, problem.W.tolist(), problem.b.tolist(), problem.density.tolist(),
                  problem.importance.tolist())

    def test_coverage(self):
        for family in FAMILIES:
            for k in range(math.ceil(REPLICATES / SEEDS_OF_MODEL)):
                draw = random.Random(f"{family.__name__} {SEED} {k}")
                problem = family(draw)
                for method in METHODS:
                    for rule in RULES:
                        for _ in range(min(SEEDS_OF_MODEL, REPLICATES - SEEDS_OF_MODEL * k)):
                            self.try_one(family, method, rule, problem, draw)
        self.judge()

    def judge(self):
        sums = collections.defaultdict(Count)
        print(f"{'kind':16}{'method':12}{'rule':9}{'runs':>6}{'reliable':>9}{'hold':>7}{'far':>5}{'false alarms':>13}")
        for (family, method, rule), count in sorted(self.counts.items()):
            self.say(family, method, rule, count)
            for key in ((family, "", ""), ("", method, rule), ("", "", "")):
                for name, value in vars(count).items():
                    setattr(sums[key], name, getattr(sums[key], name) + value)
        for key, count in sorted(sums.items()):
            self.say(*key, count)
            with self.subTest(of=key):
                slack = 3.0 * math.sqrt(LEAST * (1.0 - LEAST) / max(count.reliable, 1))
                self.assertGreaterEqual(count.coverage(), LEAST - (slack if count.reliable < 1000 else 0.0))
                self.assertLessEqual(count.far, 1 + MOST_FAR * count.reliable)
        print("refused:", dict(self.refused))

    @staticmethod
    def say(family, method, rule, count):
        print(f"{family:16}{method:12}{rule:9}{count.runs:6}{count.reliable / count.runs:9.1%}"
              f"{count.coverage():7.1%}{count.far:5}{count.false_alarms():13.1%}")


if __name__ == "__main__":
    unittest.main()
