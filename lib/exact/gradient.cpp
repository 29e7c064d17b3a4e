#include "exact/gradient.h"

#include <algorithm>

#include "exact/closed_forms.h"
#include "exact/contour.h"

namespace skeleta::exact {
namespace {

// One output's sums on their way to derivatives. E[Y; …] of the rest is `contour − aliases` if both
// sides of b have weight, made of moments if z is above, and 0 if it is below.
class Finish {
 public:
  Finish(const Row& row, const double* gram, const Output& output, std::span<Others> others)
      : row_(row),
        output_(output),
        own_(static_cast<std::size_t>(row.count)),
        own_entry_(gram[row.own]),
        b_(row.threshold),
        w_(row.w[own_]),
        a_(row.a[own_]),
        unit_(output.side == Side::both ? 2.0 / output.period * row.mass : 0.0),
        aliases_{.period = output.period, .c = output.c},
        others_(others) {
    set_others();
    std::size_t q = 0;
    for_each_shift(row, [&](double b, double) { closed_[q++] = closed_threshold(b); });
  }

  double entry(Index n, double sum) const;
  double own_entry(double sum) const;
  double fine_entry(Index n, double sum) const;
  double threshold(double sum) const;

 private:
  void set_others();

  bool both() const { return output_.side == Side::both; }
  double closed_threshold(double b) const;

  // E[X 1{z > b}] − E[Y (z − b)₊] on the rest from E[X], E[Y], E[Y z] and the contour sum.
  double rest(double sum, double step, double ramp0, double ramp1) const {
    if (output_.side == Side::below) return 0.0;
    if (output_.side == Side::above) return step - (output_.scale * ramp1 - b_ * ramp0);
    return unit_ * sum - (aliases_.of_step(step) - output_.scale * aliases_.of_ramp(ramp0, ramp1));
  }

  // Σ_k alone_k form(G_ii, G_ik; b): the supports {i, k}.
  template <class Form>
  double over_pairs(double b, Form form) const {
    const double* alone = row_.alone.data();
    const double* g = row_.g.data();
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (Index n = 0; n < row_.count; ++n) {
      sum += alone[n] * form(own_entry_, row_.scale * g[n], b);
    }
    return row_.mass * w_ * sum;
  }

