#include "exact/law_atoms.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "core/compensated_sum.h"
#include "exact/atoms_of_row.h"
#include "exact/perturbation.h"

namespace skeleta::exact {
namespace {

constexpr double least_probability = std::numeric_limits<double>::min();

}  // namespace

std::vector<Index> active_features(const DataLaw& law) {
  std::vector<Index> result;
  for (Index j = 0; j < law.size(); ++j) {
    if (law.activity.density()(j) > 0.0) result.push_back(j);
  }
  return result;
}

bool has_constant_values(const DataLaw& law) {
  return std::ranges::all_of(active_features(law), [&](Index j) {
    return law.values[static_cast<std::size_t>(j)].has_atoms();
  });
}

bool AtomLaw::applies(const DataLaw& law, double nodes) {
  return has_constant_values(law) &&
         PatternTree::size_of(law.activity, active_features(law)).nodes <= nodes;
}

AtomLaw::AtomLaw(const DataLaw& law, std::vector<Index> features)
    : features_(std::move(features)), patterns_(PatternTree::of(law.activity, features_)) {
  active_.assign(nodes().size(), 0);
  for (std::size_t s = 1; s < nodes().size(); ++s) active_[s] = active_[nodes()[s].parent] + 1;
  most_active_ = std::ranges::max(active_);
}

AtomOutput atom_output(const LawRow& row, const AtomLaw& law, const Vector& rounding,
                       double* by_feature, Vector* by_count) {
  const AtomsOfRow atoms(row, law, rounding);
  const auto& nodes = law.nodes();
  const double c = row.c, jump = row.jump;
  const auto operations = static_cast<double>(law.features().size() + 4);
  const double relative = 4.0 * operations * epsilon;
  // Products of probabilities below the normal numbers are off by as much as on the least of those.
  const double tiny = operations * 5e-324;
  CompensatedSum value;
  double slope = 0.0, error = 0.0, slope_error = 0.0;
  std::vector<double> slopes(nodes.size());
  std::vector<CompensatedSum> counts(
      by_count == nullptr ? 0 : static_cast<std::size_t>(by_count->size()));
  for (std::size_t s = 0; s < nodes.size(); ++s) {
    if (!nodes[s].possible) continue;
    const double probability = nodes[s].probability;
    const double p = probability + (probability < least_probability ? tiny : 0.0);
    const double x = atoms.points[s].x, z = atoms.points[s].z;
    const bool above = z > c, near = atoms.near(s);
    const double e = above ? x - (z - c + jump) : x, square = probability * e * e;
    value.add(square);
    error += (p - probability) * e * e;
    const auto l = static_cast<std::size_t>(law.active()[s]);
    if (l < counts.size()) counts[l].add(square);
    if (above) slopes[s] = -2.0 * probability * e;
    slope_error += 2.0 * (p - probability) * std::abs(e);
    slope += std::abs(slopes[s]);
    if (near) slope_error += 2.0 * p * std::abs(x - jump);
    if (near && s != 0) error += p * jump * std::abs(2.0 * x - jump);
    if (!above && !near) continue;
    const double size = std::abs(x) + std::abs(z) + std::abs(c) + jump;
    const double off = atoms.points[s].rounded + 4.0 * epsilon * size;
    error += p * off * (2.0 * std::abs(e) + off);
    slope_error += 2.0 * p * off;
  }
  AtomOutput output;
  output.value = value.value();
  if (by_count != nullptr) {
    std::ranges::transform(counts, by_count->begin(), &CompensatedSum::value);
  }
  if (by_feature != nullptr) {
    Vector with = Vector::Zero(atoms.value.size());
    output.threshold = -sums_with(nodes, slopes, with);
    Eigen::Map<Vector>(by_feature, with.size()) = atoms.value.cwiseProduct(with);
  }
  output.error.value = error + relative * (output.value + error);
  output.error.threshold = slope_error + relative * slope;
  output.error.entries = output.error.threshold * atoms.value.norm();
  return output;
}

// 2 E X Y 1{z > c}, X = (x, −1), Y = Σ u_j x_j − c'. Where nothing is active z is 0, whatever is
// rounded: c = 0 has a silent side (kinks()).
LawCurvature atom_curvature(const LawRow& row, const AtomLaw& law, const Vector& rounding) {
  struct Prepared {
    AtomsOfRow atoms;
    std::vector<double> above;  // 2 P(S) of those with z > c
    double unsure = 0.0;
  };
  const auto prepared = std::make_shared<Prepared>(Prepared{{row, law, rounding}, {}, 0.0});
  const auto& nodes = law.nodes();
  for (std::size_t s = 0; s < nodes.size(); ++s) {
    const double p = nodes[s].possible ? nodes[s].probability : 0.0;
    prepared->above.push_back(prepared->atoms.points[s].z > row.c ? 2.0 * p : 0.0);
    if (s != 0 && p > 0.0 && prepared->atoms.near(s)) prepared->unsure = INFINITY;
  }
  const double relative = 8.0 * static_cast<double>(law.features().size() + 4) * epsilon;
  return [=, &law](const LawDirection& direction, double* by_feature) {
    const Vector& value = prepared->atoms.value;
    const Vector moved = Eigen::Map<const Vector>(direction.g, value.size()).cwiseProduct(value);
    std::vector<double> terms = sums_over(law.nodes(), moved);
    const std::vector<double> sizes = sums_over(law.nodes(), moved.cwiseAbs());
    double size = 0.0;
    for (std::size_t s = 0; s < terms.size(); ++s) {
      terms[s] = prepared->above[s] * (terms[s] - direction.c);
      size += prepared->above[s] * (sizes[s] + std::abs(direction.c));
    }
    LawProduct product;
    Vector with = Vector::Zero(value.size());
    product.threshold = -sums_with(law.nodes(), terms, with);
    product.error = prepared->unsure + relative * size * std::hypot(1.0, value.norm());
    Eigen::Map<Vector>(by_feature, with.size()) = value.cwiseProduct(with);
    return product;
  };
}

}  // namespace skeleta::exact
