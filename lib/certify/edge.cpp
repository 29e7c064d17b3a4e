#include "certify/edge.h"

#include <array>
#include <optional>

namespace skeleta::certify {
namespace {

const Interval third = Interval(1.0) / Interval(3.0);

// φ and ψ of numbers a > 0 and c; 2a³ − 3a²c + c³ = (a − c)²(2a + c).
Interval square_at(double a, double c) {
  if (c >= a) return 0.0;
  const Interval x = a, y = c;
  if (c >= 0.0) return cube(x - y) / (Interval(3.0) * x);
  return square(x) * third - x * y + square(y);
}
Interval product_at(double a, double c) {
  if (c >= a) return 0.0;
  const Interval x = a, y = c;
  if (c < 0.0) return x * third - y * Interval(0.5);
  return square(x - y) * (Interval(2.0) * x + y) / (Interval(6.0) * square(x));
}

// (a − 1)a/(a + 1) rises for a ≥ 1.
Interval lonely_threshold(double a) {
  const Interval x = a;
  return x * (x - Interval(1.0)) / (x + Interval(1.0));
}

Interval hull_of(const std::vector<Interval>& places) {
  Interval all = places.front();
  for (const Interval& place : places) all = hull(all, place);
  return all;
}

Interval slope_over(const Interval& a, const std::vector<Interval>& places) {
  Interval all = own_loss_slope(a, places.front());
  for (const Interval& place : places) all = hull(all, own_loss_slope(a, place));
  return all;
}

// C of Threshold.
Interval pull(const Threshold& P, const Interval& a, const Interval& g) {
  return Interval(P.alpha) * (a - Interval(1.0)) + Interval(P.beta) * g;
}

// The smaller root where C ≥ 0; nothing if there is none. `certain`: everywhere in the box.
struct Root {
  Interval place;
  bool certain = false;
};
std::optional<Root> smaller_root(const Threshold& P, const Interval& a, const Interval& g) {
  const Interval C = pull(P, a, g), sum = P.alpha + P.beta;
  const Interval A =
      Interval(P.alpha) * (Interval(1.0) / square(a) + Interval(1.0) / a) + Interval(P.beta) / g;
  const Interval positive = greater(C, 0.0);
  const Interval inside = square(sum) - A * positive;
  if (!(inside.hi >= 0.0)) return std::nullopt;
  return Root{positive / (sum + root(inside)), C.lo >= 0.0 && inside.lo >= 0.0};
}

}  // namespace

Interval mean_square(const Interval& a, const Interval& c) {
  return {std::max(0.0, square_at(a.lo, c.hi).lo), square_at(a.hi, c.lo).hi};
}

Interval mean_product(const Interval& a, const Interval& c) {
  return {std::max(0.0, product_at(a.lo, c.hi).lo), product_at(a.hi, c.lo).hi};
}

Interval own_loss(const Interval& a, const Interval& b) {
  return third - Interval(2.0) * mean_product(a, b) + mean_square(a, b);
}

Interval own_loss_slope(const Interval& a, const Interval& b) {
  const Interval tau = lesser(greater(b, 0.0) / a, 1.0);
  return Interval(2.0) * (mean_product(a, b) - (Interval(1.0) - cube(tau)) * third);
}

Threshold::Minima Threshold::minima(const Interval& a, const Interval& g) const {
  Minima found;
  const Interval C = pull(*this, a, g);
  if (C.lo <= 0.0) {
    found.places.push_back(lesser(C, 0.0) / (Interval(2.0) * (Interval(alpha) + Interval(beta))));
  }
  if (C.hi >= 0.0) {
    if (std::optional<Root> between = smaller_root(*this, a, g)) {
      Interval b = between->place;
      const Interval rises = square(b / a) * (Interval(1.0) + Interval(2.0) / a);
      if (between->certain && rises.hi < 1.0) {
        if (const auto first = smaller_root(*this, a.lo, g.lo)) {
          b.lo = std::max(b.lo, first->place.lo);
        }
        if (const auto last = smaller_root(*this, a.hi, g.hi)) {
          b.hi = std::min(b.hi, last->place.hi);
        }
      }
      b.hi = std::min(b.hi, std::min(a.hi, g.hi));
      if (b.lo <= b.hi) {
        found.between_only = found.places.empty() && b.lo > 0.0 && b.hi < std::min(a.lo, g.lo);
        found.places.push_back(b);
      }
    }
  }
  if (a.hi >= 1.0) {
    const Interval b{lonely_threshold(std::max(a.lo, 1.0)).lo, lonely_threshold(a.hi).hi};
    if (b.hi >= g.lo) {
      found.between_only = false;
      found.places.emplace_back(std::max(b.lo, std::max(g.lo, 0.0)), b.hi);
    }
  }
  return found;
}

Interval Threshold::value(const Interval& a, const Interval& g, const Interval& b) const {
  return Interval(alpha) * own_loss(a, b) + Interval(beta) * mean_square(g, b);
}

double Threshold::silent() const {
  return (Interval(alpha) * third).lo;
}

// P of any b is no less than the minimum, so that more places than needed do no harm.
double Threshold::least_at(const Interval& a, const Interval& g) const {
  double least = silent();
  for (const Interval& b : minima(a, g).places) least = std::min(least, value(a, g, b).lo);
  return std::max(least, 0.0);
}

double Threshold::least(const Interval& a, const Interval& g) const {
  const std::vector<Interval> places = minima(a, g.lo).places;
  if (places.empty()) return silent();
  const Interval middle = a.middle();
  const Interval slope = Interval(alpha) * slope_over(a, places);
  const Interval bound = Interval(least_at(middle, g.lo)) + slope * (a - middle);
  return std::max(std::min(silent(), bound.lo), 0.0);
}

std::optional<std::array<Interval, 3>> edge_slopes(const Edge& edge, const Interval& mu) {
  const Threshold P;
  const auto& [r, s, angle] = edge;
  const Interval a = square(r), c = square(s), cosine = cos(angle), g = r * s * cosine;
  const std::vector<Interval> at_r = P.minima(a, g).places, at_s = P.minima(c, g).places;
  if (at_r.empty() || at_s.empty()) return std::nullopt;
  const Interval slope_of_g =
      Interval(2.0) * (mean_product(g, hull_of(at_r)) + mean_product(g, hull_of(at_s)));
  return std::array<Interval, 3>{r * slope_over(a, at_r) + s * cosine * slope_of_g,
                                 s * slope_over(c, at_s) + r * cosine * slope_of_g,
                                 mu - r * s * sin(angle) * slope_of_g};
}

EdgeBound edge_bound(const Edge& edge, const Interval& mu, const Interval& theta0) {
  const Threshold P;
  const auto& [r, s, angle] = edge;
  const Interval a = square(r), c = square(s), g = r * s * cos(angle);
  const Interval turn = mu * (angle - theta0);
  const double one = P.least(a, g), other = P.least(c, g);
  EdgeBound bound{below(below(one + other) + turn.lo), 0};
  const double silent = below(below(P.silent() + std::min(one, other)) + turn.lo);
  const std::array<Interval, 3> sides{r, s, angle};
  const auto slopes = edge_slopes(edge, mu);
  if (!slopes) {
    bound.least = std::max(bound.least, silent);
    for (std::size_t k = 1; k < 3; ++k) {
      if (sides[k].width() > sides[bound.side].width()) bound.side = k;
    }
    return bound;
  }
  const Interval r0 = r.middle(), s0 = s.middle(), angle0 = angle.middle();
  const Interval g0 = r0 * s0 * cos(angle0);
  Interval centred = Interval(P.least_at(square(r0), g0)) + Interval(P.least_at(square(s0), g0)) +
                     mu * (angle0 - theta0);
  double worst = 0.0;
  for (std::size_t k = 0; k < 3; ++k) {
    centred = centred + (*slopes)[k] * (sides[k] - Interval(sides[k].middle()));
    const double cost = (*slopes)[k].width() * sides[k].width();
    if (cost > worst) {
      worst = cost;
      bound.side = k;
    }
  }
  bound.least = std::max(bound.least, std::min(centred.lo, silent));
  return bound;
}

namespace {

// With L of the middle's Cholesky decomposition and Y = L⁻¹, a congruent matrix Y H Yᵀ near 1 is
// positive definite if its diagonal exceeds the rest of each row (Gershgorin). L needs no proof: if
// Y were singular, Y H Yᵀ would be too, and no such matrix is.
bool positive_definite(const Hessian& H) {
  constexpr int n = 5;
  double L[n][n] = {}, Y[n][n] = {};
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j <= i; ++j) {
      double sum = H[i][j].middle();
      for (int k = 0; k < j; ++k) sum -= L[i][k] * L[j][k];
      if (i == j && !(sum > 0.0)) return false;
      L[i][j] = i == j ? std::sqrt(sum) : sum / L[j][j];
    }
  }
  for (int j = 0; j < n; ++j) {
    Y[j][j] = 1.0 / L[j][j];
    for (int i = j + 1; i < n; ++i) {
      double sum = 0.0;
      for (int k = j; k < i; ++k) sum -= L[i][k] * Y[k][j];
      Y[i][j] = sum / L[i][i];
    }
  }
  Hessian half, full;
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) {
      for (int k = 0; k <= i; ++k) half[i][j] = half[i][j] + Interval(Y[i][k]) * H[k][j];
    }
  }
  for (int i = 0; i < n; ++i) {
    double rest = 0.0;
    for (int j = 0; j < n; ++j) {
      for (int k = 0; k <= j; ++k) full[i][j] = full[i][j] + half[i][k] * Interval(Y[j][k]);
      if (j != i) rest = above(rest + std::max(-full[i][j].lo, full[i][j].hi));
    }
    if (!(full[i][i].lo > rest)) return false;
  }
  return true;
}