  const Row& row_;
  const Output& output_;
  std::size_t own_;
  double own_entry_, b_, w_, a_;
  double unit_;
  LeftAliases aliases_;
  std::span<Others> others_;                    // by n
  std::array<double, FineLaw::most> closed_{};  // closed_threshold at the points of the fine law
};

// From those before n and those after it, so that nothing cancels where n is by far the most
// frequent.
void Finish::set_others() {
  const auto include = [&](Others& others, Index n) {
    const double p = row_.probability(n);
    others.some += (1.0 - others.some) * p;
    others.mean += 0.5 * row_.g[static_cast<std::size_t>(n)] * p;
  };
  Others before{0.0, 0.5 * row_.g[own_] * row_.probability(row_.count)};
  for (Index n = 0; n < row_.count; ++n) {
    others_[static_cast<std::size_t>(n)] = before;
    include(before, n);
  }
  Others after;
  for (Index n = row_.count; n-- > 0;) {
    Others& others = others_[static_cast<std::size_t>(n)];
    others.some += (1.0 - others.some) * after.some;
    others.mean += after.mean;
    include(after, n);
  }
}

// Closed: i and j alone; j alone. In the rest i and j have company, or at least two are active.
double Finish::entry(Index index, double sum) const {
  const auto n = static_cast<std::size_t>(index);
  const double g = row_.g[n], entry = row_.scale * g;
  const double p = row_.probability(index), p_own = row_.probability(row_.count);
  const double only = row_.mass * row_.alone[n];  // P(n, but no other; i apart)
  const double third = others_[n].some;  // P(some main feature other than n and i is active)
  const double company = third + (1.0 - third) * p_own;  // … other than n
  const double ramp0 = 0.5 * p * company;
  const double ramp1 = g * p / 3.0 * company + 0.5 * p * others_[n].mean + row_.fine.mean * ramp0;
  const double step = 0.25 * p * p_own * (both() ? third : 1.0);
  double closed = 0.0;
  for_each_shift(row_, [&](double b, double weight) {
    const double pair = both() ? w_ * above_pair_product(own_entry_, entry, b) : 0.0;
    closed += weight * (pair - a_ * psi(entry, b));
  });
  return only * closed + rest(sum, step, ramp0, ramp1);
}

// Closed: i alone; i and one other. E[x_i²; i and ≥ 2 others] = ⅔ E[x_i; same].
double Finish::own_entry(double sum) const {
  const RestMoments& moments = output_.rest;
  const double alone = row_.mass * w_ * row_.none;
  double result = both() ? -output_.pairs : 0.0;
  for_each_shift(row_, [&](double b, double weight) {
    result += weight * alone * (above_tt(own_entry_, b) - psi(own_entry_, b));
    if (both()) {
      result += weight * over_pairs(b, [](double a1, double a2, double c) {
                  return above_pair_tt(a1, a2, c);
                });
    }
  });
  double step = moments.square, ramp0 = moments.x0 + moments.pair0,
         ramp1 = moments.x1 + moments.pair1;
  if (both()) {
    step = moments.x0 * (2.0 / 3.0);
    ramp0 = moments.x0;
    ramp1 = moments.x1;
  }
  return result + rest(sum, row_.mass * step, row_.mass * ramp0, row_.mass * ramp1);
}

// E[(x_i − x̂_i) 1{z > b}] of the main features: nobody; one feature; i and one other in the first
// term.
double Finish::closed_threshold(double b) const {
  double singles = 0.0;
  for (std::size_t n = 0; n < own_; ++n) singles += row_.alone[n] * phi1(row_.scale * row_.g[n], b);
  const double result =
      row_.mass * (w_ * row_.none * (above_t(own_entry_, b) - phi1(own_entry_, b)) -
                   a_ * (singles + row_.none * std::max(-b, 0.0)));
  if (!both()) return result;
  return result +
         over_pairs(b, [](double a1, double a2, double c) { return above_pair_t(a1, a2, c); });
}

double Finish::threshold(double sum) const {
  const RestMoments& moments = output_.rest;
  double result = 0.0;
  for (std::size_t q = 0; q < FineLaw::most; ++q) result += row_.fine.weight[q] * closed_[q];
  const double step = moments.x0 + (both() ? 0.0 : moments.pair0);
  return result + rest(sum, row_.mass * step, row_.mass * moments.m0, row_.mass * moments.m1);
}

// x_j is a part of η: the closed forms of `threshold` with the weights of E[x_j …]. On the rest x_j
// is independent of all but η.
double Finish::fine_entry(Index n, double sum) const {
  const RestMoments& moments = output_.rest;
  const double g = row_.g[static_cast<std::size_t>(n)], p = row_.probability(n);
  const auto weights = row_.fine.weights_with(g, p);
  double result = 0.0;
  for (std::size_t q = 0; q < FineLaw::most; ++q) result += weights[q] * closed_[q];
  const double step = 0.5 * p * (moments.x0 + (both() ? 0.0 : moments.pair0));
  const double ramp1 =
      0.5 * p * (moments.m1 - row_.fine.mean * moments.m0) + row_.fine.mean_with(g, p) * moments.m0;
  return result + rest(sum, row_.mass * step, row_.mass * 0.5 * p * moments.m0, row_.mass * ramp1);
}

}  // namespace

double finish_gradient(const Row& row, const double* gram, const Output& output,
                       const Vector& density, double threshold, const double* entries,
                       std::span<Others> buffer, double* by_feature) {
  const Finish finish(row, gram, output, buffer);
  const double slope = finish.threshold(threshold);
  for (Index j = 0; j < density.size(); ++j) by_feature[j] = 0.5 * density(j) * slope;
  for (Index n = 0; n < row.count; ++n) {
    const auto at = static_cast<std::size_t>(n);
    by_feature[row.feature[at]] = finish.entry(n, entries[n]);
  }
  for (Index n = row.fine_begin(); n < row.fine_end(); ++n) {
    by_feature[row.feature[static_cast<std::size_t>(n)]] = finish.fine_entry(n, entries[n]);
  }
  by_feature[row.own] = finish.own_entry(entries[row.count]);
  return slope;
}

}  // namespace skeleta::exact
