"""Exact losses and gradients of random and of adversarial models against rational arithmetic (tests/oracle): the
rigorous bound holds, for the loss, for each skeleton and for the derivatives, over all scales that double precision
has; proven losses are the doubles nearest to the rational numbers; and rigorous losses of more features, for which
rational arithmetic over all patterns takes too long, are held against proven ones. Prints the largest error over its
bound by region. Rational numbers enclose with no width at all: ball arithmetic would say less.
SKELETA_TEST_MODELS: how many [600, times SKELETA_TEST_SCALE], SKELETA_TEST_SEED [1], SKELETA_TEST_ERRORS: a file for
the table by region (data/errors.csv)."""
import collections
import csv
import itertools
import json
import math
import os
import pathlib
import random
import statistics
import subprocess
import sys
import unittest
from fractions import Fraction

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "oracle"))
import exact_loss  # noqa: E402
import numpy  # noqa: E402

try:
    import skeleta
except ImportError:
    skeleta = None

SCALE = float(os.environ.get("SKELETA_TEST_SCALE", "1"))
MODELS = int(os.environ.get("SKELETA_TEST_MODELS", str(round(600 * SCALE))))
SEED = os.environ.get("SKELETA_TEST_SEED", "1")
STEPS = 60  # of a climb
EPSILON = sys.float_info.epsilon
TABLE = []  # what SKELETA_TEST_ERRORS gets


class Model:
    """W [d][D], b, density, importance, as lists."""

    def __init__(self, W, b, density, importance):
        self.W, self.b, self.density, self.importance = W, b, density, importance

    def copy(self):
        return Model([list(row) for row in self.W], list(self.b), list(self.density), list(self.importance))

    def numbers(self):
        """All that can be varied: (list, place)."""
        for row in (*self.W, self.b, self.density, self.importance):
            for place in range(len(row)):
                yield row, place


def power(draw, low, high):
    return 10.0 ** draw.uniform(low, high)


def gram(W):
    return (numpy.array(W).T @ numpy.array(W)).tolist()


def weights(draw, d, D):
    return [[draw.gauss(0, 1) for _ in range(D)] for _ in range(d)]


def plain(draw, d, D):
    size = power(draw, -3, 2)
    return [[size * x for x in row] for row in weights(draw, d, D)]


def extreme(draw, d, D):
    size = power(draw, -150, 70)
    return [[size * x for x in row] for row in weights(draw, d, D)]


def uneven(draw, d, D):
    sizes = [power(draw, -20, 20) for _ in range(D)]
    return [[s * x for s, x in zip(sizes, row)] for row in weights(draw, d, D)]


def alike(draw, d, D):
    """Columns that are equal, opposite, dead, or nearly so."""
    W = weights(draw, d, D)
    for j in range(1, D):
        k, kind = draw.randrange(j), draw.randrange(4)
        off = draw.choice((0.0, power(draw, -17, -1)))
        for row in W:
            row[j] = (row[k] if kind == 0 else -row[k] if kind == 1 else 0.0 if kind == 2 else row[j]) + off * row[j]
    return W


def orthogonal(draw, d, D):
    """Columns nearly along the axes."""
    off = draw.choice((0.0, power(draw, -17, -1)))
    return [[(draw.choice((1.0, -1.0, 0.9)) if j % d == k else 0.0) + off * draw.gauss(0, 1) for j in range(D)]
            for k in range(d)]


# Numbers of features in groups: of these there are few patterns, of those so many that halves are summed.
FEW = ([1], [1, 1], [1] * 3, [1] * 4, [1] * 5, [1] * 6, [3], [25], [4, 1], [2, 3, 1], [12, 9], [2, 2, 2, 1])
MANY = ([1] * 13, [1] * 14, [16, 17, 15], [70, 69], [3, 2, 3, 2, 1, 1, 1, 1, 1, 1])