// One end of an edge where 0 < b < min(a, g): derivatives of ½S(r², b) and φ(g; b), second ones
// from below in the order of positive definite forms (Loewner's) over the box. With s = b/g that of
// φ in (g, b) is 2∫ₛ¹ (t, −1)(t, −1)ᵀ dt, which falls with s: it is taken at the largest s. That of
// ½S in (a, b), τ = b/a, is ∫ of the same from τ on, likewise, less D(τ)/a, D = τ(τ, −1)(τ, −1)ᵀ.
// As D' + diag(τ², 0) = (2τ, −1)(2τ, −1)ᵀ, D(τ) ≤ D(τ₂) + ⅓(τ₂³ − τ₁³) diag(1, 0) on [τ₁, τ₂].
struct End {
  Interval rr, rb, bb;         // of ½S
  Interval g, gg, gb, phi_bb;  // of φ
};

End end_of(const Interval& r, const Interval& g, const Interval& b) {
  const Interval a = square(r), one = 1.0, two = 2.0, shortest = a.lo;
  const Interval t = (Interval(b.hi) / shortest).hi, s = (Interval(b.hi) / Interval(g.lo)).hi;
  const Interval first = (Interval(b.lo) / Interval(a.hi)).lo;
  const Interval aa =
      third * (one - cube(t)) - (cube(t) + third * (cube(t) - cube(first))) / shortest;
  const Interval ab = square(t) / shortest - Interval(0.5) * (one - square(t));
  return {.rr = Interval(4.0) * a * aa + own_loss_slope(a, b),
          .rb = two * r * ab,
          .bb = one - t - t / shortest,
          .g = two * mean_product(g, b),
          .gg = two * third * (one - cube(s)),
          .gb = square(s) - one,
          .phi_bb = two * (one - s)};
}

