#include "exact/law_atoms.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "exact/compensated_sum.h"
#include "measure/activity_sweep.h"

namespace skeleta::exact {
namespace {

using Bits = std::uint32_t;

// Σ P(pattern) Π_{k in pattern} y_k, by pattern: the generating function with a variable for each
// feature. Operands of a product have no feature in common.
class PatternSum {
 public:
  PatternSum() = default;
  explicit PatternSum(double constant) : terms_{{0, constant}} {}
  static PatternSum variable(std::size_t k) {
    PatternSum result;
    result.terms_ = {{Bits{1} << k, 1.0}};
    return result;
  }

  const std::vector<std::pair<Bits, double>>& terms() const { return terms_; }

  friend PatternSum operator+(const PatternSum& a, const PatternSum& b) {
    PatternSum result;
    auto x = a.terms_.begin(), y = b.terms_.begin();
    while (x != a.terms_.end() || y != b.terms_.end()) {
      const bool left = y == b.terms_.end() || (x != a.terms_.end() && x->first <= y->first);
      const bool both = left && y != b.terms_.end() && x->first == y->first;
      result.terms_.push_back(left ? *x : *y);
      if (both) result.terms_.back().second += y->second;
      if (left) ++x;
      if (!left || both) ++y;
    }
    return result;
  }
  friend PatternSum operator*(double factor, PatternSum a) {
    for (auto& term : a.terms_) term.second *= factor;
    return a;
  }
  friend PatternSum operator*(const PatternSum& a, const PatternSum& b) {
    PatternSum result;
    result.terms_.reserve(a.terms_.size() * b.terms_.size());
    for (const auto& x : a.terms_) {
      for (const auto& y : b.terms_) {
        result.terms_.emplace_back(x.first | y.first, x.second * y.second);
      }
    }
    std::ranges::sort(result.terms_);
    return result;
  }

 private:
  std::vector<std::pair<Bits, double>> terms_;  // by increasing pattern
};

std::vector<Index> active_features(const DataLaw& law) {
  std::vector<Index> result;
  for (Index j = 0; j < law.size(); ++j) {
    if (law.activity.density()(j) > 0.0) result.push_back(j);
  }
  return result;
}

// Σ over the features of a pattern, for all patterns.
std::vector<double> sums_over(const std::vector<double>& terms) {
  std::vector<double> result(std::size_t{1} << terms.size());
  for (std::size_t k = 0; k < terms.size(); ++k) {
    const std::size_t half = std::size_t{1} << k;
    for (std::size_t s = 0; s < half; ++s) result[s + half] = result[s] + terms[k];
  }
  return result;
}

// Σ of the terms of all patterns that have feature k, for each k; the terms are used up, and their
// sum is left in the first.
std::vector<double> sums_with(std::vector<double>& terms, std::size_t features) {
  std::vector<double> result(features);
  for (std::size_t k = features; k-- > 0;) {
    const std::size_t half = std::size_t{1} << k;
    CompensatedSum sum;
    for (std::size_t s = 0; s < half; ++s) {
      sum.add(terms[s + half]);
      terms[s] += terms[s + half];
    }
    result[k] = sum.value();
  }
  return result;
}

// One row on all patterns.
struct AtomsOfRow {
  AtomsOfRow(const LawRow& row, const AtomLaw& law, double moved) {
    const auto& features = law.features();
    std::vector<double> terms;
    for (std::size_t k = 0; k < features.size(); ++k) {
      value.push_back(row.value(features[k]).first());
      terms.push_back(row.g(features[k]) * value.back());
      size += std::abs(terms.back());
      if (features[k] == row.own) own = std::size_t{1} << k;
    }
    z = sums_over(terms);
    size += std::abs(row.c);
    const auto count = static_cast<double>(features.size());
    rounding = (count + 2.0) * epsilon * size + moved;
    relative = 4.0 * (count + 4.0) * epsilon;
  }

  // Which side of c is not sure. Without features z is 0.
  bool near(std::size_t s, double c) const {
    return s == 0 ? c == 0.0 : std::abs(z[s] - c) <= rounding;
  }