def constant_values(draw, sizes, outputs):
    """W, b, density, importance, values, jumps (or none) and groups of features that are constants while they are active.
    Of a group of several features one is active, or none. So many outputs have an importance."""
    D = sum(sizes)
    seen = draw.sample(range(D), min(outputs, D))
    d = draw.randint(1, min(D, 6))
    W = draw.choice((plain, alike, orthogonal))(draw, d, D)
    size = draw.choice((1.0, power(draw, -100, 100)))
    values = [size * draw.choice((1.0, -1.0, 0.3, 0.6, draw.gauss(0, 1))) for _ in range(D)]
    steps = [[g * x for g, x in zip(row, values)] for row in gram(W)]
    jumps = [size * draw.choice((0.0, 0.1, draw.random())) for _ in range(D)] if draw.random() < 0.5 else None
    return (W, [threshold(draw, row) for row in steps], [p for n in sizes for p in group_densities(draw, n)],
            [power(draw, -10, 10) if i in seen else 0.0 for i in range(D)], values, jumps,
            [range(end - n, end) for n, end in zip(sizes, itertools.accumulate(sizes))])


def group_densities(draw, size):
    """One of any kind; those of several have a sum of 1, or of less by more than rounding."""
    if size == 1:
        return [draw.choice((probability(draw), draw.random()))]
    if draw.random() < 0.5:
        parts = [draw.random() ** 3 for _ in range(size)]
        whole = sum(parts) / (1 - power(draw, -12, -1))
        return [part / whole for part in parts]
    parts = [draw.choice((0, 1, draw.randrange(1, 1 << 20))) for _ in range(size)]
    rest = draw.choice((0, 1, 1 << 20)) if any(parts) else 1
    whole = 1 << (sum(parts) + rest).bit_length()
    if rest == 0:
        parts[-1] += whole - sum(parts)
    return [part / whole for part in parts]


def sums_over_patterns(W, b, density, importance, values, jumps, groups):
    """The loss of such a model and its derivatives by the thresholds, in rational numbers."""
    D = len(b)
    W, b, density, importance, values = [[[Fraction(x) for x in row] for row in W],
                                         *([Fraction(x) for x in row] for row in (b, density, importance, values))]
    A = [[sum(row[i] * row[j] for row in W) for j in range(D)] for i in range(D)]
    loss, slopes = Fraction(0), [Fraction(0)] * D
    ways = [[(1 - sum(density[j] for j in group), None), *((density[j], j) for j in group)] for group in groups]
    for pattern in itertools.product(*ways):
        p = math.prod(q for q, _ in pattern)
        active = {j: values[j] for _, j in pattern if j is not None}
        for i in (i for i in range(D if p else 0) if importance[i]):
            x = active.get(i, Fraction(0))
            u = sum(A[i][j] * y for j, y in active.items()) - b[i]
            above = u > (Fraction(jumps[i]) if jumps else 0)
            error = x - (u if above else 0)
            loss += importance[i] * p * error * error
            slopes[i] += 2 * importance[i] * p * error if above else 0
    return loss, slopes


FAMILIES = (plain, extreme, uneven, alike, orthogonal)


def threshold(draw, row):
    """At a corner of the cube, near one, or anywhere."""
    size = max(map(abs, row), default=1.0) or 1.0
    kind = draw.randrange(5)
    if kind == 0:
        return 0.0
    if kind == 1:
        return sum(g for g in row if draw.random() < 0.5)
    if kind == 2:
        return sum(g for g in row if draw.random() < 0.5) * (1 + draw.choice((-1, 1)) * power(draw, -16, 0))
    return size * draw.gauss(0, 1) * (1.0 if kind == 3 else power(draw, -12, 3))


def probability(draw):
    return draw.choice((lambda: power(draw, -2, 0), lambda: power(draw, -300, 0), lambda: 1.0 - power(draw, -16, 0),
                        lambda: 0.0, lambda: 1.0, lambda: draw.random()))()


def make(draw, sizes=(1, 2, 2, 3, 3, 4, 5)):
    D = draw.choice(sizes)
    d = draw.randint(1, D)
    family = draw.choice(FAMILIES)
    W = family(draw, d, D)
    equal = draw.random() < 0.4
    density = [power(draw, -3, 0)] * D if equal else [probability(draw) for _ in range(D)]
    importance = [1.0] * D if draw.random() < 0.5 else [power(draw, -10, 10) for _ in range(D)]
    return family.__name__, Model(W, [threshold(draw, row) for row in gram(W)], density, importance)