// P'' where 0 < b < min(a, g): it falls with b.
Interval curvature(const Interval& a, const Interval& g, const Interval& b) {
  const Interval one = 1.0, t = b / a;
  return one - t - t / a + Interval(2.0) * (one - b / g);
}

// Holds every threshold that costs at most `slack` more than the best one, if that is the
// only minimum and beats silence by more than that; nothing if these cannot be told to lie between
// 0 and min(a, g). P falls to it and, beyond it, rises before it may fall to the constant: so
// P − m > slack at both ends suffices, and P'' ≥ κ in between makes it at least ½κβ².
std::optional<Interval> thresholds_of(const Interval& r, const Interval& g, double slack) {
  const Threshold P;
  const Interval a = square(r);
  const Threshold::Minima found = P.minima(a, g);
  if (!found.between_only) return std::nullopt;
  const Interval best = found.places.front();
  if (!(above(P.value(a, g, best).hi + slack) < P.silent())) return std::nullopt;
  if (slack == 0.0) return best;
  Interval wide = best;
  double half = 0.0;
  for (int n = 0; n < 3; ++n) {  // wider means less curved
    const double curved = curvature(a, g, wide.hi).lo;
    if (!(curved > 0.0)) return std::nullopt;
    half = 1.02 * std::sqrt(2.0 * slack / curved);
    wide = {below(best.lo - half), above(best.hi + half)};
    if (!(wide.lo > 0.0 && wide.hi < std::min(a.lo, g.lo))) return std::nullopt;
  }
  const Interval enough = Interval(0.5) * curvature(a, g, wide.hi) * square(Interval(half));
  return enough.lo > slack ? std::optional(wide) : std::nullopt;
}

}  // namespace

