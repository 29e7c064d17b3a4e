#include "exact/law_atoms.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "exact/compensated_sum.h"
#include "measure/activity_sweep.h"

namespace skeleta::exact {
namespace {

using Bits = std::uint32_t;

constexpr double least_probability = std::numeric_limits<double>::min();

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
  AtomsOfRow(const LawRow& row, const AtomLaw& law, const Vector& rounding) : c(row.c) {
    const auto& features = law.features();
    const auto count = static_cast<double>(features.size());
    std::vector<double> terms, off;
    for (std::size_t k = 0; k < features.size(); ++k) {
      const Index j = features[k];
      value.push_back(row.value(j).first());
      terms.push_back(row.g(j) * value.back());
      off.push_back(rounding(j) * std::abs(value.back()) +
                    (count + 2.0) * epsilon * std::abs(terms.back()));
      if (j == row.own) own = std::size_t{1} << k;
    }
    z = sums_over(terms);
    rounded = sums_over(off);
  }

  double x_own(std::size_t s) const { return (s & own) != 0 ? value[at(own)] : 0.0; }
  // Which side of c is not sure. Without features z is 0.
  bool near(std::size_t s) const {
    return s == 0 ? c == 0.0 : std::abs(z[s] - c) <= rounded[s] + 2.0 * epsilon * std::abs(c);
  }

  double c;
  std::vector<double> value, z;
  std::vector<double> rounded;  // bounds of |δz|
  std::size_t own = 0;          // its bit; 0 if x_i is never active

 private:
  static std::size_t at(std::size_t bit) { return static_cast<std::size_t>(std::countr_zero(bit)); }
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
  const auto exclusive = [](const ActivityNode& node) {
    return node.kind == ActivityKind::exclusive;
  };
  const auto n = static_cast<double>(features_.size());
  if (std::ranges::any_of(law.activity.nodes(), exclusive)) lost_ = 2.0 * n * epsilon;
}

AtomOutput atom_output(const LawRow& row, const AtomLaw& law, const Vector& rounding,
                       double* by_feature, Vector* by_count) {
  const AtomsOfRow atoms(row, law, rounding);
  const auto& probability = law.probability();
  const double c = row.c, jump = row.jump;
  const double relative = 4.0 * static_cast<double>(atoms.value.size() + 4) * epsilon;
  CompensatedSum value;
  // Products of probabilities below the normal numbers are off by as much as on the least of those.
  const double tiny = static_cast<double>(atoms.value.size() + 4) * 5e-324;
  double slope = 0.0, error = 0.0, slope_error = 0.0, largest = 0.0;
  std::vector<double> slopes(probability.size());
  for (std::size_t s = 0; s < probability.size(); ++s) {
    const double p = probability[s] + (probability[s] < least_probability ? tiny : 0.0);
    const double x = atoms.x_own(s), z = atoms.z[s];
    const bool above = z > c, near = atoms.near(s);
    const double e = above ? x - (z - c + jump) : x, square = probability[s] * e * e;
    value.add(square);
    error += (p - probability[s]) * e * e;
    largest = std::max(largest, std::abs(e));
    const auto l = static_cast<Index>(std::popcount(s));
    if (by_count != nullptr && l < by_count->size()) (*by_count)(l) += square;
    if (above) slopes[s] = -2.0 * probability[s] * e;
    slope_error += 2.0 * (p - probability[s]) * std::abs(e);
    slope += std::abs(slopes[s]);
    if (near) slope_error += 2.0 * p * std::abs(x - jump);
    if (near && s != 0) error += p * jump * std::abs(2.0 * x - jump);
    if (!above && !near) continue;
    const double size = std::abs(x) + std::abs(z) + std::abs(c) + jump;
    const double off = atoms.rounded[s] + 4.0 * epsilon * size;
    error += p * off * (2.0 * std::abs(e) + off);
    slope_error += 2.0 * p * off;
  }
  const std::vector<double> sums = sums_with(slopes, atoms.value.size());
  AtomOutput output;
  output.value = value.value();
  output.threshold = -slopes[0];
  output.error.value = error + relative * output.value + law.lost() * largest * largest;
  output.error.threshold = slope_error + relative * slope + 2.0 * law.lost() * largest;
  double squares = 0.0;
  for (std::size_t k = 0; k < sums.size(); ++k) {
    if (by_feature != nullptr) by_feature[law.features()[k]] = atoms.value[k] * sums[k];
    squares += atoms.value[k] * atoms.value[k];
  }
  output.error.entries = output.error.threshold * std::sqrt(squares);
  return output;
}

// 2 E X Y 1{z > c}, X = (x, −1), Y = Σ u_k x_k − c'.
LawProduct atom_curvature(const LawRow& row, const AtomLaw& law, const Vector& rounding,
                          const LawDirection& direction, double* by_feature) {
  const AtomsOfRow atoms(row, law, rounding);
  const auto& probability = law.probability();
  std::vector<double> terms;
  for (std::size_t k = 0; k < atoms.value.size(); ++k) {
    terms.push_back(direction.g[law.features()[k]] * atoms.value[k]);
  }
  std::vector<double> plane = sums_over(terms);
  LawProduct product;
  for (std::size_t s = 0; s < probability.size(); ++s) {
    const bool above = atoms.z[s] > row.c;
    // Where nothing is active z is 0, whatever is rounded: c = 0 has a silent side (kinks()).
    if (s != 0 && probability[s] > 0.0 && atoms.near(s)) product.error = INFINITY;
    plane[s] = above ? 2.0 * probability[s] * (plane[s] - direction.c) : 0.0;
  }
  const std::vector<double> sums = sums_with(plane, atoms.value.size());
  std::fill_n(by_feature, row.g.size(), 0.0);
  for (std::size_t k = 0; k < sums.size(); ++k) {
    by_feature[law.features()[k]] = atoms.value[k] * sums[k];
  }
  product.threshold = -plane[0];
  return product;
}

}  // namespace skeleta::exact