def vary(draw, model):
    """A neighbour: one or two numbers a little or much different, or equal to others."""
    other = model.copy()
    for _ in range(draw.choice((1, 1, 2))):
        row, place = draw.choice(list(other.numbers()))
        kind = draw.randrange(4)
        if kind == 0:
            row[place] *= 1 + draw.gauss(0, 1) * power(draw, -15, 0)
        elif kind == 1:
            row[place] *= power(draw, -2, 2)
        elif kind == 2:
            row[place] = draw.choice(row)
        else:
            row[place] = -row[place]
    other.density = [min(abs(p), 1.0) for p in other.density]
    other.importance = [abs(v) for v in other.importance]
    return other


def near_corner(model):
    """Is a threshold within 1e-9 of where the output turns on at a corner of the cube? Of up to 12 features."""
    if len(model.b) > 12:
        return False
    for row, b in zip(gram(model.W), model.b):
        size = max(max(map(abs, row)), abs(b))
        sums = [0.0]
        for g in row:
            sums += [x + g for x in sums]
        if size > 0.0 and min(abs(x - b) for x in sums) <= 1e-9 * size:
            return True
    return False


def nearly_parallel(model):
    with numpy.errstate(all="ignore"):
        W = numpy.array(model.W)
        W = W / numpy.abs(W).max(axis=0)
        W = W / numpy.linalg.norm(W, axis=0)
        cosines = numpy.abs(W.T @ W)[numpy.triu_indices(W.shape[1], 1)]
    return bool((cosines > 1.0 - 1e-9).any())


def regions(model):
    """What is extreme of a model: the rows of the table."""
    sizes = [max(abs(row[j]) for row in model.W) for j in range(len(model.b))]
    sizes = [x for x in sizes if x > 0.0]
    found = {
        "weights below 1e-10": any(x < 1e-10 for x in sizes),
        "weights above 1e10": any(x > 1e10 for x in sizes),
        "weights over 10 decades": bool(sizes) and max(sizes) > 1e10 * min(sizes),
        "densities below 1e-10": any(0.0 < p < 1e-10 for p in model.density),
        "densities above 1 - 1e-10": any(1.0 - 1e-10 < p < 1.0 for p in model.density),
        "importances over 10 decades": max(model.importance) > 1e10 * min(model.importance),
        "columns (nearly) parallel": nearly_parallel(model),
        "thresholds at corners": near_corner(model),
    }
    return [name for name, there in found.items() if there] or ["nothing extreme"]


def norm(numbers):
    """Of fractions or floats, also beyond the range of a square."""
    size = max(map(abs, numbers), default=0)
    return 0.0 if size == 0 else float(size) * math.sqrt(sum(float(x / size) ** 2 for x in numbers))


def evaluated(model, error_control, **options):
    """The loss; None of what is refused, with a sentence."""
    try:
        return skeleta.loss(numpy.array(model.W), threshold=numpy.array(model.b), density=numpy.array(model.density),
                            importance=numpy.array(model.importance), error_control=error_control, threads=1, **options)
    except ValueError as error:
        assert str(error), "a refusal says why"
        return None


def numbers_of(found):
    """The loss and the contributions by l."""
    return found.value, dict(zip(found.skeletons["l"].tolist(), found.skeletons["contribution"].tolist()))


def relative_of(error, loss):
    return float(error / loss) if loss else 0.0


def setUpModule():
    TABLE.clear()


def tearDownModule():
    path = os.environ.get("SKELETA_TEST_ERRORS")
    if not path or not TABLE:
        return
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("quantity", "region", "models", "unmet", "median_of_bound", "largest_of_bound",
                         "median_relative", "largest_relative"))
        writer.writerows(sorted(TABLE))


