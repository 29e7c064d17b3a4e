#include "exact/law_alone.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "exact/law_closed.h"
#include "exact/perturbation.h"
#include "measure/activity_sweep.h"
#include "measure/series.h"

namespace skeleta::exact {
namespace {

// E[1; ·], E[x_j; ·] and with a tangent the same times Σ_{k ≠ i} u_k x_k, where x_i is not active
// and, as the tangent of φ_i, where it is.
using Dual = Series<double, 2>;
using Cases = Series<Dual, 2>;

Cases pair(const Dual& silent, const Dual& active) {
  return Cases(std::array{silent, active});
}

// visit(j, E[x_j (1, Σ u x); ·]) for j ≠ i; returns E[(1, Σ u x); ·]. Without u, 0 stands for it.
template <class Visit>
Cases sweep_others(const LawRow& row, const double* u, const Visit& visit) {
  const auto leaf = [&](Index j, int power) {
    const ValueLaw& value = row.value(j);
    const double slope = u == nullptr ? 0.0 : u[j];
    return pair(Dual(std::array{value.moment(power), slope * value.moment(power + 1)}), Dual(0.0));
  };
  ActivitySweep<Cases> sweep(row.law->activity);
  const Cases all =
      sweep.up([&](Index j) { return j == row.own ? pair(Dual(0.0), Dual(1.0)) : leaf(j, 0); });
  sweep.down([&](Index j, const Cases& others) {
    if (j != row.own) visit(j, others * leaf(j, 1));
  });
  return all;
}

// May g U = c have positive probability, once all is rounded?
bool atom_at_threshold(const LawRow& row, double rounding) {
  const double x = row.value(row.own).first(), z = row.g(row.own) * x, c = row.c;
  const double off = rounding * std::abs(x) + 2.0 * epsilon * (std::abs(z) + std::abs(c));
  return row.value(row.own).has_atoms() && std::abs(z - c) <= off;
}

// x_i within `off` of u = c/g, whose probability is at most 2 off times the density there, may be
// on the other side: an error of θ|2u − θ| each, of 2|u − θ| in the derivative. With a jump that
// also has the density at u, which rounding may move, beyond an end of the law even.
void set_unsure(const LawRow& row, double rounding, AloneOutput& output) {
  const ValueLaw& value = row.value(row.own);
  const double g = std::abs(row.g(row.own)), jump = row.jump;
  const double u = row.c / row.g(row.own);
  if (!std::isfinite(u)) return;  // no value comes near the threshold
  const double off = (rounding / g + 4.0 * epsilon) * std::abs(u) + 2.0 * epsilon * jump / g;
  const double mode = value.kind() == ValueKind::normal ? value.first() : value.least();
  const auto density = [&](double at) { return at_threshold(value, 0, 1.0, at); };
  const std::array densities{density(u - off), density(u), density(u + off),
                             density(std::clamp(mode, u - off, u + off))};
  const auto [least, most] = std::ranges::minmax(densities);
  const bool atom = atom_at_threshold(row, rounding);
  if (most == 0.0 && !atom) return;
  const double mass = atom ? 1.0 : std::min(1.0, 2.0 * off * most);
  const double x = std::abs(u) + off, step = std::abs(2.0 * u - jump) + 2.0 * off;
  output.unsure = mass * jump * step;
  output.unsure_by_c = mass * 2.0 * (std::abs(u - jump) + off) +
                       jump / g * (step * (most - least) + 2.0 * off * most);
  output.unsure_by_g = x * output.unsure_by_c;
}

}  // namespace

// x_i − y is x_i where g x_i ≤ c and (1 − g) x_i + c − θ beyond, so that a perfect output has the
// loss 0. At the jump its square falls by x_i² − (x_i − θ)² = θ (2 x_i − θ).
AloneOutput alone_output(const LawRow& row, double rounding) {
  const ValueLaw& value = row.value(row.own);
  const double g = row.g(row.own), c = row.c, jump = row.jump;
  const double lost = 1.0 - g, b = c - jump, square = value.moment(2);
  const auto above = [&](int power) { return value.ramp_moment(power, 0, g, c); };
  const auto delta = [&](int power) {
    return jump == 0.0 ? 0.0 : jump * at_threshold(value, power, g, c);
  };
  const double r0 = above(0);  // where it is 0 the others are products of 0 with powers of c/g
  const double r1 = r0 > 0.0 ? above(1) : 0.0, r2 = r0 > 0.0 ? above(2) : 0.0;
  const double d0 = delta(0), d1 = delta(1), d2 = delta(2);
  const double below = r0 == 0.0 ? square : value.ramp_moment(2, 0, -g, -c);
  AloneOutput output;
  output.active = std::max(below + lost * lost * r2 + 2.0 * lost * b * r1 + b * b * r0, 0.0);
  output.active_by_c = 2.0 * (lost * r1 + b * r0) + 2.0 * d1 - jump * d0;
  output.active_by_g = -2.0 * (lost * r2 + b * r1) - 2.0 * d2 + jump * d1;
  const double y = c < 0.0 ? jump - c : 0.0;
  output.silent = y * y;
  output.silent_by_c = -2.0 * y;
  set_unsure(row, rounding, output);
  const double width = std::sqrt(square), size = std::abs(lost) * width + std::abs(c) + jump;
  output.rounded = (below > 0.0 ? square : 0.0) + size * size;
  output.rounded_by_c = 2.0 * size + 2.0 * std::abs(d1) + jump * std::abs(d0);
  output.rounded_by_g = 2.0 * size * width + 2.0 * std::abs(d2) + jump * std::abs(d1);
  return output;
}

// z moves by x_j dg_j as it would by −dc.
void add_others(const LawRow& row, const AloneOutput& output, double* by_feature) {
  sweep_others(row, nullptr, [&](Index j, const Cases& x) {
    by_feature[j] -= output.silent_by_c * x.c[0].c[0] + output.active_by_c * x.c[1].c[0];
  });
}

Vector counts_while_silent(const LawRow& row, Index most) {
  using Count = Polynomial<double>;
  const auto last = static_cast<std::size_t>(most);
  ActivitySweep<Count> sweep(row.law->activity);
  const Count law =
      sweep.up([&](Index j) { return j == row.own ? Count(0.0) : Count::marked(1.0, last); });
  Vector result(most + 1);
  for (std::size_t l = 0; l <= last; ++l) result(static_cast<Index>(l)) = law[l];
  return result;
}

// With Y = Σ_{k ≠ i} u_k x_k − c' and κ'' of single_curvature: 2·1{0 > c} while x_i is not active.
LawProduct alone_curvature(const LawRow& row, double rounding, const LawDirection& direction,
                           double* by_feature) {
  const std::array<double, 3> t = single_curvature(row, row.own);
  const double silent = row.c < 0.0 ? 2.0 : 0.0, u = direction.g[row.own], c = direction.c;
  std::fill_n(by_feature, row.g.size(), 0.0);
  const auto with_y = [&](const Dual& x) { return x.c[1] - c * x.c[0]; };
  const Cases all = sweep_others(row, direction.g, [&](Index j, const Cases& x) {
    by_feature[j] = silent * with_y(x.c[0]) + t[0] * with_y(x.c[1]) + t[1] * u * x.c[1].c[0];
  });
  const double p = all.c[1].c[0];
  by_feature[row.own] = t[1] * with_y(all.c[1]) + t[2] * u * p;
  LawProduct product;
  if (atom_at_threshold(row, rounding)) product.error = INFINITY;
  product.threshold = -(silent * with_y(all.c[0]) + t[0] * with_y(all.c[1]) + t[1] * u * p);
  return product;
}

}  // namespace skeleta::exact
