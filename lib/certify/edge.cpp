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

EdgeBound edge_bound(const Edge& edge, const Interval& mu, const Interval& theta0) {
  const Threshold P;
  const auto& [r, s, angle] = edge;
  const Interval a = square(r), c = square(s), cosine = cos(angle), g = r * s * cosine;
  const Interval turn = mu * (angle - theta0);
  const double one = P.least(a, g), other = P.least(c, g);
  EdgeBound bound{below(below(one + other) + turn.lo), 0};
  const std::vector<Interval> at_r = P.minima(a, g).places, at_s = P.minima(c, g).places;
  const double silent = below(below(P.silent() + std::min(one, other)) + turn.lo);
  if (at_r.empty() || at_s.empty()) {
    bound.least = std::max(bound.least, silent);
    const Interval widths[] = {r, s, angle};
    for (std::size_t k = 1; k < 3; ++k) {
      if (widths[k].width() > widths[bound.side].width()) bound.side = k;
    }
    return bound;
  }
  const Interval slope_of_g =
      Interval(2.0) * (mean_product(g, hull_of(at_r)) + mean_product(g, hull_of(at_s)));
  const std::array<Interval, 3> slopes{r * slope_over(a, at_r) + s * cosine * slope_of_g,
                                       s * slope_over(c, at_s) + r * cosine * slope_of_g,
                                       mu - r * s * sin(angle) * slope_of_g};
  const std::array<Interval, 3> sides{r, s, angle};
  const Interval r0 = r.middle(), s0 = s.middle(), angle0 = angle.middle();
  const Interval g0 = r0 * s0 * cos(angle0);
  Interval centred = Interval(P.least_at(square(r0), g0)) + Interval(P.least_at(square(s0), g0)) +
                     mu * (angle0 - theta0);
  double worst = 0.0;
  for (std::size_t k = 0; k < 3; ++k) {
    centred = centred + slopes[k] * (sides[k] - Interval(sides[k].middle()));
    const double cost = slopes[k].width() * sides[k].width();
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

// One end of an edge where 0 < b < min(a, g): derivatives of ½S(r², b) and φ(g; b).
struct End {
  Interval b, rr, rb, bb;      // of ½S
  Interval g, gg, gb, phi_bb;  // of φ
};

std::optional<End> end_of(const Interval& r, const Interval& g) {
  const Threshold P;
  const Interval a = square(r), one = 1.0, two = 2.0;
  const Threshold::Minima found = P.minima(a, g);
  if (!found.between_only) return std::nullopt;
  const Interval b = found.places.front(), t = b / a, s = b / g;
  if (!(P.value(a, g, b).hi < P.silent())) return std::nullopt;
  const Interval slope = own_loss_slope(a, b);
  const Interval aa = two * (third * (one - cube(t)) - cube(t) / a);
  const Interval ab = two * square(t) / a - (one - square(t));
  return End{.b = b,
             .rr = two * a * aa + slope,
             .rb = r * ab,
             .bb = (one - t) - t / a,
             .g = two * mean_product(g, b),
             .gg = two * third * (one - cube(s)),
             .gb = square(s) - one,
             .phi_bb = two * (one - s)};
}

}  // namespace

std::optional<Hessian> hessian(const Edge& edge) {
  const auto& [r, s, angle] = edge;
  const Interval cosine = cos(angle), sine = sin(angle), g = r * s * cosine;
  const auto one = end_of(r, g), other = end_of(s, g);
  if (!one || !other) return std::nullopt;
  const Interval by_r = s * cosine, by_s = r * cosine, by_angle = -(r * s * sine);
  const Interval slope = one->g + other->g, gg = one->gg + other->gg;
  Hessian H;
  H[0][0] = one->rr + gg * square(by_r);
  H[1][0] = gg * by_r * by_s + slope * cosine;
  H[1][1] = other->rr + gg * square(by_s);
  H[2][0] = gg * by_r * by_angle - slope * s * sine;
  H[2][1] = gg * by_s * by_angle - slope * r * sine;
  H[2][2] = gg * square(by_angle) - slope * g;
  H[3][0] = one->rb + one->gb * by_r;
  H[3][1] = one->gb * by_s;
  H[3][2] = one->gb * by_angle;
  H[3][3] = one->bb + one->phi_bb;
  H[4][0] = other->gb * by_r;
  H[4][1] = other->rb + other->gb * by_s;
  H[4][2] = other->gb * by_angle;
  H[4][3] = 0.0;
  H[4][4] = other->bb + other->phi_bb;
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t j = 0; j < i; ++j) H[j][i] = H[i][j];
  }
  return H;
}

bool convex(const Edge& edge) {
  const auto H = hessian(edge);
  return H && positive_definite(*H);
}

}  // namespace skeleta::certify