@unittest.skipIf(skeleta is None, "without the Python module")
class Numbers(unittest.TestCase):
    def setUp(self):
        self.ends = collections.Counter()
        self.found = collections.defaultdict(list)  # by region: (error over bound, error of the loss over the loss)

    def note(self, model, ratio, relative=math.nan, loss=None):
        if ratio is None:
            return
        tiny = loss is not None and 0.0 < loss < sys.float_info.min  # few digits are left to be right
        for region in ["losses below 2.2e-308"] if tiny else regions(model):
            self.found[region].append((ratio, relative))

    def table(self, quantity):
        for region, rows in sorted(self.found.items()):
            of_bound, relative = zip(*rows)
            met = [x for x in relative if not math.isnan(x)]
            print(f"  {region:30}{len(rows):7}{max(of_bound):9.3f}")
            of_loss = (f"{statistics.median(met):.3g}", f"{max(met):.3g}") if met else ("", "")
            unmet = "" if quantity == "derivatives" else len(rows) - len(met)
            TABLE.append((quantity, region, len(rows), unmet, f"{statistics.median(of_bound):.3g}",
                          f"{max(of_bound):.3g}", *of_loss))

    def errors(self, model):
        """Largest |error|/bound of loss and contributions; where the target was met the loss's error over the loss; and
        the loss."""
        found = evaluated(model, "rigorous")
        if found is None:
            return None, math.nan, None
        right = exact_loss.evaluate_floats(model.W, model.b, model.density, model.importance)
        bound = Fraction(found.error_bound)
        self.assertTrue(math.isfinite(found.value) and math.isfinite(found.error_bound), vars(model))
        value, contributions = numbers_of(found)
        pairs = [(value, right.loss)] + [(x, right.contributions[l]) for l, x in contributions.items()]
        worst = 0.0
        for x, exact in pairs:
            error = abs(Fraction(x) - exact)
            self.assertLessEqual(error, bound, (x, float(exact), found.error_bound, vars(model)))
            worst = max(worst, float(error / bound) if bound else 0.0)
        off = abs(Fraction(value) - right.loss)
        self.assertTrue(off <= right.loss * Fraction(1.0001e-8) or not found.met_target, vars(model))
        return worst, relative_of(off, right.loss) if found.met_target else math.nan, float(right.loss)

    def test_proven_losses_are_the_nearest_doubles(self):
        for k in range(MODELS // 2):
            _, model = make(random.Random(f"proven {SEED} {k}"))
            found = evaluated(model, "proven")
            right = exact_loss.evaluate_floats(model.W, model.b, model.density, model.importance)
            self.ends["refused" if found is None else "right"] += 1
            with self.subTest(number=k):
                if found is None:  # of a mean over a rare skeleton, say
                    self.assertGreater(max(map(abs, sum(model.W, model.b))), 1e60, vars(model))
                    continue
                value, contributions = numbers_of(found)
                self.assertEqual(value, float(right.loss), vars(model))
                self.assertLessEqual(abs(Fraction(value) - right.loss), Fraction(found.error_bound), vars(model))
                for l, x in contributions.items():
                    self.assertEqual(x, float(right.contributions[l]), (l, vars(model)))
                self.expect_derivatives(model, right)
        print(f"proven: {dict(self.ends)}")

    def expect_derivatives(self, model, right):
        """The proven ones are the nearest doubles too, where these are finite."""
        found = skeleta.loss_and_gradient(
            numpy.array(model.W), threshold=numpy.array(model.b), density=numpy.array(model.density),
            importance=numpy.array(model.importance), error_control="proven", threads=1)
        pairs = [*zip(found.threshold.tolist(), right.gradient_b)]
        for row, exact in zip(found.W.tolist(), right.gradient_w):
            pairs += zip(row, exact)
        for x, exact in pairs:
            if abs(exact) < Fraction(sys.float_info.max):
                self.assertEqual(x, float(exact), vars(model))

    def beyond_proven(self, model, target):
        """Largest (distance of a rigorous number from the proven one, and what that may be off) over the bound. A
        target that is out of reach is taken back."""
        rigorous = evaluated(model, "rigorous", relative_target=target) or evaluated(model, "rigorous")
        proven = evaluated(model, "proven")
        if rigorous is None or proven is None:
            return None, math.nan, None
        bound, half = Fraction(rigorous.error_bound), Fraction(proven.error_bound)
        value, contributions = numbers_of(rigorous)
        right, parts = numbers_of(proven)
        worst = 0.0
        for x, y in [(value, right)] + [(x, parts[l]) for l, x in contributions.items()]:
            off = abs(Fraction(x) - Fraction(y)) + half
            self.assertLessEqual(off, bound, (x, y, rigorous.error_bound, vars(model)))
            worst = max(worst, float(off / bound) if bound else 0.0)
        off = abs(Fraction(value) - Fraction(right))
        return worst, relative_of(off, Fraction(right)) if rigorous.met_target else math.nan, right

    def told(self, *arguments):
        """What the program says: its exit code, its JSON, its errors."""
        run = subprocess.run([os.environ["SKELETA_PROGRAM"], "estimate", *arguments, "--method", "exact", "--json"],
                             capture_output=True, text=True, check=False)
        return run.returncode, json.loads(run.stdout or "null"), run.stderr

    def test_shipped_models(self):
        """Rigorous numbers lie where proven ones do."""
        trained = pathlib.Path(__file__).resolve().parents[2] / "data/trained"
        off = []
        for name, which in (("n5_m2_S0.75", "all"), ("n5_m2_S0.95", "all"), ("n20_m5_S0.95", "0")):
            arguments = (trained / f"{name}.h5", "--instance", which)
            (code, rigorous, _), (same, proven, _) = (self.told(*arguments, *more) for more in (
                (), ("--error-control", "proven")))
            self.assertEqual((code, same), (0, 0))
            for one, right in zip(*(x if which == "all" else [x] for x in (rigorous, proven))):
                bound, loss = one["loss"]["error_bound"], right["loss"]
                self.assertEqual(loss["high"], math.nextafter(loss["low"], 1.0))
                self.assertIn(loss["value"], (loss["low"], loss["high"]))
                self.assertLessEqual(loss["error_bound"], 0.5 * EPSILON * loss["value"])
                parts = {part["l"]: part["contribution"] for part in right["skeletons"]}
                pairs = [(one["loss"]["value"], loss["value"])]
                pairs += [(part["contribution"], parts[part["l"]]) for part in one["skeletons"]]
                off += [float(abs(Fraction(x) - Fraction(y)) + Fraction(loss["error_bound"])) / bound for x, y in pairs]
        self.assertLessEqual(max(off), 1.0)
        print(f"shipped models: {len(off)} losses and contributions, largest error over bound {max(off):.3f}")
        code, _, words = self.told(trained / "n80_m20_S0.98.h5", "--error-control", "proven")
        self.assertEqual(code, 2)
        self.assertIn("sees 80 features", words)
        code, _, words = self.told(trained / "n5_m2_S0.95.h5", "--error-control", "proven", "--max-nodes", "100")
        self.assertEqual(code, 2)
        self.assertIn("has no nodes", words)

    def test_rigorous_bounds_dominate_proven_losses(self):
        """Of more features than rational arithmetic over all patterns does in time. Every other bound is for 1e-12 of
        the loss, and mostly one of rounding."""
        for k in range(MODELS // 2):
            sizes = (16, 18, 20) if k % 200 == 199 else (9, 10, 12) if k % 20 == 19 else (6, 7, 8)
            _, model = make(random.Random(f"larger {SEED} {k}"), sizes)
            with self.subTest(number=k):
                ratio, *more = self.beyond_proven(model, (1e-8, 1e-12)[k % 2])
                self.ends["refused" if ratio is None else "right"] += 1
                self.note(model, ratio, *more)
        print(f"6 to 20 features, against proven losses: {dict(self.ends)}; how many, largest error over bound:")
        self.table("loss, 6 to 20 features")

    def test_random_models(self):
        for k in range(MODELS):
            family, model = make(random.Random(f"{SEED} {k}"))
            with self.subTest(number=k):
                ratio, *more = self.errors(model)
                self.ends["refused" if ratio is None else "right"] += 1
                self.note(model, ratio, *more)
        print(f"random models: {dict(self.ends)}; how many, largest error over bound:")
        self.table("loss")

    def test_climbing(self):
        """From random models towards larger errors."""
        tried = 0
        for k in range(max(1, MODELS // (2 * STEPS))):
            draw = random.Random(f"climb {SEED} {k}")
            family, model = make(draw)
            best = self.errors(model)[0] or 0.0
            for _ in range(STEPS):
                other = vary(draw, model)
                with self.subTest(climb=k):
                    ratio, *more = self.errors(other)
                    tried += 1
                    self.note(other, ratio, *more)
                    if ratio is not None and ratio >= best:
                        best, model = ratio, other
        print(f"{tried} on climbs; how many, largest error over bound:")
        self.table("loss, climbs")

    def of_gradient(self, model):
        """Likewise of the derivatives, by b and, as those by W say, by G; and the norm of these."""
        try:
            found = skeleta.loss_and_gradient(
                numpy.array(model.W), threshold=numpy.array(model.b), density=numpy.array(model.density),
                importance=numpy.array(model.importance), error_control="rigorous", threads=1)
        except ValueError:
            return None, 0.0
        if not numpy.isfinite(found.W).all() or not numpy.isfinite(found.threshold).all():
            return None, 0.0
        right = exact_loss.evaluate_floats(model.W, model.b, model.density, model.importance)
        bound = found.loss.gradient_error
        of_b = norm([Fraction(x) - y for x, y in zip(found.threshold.tolist(), right.gradient_b)])
        size = norm([x for row in model.W for x in row])
        off = norm([Fraction(x) - y for row, exact in zip(found.W.tolist(), right.gradient_w)
                    for x, y in zip(row, exact)])
        gamma = norm([x for row in right.gamma for x in row] + right.gradient_b)
        # What the product W (Γ + Γᵀ) is rounded by is not promised, in relative terms and below the normal numbers.
        rounded = 16 * EPSILON * size * gamma + found.W.size * len(model.W) * math.ulp(0.0)
        of_W = max(off - rounded, 0.0) / (2.0 * size) if size > 0.0 else 0.0
        worst = max(of_b, of_W)
        return (worst / bound if bound > 0.0 else math.inf if worst > 0.0 else 0.0), gamma

    def test_gradients(self):
        """Also of derivatives whose squares are no numbers of double precision: the bound is one of a norm."""
        refused = small = 0
        for k in range(MODELS):
            _, model = make(random.Random(f"gradient {SEED} {k}"))
            ratio, size = self.of_gradient(model)
            refused += ratio is None
            small += ratio is not None and size < 1e-150
            self.note(model, ratio)
            with self.subTest(number=k):
                self.assertLessEqual(ratio or 0.0, 1.0, vars(model))
        print(f"gradients ({refused} refused; {small} below 1e-150); how many, largest error over bound:")
        self.table("derivatives")

    def test_constant_values(self):
        """Binary features, categories and JumpReLUs: thresholds at sums of values too, where derivatives are known as far as the
        pattern goes that is there."""
        self.compare_constant_values("constant", MODELS // 2, FEW, outputs=25)

    def test_constant_values_by_halves(self):
        self.compare_constant_values("halves", MODELS // 30, MANY, outputs=2)

    def compare_constant_values(self, name, count, groupings, outputs):
        refused, met, losses, slopes = 0, 0, [0.0], [0.0]
        for k in range(count):
            draw = random.Random(f"{name} {SEED} {k}")
            W, b, density, importance, values, jumps, groups = model = constant_values(draw, draw.choice(groupings), outputs)
            law = skeleta.Law(density, values=[f"constant:{x!r}" for x in values], groups=",".join(
                f"exclusive({','.join(map(str, group))})" for group in groups if len(group) > 1))
            jump = {"activation": "jumprelu", "jump": numpy.array(jumps)} if jumps else {}
            try:
                found = skeleta.loss_and_gradient(numpy.array(W), threshold=numpy.array(b), law=law, threads=1,
                                                  importance=numpy.array(importance), **jump)
            except ValueError as error:  # values and weights too far apart
                self.assertRegex(str(error), "range of double")
                refused += 1
                continue
            right, by_b = sums_over_patterns(*model)
            with self.subTest(number=k):
                for x, y, bound, ratios in (
                        (abs(Fraction(found.loss.value) - right), right, found.loss.error_bound, losses),
                        (norm([Fraction(x) - y for x, y in zip(found.threshold.tolist(), by_b)]), norm(by_b),
                         found.loss.gradient_error, slopes)):
                    # Of a sum that is known but for its last digit.
                    self.assertLessEqual(x, Fraction(bound) + Fraction(EPSILON) * Fraction(y), model)
                    ratios.append(float(x / Fraction(bound)) if bound else 0.0)
            met += found.loss.met_target
        print(f"{name} values: {refused} refused, {met} of {count} meet their target; largest error over "
              f"bound {max(losses):.3f}, of derivatives {max(slopes):.3f}")


if __name__ == "__main__":
    unittest.main()
