#include "exact/gradient.h"

#include <algorithm>

#include "exact/contour.h"
#include "skeleta/exact/closed_forms.h"

namespace skeleta::exact {
namespace {

// One output's sums on their way to derivatives. E[Y; …] of the rest is `contour − aliases` if both
// sides of b have weight, made of moments if z is above, and 0 if it is below.
class Finish {
 public:
  Finish(const Row& row, const double* gram, const Output& output)
      : row_(row),
        output_(output),
        own_(static_cast<std::size_t>(row.count)),
        own_entry_(gram[row.own]),
        b_(row.threshold),
        w_(row.w[own_]),
        a_(row.a[own_]),
        unit_(output.side == Side::both ? 2.0 / output.period * row.mass : 0.0),
        aliases_{.period = output.period, .c = output.c} {
    for (std::size_t n = 0; n <= own_; ++n) mean_ += 0.5 * row.g[n] * probability(n);
  }

  double entry(std::size_t n, double sum) const;
  double own_entry(double sum) const;
  double threshold(double sum) const;

 private:
  double probability(std::size_t n) const { return row_.w[n] / (row_.a[n] + row_.w[n]); }
  bool both() const { return output_.side == Side::both; }

  // E[X 1{z > b}] − E[Y (z − b)₊] on the rest from E[X], E[Y], E[Y z] and the contour sum.
  double rest(double sum, double step, double ramp0, double ramp1) const {
    if (output_.side == Side::below) return 0.0;
    if (output_.side == Side::above) return step - (output_.scale * ramp1 - b_ * ramp0);
    return unit_ * sum - (aliases_.of_step(step) - output_.scale * aliases_.of_ramp(ramp0, ramp1));
  }

  // Σ_k alone_k form(G_ii, G_ik; b): the supports {i, k}.
  template <class Form>
  double over_pairs(Form form) const {
    const double* alone = row_.alone.data();
    const double* g = row_.g.data();
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (Index n = 0; n < row_.count; ++n) {
      sum += alone[n] * form(own_entry_, row_.scale * g[n], b_);
    }
    return row_.mass * w_ * sum;
  }

  const Row& row_;
  const Output& output_;
  std::size_t own_;
  double own_entry_, b_, w_, a_;
  double unit_;
  LeftAliases aliases_;
  double mean_ = 0.0;  // E z, scaled
};

// Closed: i and j alone; j alone. In the rest i and j have company, or at least two are active.
double Finish::entry(std::size_t n, double sum) const {
  const double g = row_.g[n], w = row_.w[n], entry = row_.scale * g;
  const double p = probability(n), p_own = probability(own_);
  const double only = row_.mass * row_.alone[n];  // P(n, but no other; i apart)
  const double empty = row_.mass * (row_.a[n] + w) * (row_.alone[n] / w);
  const double company = 1.0 - empty * a_;       // P(some feature of z other than n is active)
  const double third = 1.0 - empty * (a_ + w_);  // … other than n and i
  const double ramp0 = 0.5 * p * company;
  const double ramp1 = g * p / 3.0 * company + 0.5 * p * (mean_ - 0.5 * g * p);
  const double step = 0.25 * p * p_own * (both() ? third : 1.0);
  const double pair = both() ? w_ * above_pair_product(own_entry_, entry, b_) : 0.0;
  return only * (pair - a_ * psi(entry, b_)) + rest(sum, step, ramp0, ramp1);
}

// Closed: i alone; i and one other. E[x_i²; i and ≥ 2 others] = ⅔ E[x_i; same].
double Finish::own_entry(double sum) const {
  const RestMoments& moments = output_.rest;
  const double alone = row_.mass * w_ * row_.none;
  double result = alone * (above_tt(own_entry_, b_) - psi(own_entry_, b_));
  double step = moments.square, ramp0 = moments.x0 + moments.pair0,
         ramp1 = moments.x1 + moments.pair1;
  if (both()) {
    result += over_pairs([](double a1, double a2, double c) { return above_pair_tt(a1, a2, c); }) -
              output_.pairs;
    step = moments.x0 * (2.0 / 3.0);
    ramp0 = moments.x0;
    ramp1 = moments.x1;
  }
  return result + rest(sum, row_.mass * step, row_.mass * ramp0, row_.mass * ramp1);
}

// Closed: nobody; one feature; i and one other in the first term.
double Finish::threshold(double sum) const {
  const RestMoments& moments = output_.rest;
  double singles = 0.0;
  for (std::size_t n = 0; n < own_; ++n) {
    singles += row_.alone[n] * phi1(row_.scale * row_.g[n], b_);
  }
  double result = row_.mass * (w_ * row_.none * (above_t(own_entry_, b_) - phi1(own_entry_, b_)) -
                               a_ * (singles + row_.none * std::max(-b_, 0.0)));
  double step = moments.x0 + moments.pair0;
  if (both()) {
    result += over_pairs([](double a1, double a2, double c) { return above_pair_t(a1, a2, c); });
    step = moments.x0;
  }
  return result + rest(sum, row_.mass * step, row_.mass * moments.m0, row_.mass * moments.m1);
}

}  // namespace

double finish_gradient(const Row& row, const double* gram, const Output& output,
                       const Vector& density, double threshold, const double* entries,
                       double* by_feature) {
  const Finish finish(row, gram, output);
  const double slope = finish.threshold(threshold);
  for (Index j = 0; j < density.size(); ++j) by_feature[j] = 0.5 * density(j) * slope;
  for (Index n = 0; n < row.count; ++n) {
    const auto at = static_cast<std::size_t>(n);
    by_feature[row.feature[at]] = finish.entry(at, entries[n]);
  }
  by_feature[row.own] = finish.own_entry(entries[row.count]);
  return slope;
}

}  // namespace skeleta::exact