  std::vector<double> value, z;
  std::size_t own = 0;  // its bit; 0 if x_i is never active
  double size = 0.0, rounding = 0.0, relative = 0.0;
};

}  // namespace

bool AtomLaw::applies(const DataLaw& law) {
  const std::vector<Index> active = active_features(law);
  return active.size() <= most_features && std::ranges::all_of(active, [&](Index j) {
           return law.values[static_cast<std::size_t>(j)].has_atoms();
         });
}

AtomLaw::AtomLaw(const DataLaw& law) : features_(active_features(law)) {
  std::vector<std::size_t> place(static_cast<std::size_t>(law.size()), most_features);
  for (std::size_t k = 0; k < features_.size(); ++k) {
    place[static_cast<std::size_t>(features_[k])] = k;
  }
  ActivitySweep<PatternSum> sweep(law.activity);
  const PatternSum sum = sweep.up([&](Index j) {
    const std::size_t k = place[static_cast<std::size_t>(j)];
    return k == most_features ? PatternSum(0.0) : PatternSum::variable(k);
  });
  probability_.assign(std::size_t{1} << features_.size(), 0.0);
  for (const auto& [pattern, p] : sum.terms()) probability_[pattern] = p;
}

AtomOutput atom_output(const LawRow& row, const AtomLaw& law, double moved, double* by_feature,
                       Vector* by_count) {
  const AtomsOfRow patterns(row, law, moved);
  const auto& probability = law.probability();
  const double c = row.c, jump = row.jump;
  const double x_own = patterns.own == 0 ? 0.0 : row.value(row.own).first();
  CompensatedSum value, mean;  // E e², E |e|
  double unsure = 0.0, unsure_slope = 0.0;
  std::vector<double> slopes(probability.size());
  for (std::size_t s = 0; s < probability.size(); ++s) {
    const double p = probability[s];
    if (p == 0.0) continue;
    const double x = (s & patterns.own) != 0 ? x_own : 0.0, z = patterns.z[s];
    const bool above = z > c;
    const double e = above ? x - (z - c + jump) : x;
    value.add(p * e * e);
    mean.add(p * std::abs(e));
    if (above) slopes[s] = -2.0 * p * e;
    const auto l = static_cast<Index>(std::popcount(s));
    if (by_count != nullptr && l < by_count->size()) (*by_count)(l) += p * e * e;
    if (!patterns.near(s, c)) continue;
    unsure_slope += 2.0 * p * std::abs(x - jump);
    if (s != 0) unsure += p * jump * std::abs(2.0 * x - jump);
  }
  AtomOutput output;
  output.value = value.value();
  const std::vector<double> sums = sums_with(slopes, patterns.value.size());
  output.threshold = -slopes[0];
  const double off = patterns.rounding + 4.0 * epsilon * (patterns.size + jump + std::abs(x_own));
  output.error.value =
      patterns.relative * output.value + 2.0 * off * mean.value() + off * off + unsure;
  output.error.threshold = 2.0 * (patterns.relative * mean.value() + off) + unsure_slope;
  double squares = 0.0;
  for (std::size_t k = 0; k < sums.size(); ++k) {
    if (by_feature != nullptr) by_feature[law.features()[k]] = patterns.value[k] * sums[k];
    squares += patterns.value[k] * patterns.value[k];
  }
  output.error.entries = output.error.threshold * std::sqrt(squares);
  return output;
}

// 2 E X Y 1{z > c}, X = (x, −1), Y = Σ u_k x_k − c'.
LawProduct atom_curvature(const LawRow& row, const AtomLaw& law, double moved,
                          const LawDirection& direction, double* by_feature) {
  const AtomsOfRow patterns(row, law, moved);
  const auto& probability = law.probability();
  std::vector<double> terms;
  for (std::size_t k = 0; k < patterns.value.size(); ++k) {
    terms.push_back(direction.g[law.features()[k]] * patterns.value[k]);
  }
  std::vector<double> plane = sums_over(terms);
  LawProduct product;
  for (std::size_t s = 0; s < probability.size(); ++s) {
    const bool above = patterns.z[s] > row.c;
    if (probability[s] > 0.0 && patterns.near(s, row.c)) product.error = INFINITY;
    plane[s] = above ? 2.0 * probability[s] * (plane[s] - direction.c) : 0.0;
  }
  const std::vector<double> sums = sums_with(plane, patterns.value.size());
  std::fill_n(by_feature, row.g.size(), 0.0);
  for (std::size_t k = 0; k < sums.size(); ++k) {
    by_feature[law.features()[k]] = patterns.value[k] * sums[k];
  }
  product.threshold = -plane[0];
  return product;
}

}  // namespace skeleta::exact