std::optional<EdgeThresholds> edge_thresholds(const Edge& edge, double slack) {
  const Interval g = edge.r * edge.s * cos(edge.angle);
  const auto one = thresholds_of(edge.r, g, slack), other = thresholds_of(edge.s, g, slack);
  if (!one || !other) return std::nullopt;
  return EdgeThresholds{*one, *other};
}

Hessian hessian(const Edge& edge, const EdgeThresholds& b) {
  const auto& [r, s, angle] = edge;
  const Interval cosine = cos(angle), sine = sin(angle), g = r * s * cosine;
  const End one = end_of(r, g, b[0]), other = end_of(s, g, b[1]);
  const Interval by_r = s * cosine, by_s = r * cosine, by_angle = -(r * s * sine);
  const Interval slope = one.g + other.g, gg = one.gg + other.gg;
  Hessian H;
  H[0][0] = one.rr + gg * square(by_r);
  H[1][0] = gg * by_r * by_s + slope * cosine;
  H[1][1] = other.rr + gg * square(by_s);
  H[2][0] = gg * by_r * by_angle - slope * s * sine;
  H[2][1] = gg * by_s * by_angle - slope * r * sine;
  H[2][2] = gg * square(by_angle) - slope * g;
  H[3][0] = one.rb + one.gb * by_r;
  H[3][1] = one.gb * by_s;
  H[3][2] = one.gb * by_angle;
  H[3][3] = one.bb + one.phi_bb;
  H[4][0] = other.gb * by_r;
  H[4][1] = other.rb + other.gb * by_s;
  H[4][2] = other.gb * by_angle;
  H[4][3] = 0.0;
  H[4][4] = other.bb + other.phi_bb;
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t j = 0; j < i; ++j) H[j][i] = H[i][j];
  }
  return H;
}

namespace {

bool steep_at(const Edge& edge, const EdgeThresholds& b, const std::array<double, 3>& modulus) {
  Hessian H = hessian(edge, b);
  const auto& [length, gap, threshold] = modulus;
  const double least[] = {length, length, gap, threshold, threshold};
  for (std::size_t i = 0; i < 5; ++i) H[i][i] = H[i][i] - Interval(least[i]);
  return positive_definite(H);
}

// Of all thresholds in b: in halves, where the Hessian of all at once does not tell.
bool steep_over(const Edge& edge, const EdgeThresholds& b, const std::array<double, 3>& modulus) {
  constexpr double narrowest = 0x1p-8;
  if (steep_at(edge, b, modulus)) return true;
  const std::size_t wider = b[1].width() > b[0].width() ? 1 : 0;
  if (!(b[wider].width() > narrowest)) return false;
  EdgeThresholds low = b, high = b;
  low[wider].hi = high[wider].lo = b[wider].middle();
  return steep_over(edge, low, modulus) && steep_over(edge, high, modulus);
}

}  // namespace

bool convex(const Edge& edge, const Steepness& wanted) {
  const auto b = edge_thresholds(edge, wanted.slack);
  if (!b || !wanted.thresholds.holds((*b)[0]) || !wanted.thresholds.holds((*b)[1])) return false;
  return steep_over(edge, *b, wanted.modulus);
}

}  // namespace skeleta::certify
