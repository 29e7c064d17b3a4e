#include "exact/law_atoms.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "exact/compensated_sum.h"
#include "measure/activity_sweep.h"

namespace skeleta::exact {
namespace {

using Node = PatternTree::Node;

constexpr double least_probability = std::numeric_limits<double>::min();

bool ever_active(const DataLaw& law, Index j) {
  return law.activity.density()(j) > 0.0;
}

// Σ over the features of a pattern, for all nodes.
std::vector<double> sums_over(const std::vector<Node>& nodes, const Vector& terms) {
  std::vector<double> result(nodes.size());
  for (std::size_t s = 1; s < nodes.size(); ++s) {
    result[s] = result[nodes[s].parent] + terms(nodes[s].feature);
  }
  return result;
}

// Σ of the terms of all nodes that have feature j, for each j; returns that of all.
double sums_with(const std::vector<Node>& nodes, const std::vector<double>& terms, Vector& result) {
  std::vector<CompensatedSum> below(nodes.size()), with(static_cast<std::size_t>(result.size()));
  for (std::size_t s = nodes.size(); s-- > 0;) {
    below[s].add(terms[s]);
    if (s == 0) break;
    const double sum = below[s].value();
    below[nodes[s].parent].add(sum);
    with[nodes[s].feature].add(sum);
  }
  std::ranges::transform(with, result.begin(), &CompensatedSum::value);
  return below[0].value();
}

// One row on all nodes.
struct AtomsOfRow {
  struct Point {
    double z = 0.0, x = 0.0;  // x_i
    double rounded = 0.0;     // a bound of |δz|
  };

  AtomsOfRow(const LawRow& row, const AtomLaw& law, const Vector& rounding)
      : c(row.c), value(Vector::Zero(row.g.size())), points(law.nodes().size()) {
    for (Index j = 0; j < value.size(); ++j) {
      if (ever_active(*row.law, j)) value(j) = row.value(j).first();
    }
    const Vector terms = row.g.cwiseProduct(value);
    const double relative = (static_cast<double>(law.most_active()) + 2.0) * epsilon;
    std::vector<Point> steps(static_cast<std::size_t>(value.size()));
    for (Index j = 0; j < value.size(); ++j) {
      const double rounded = rounding(j) * std::abs(value(j)) + relative * std::abs(terms(j));
      steps[static_cast<std::size_t>(j)] = {terms(j), j == row.own ? value(j) : 0.0, rounded};
    }
    for (std::size_t s = 1; s < points.size(); ++s) {
      const Point &before = points[law.nodes()[s].parent], &step = steps[law.nodes()[s].feature];
      points[s] = {before.z + step.z, before.x + step.x, before.rounded + step.rounded};
    }
    if (law.lost() > 0.0) {
      const std::vector<double> sizes = sums_over(law.nodes(), terms.cwiseAbs());
      largest = std::ranges::max(sizes) + std::abs(value(row.own)) + std::abs(c) + row.jump;
    }
  }

  // Which side of c is not sure. Without features z is 0.
  bool near(std::size_t s) const {
    const Point& point = points[s];
    return s == 0 ? c == 0.0 : std::abs(point.z - c) <= point.rounded + 2.0 * epsilon * std::abs(c);
  }

  double c;
  Vector value;
  std::vector<Point> points;
  double largest = 0.0;  // of |x_i − y| on patterns that only rounding makes possible or not
};

}  // namespace

bool AtomLaw::applies(const DataLaw& law) {
  for (Index j = 0; j < law.size(); ++j) {
    if (ever_active(law, j) && !law.values[static_cast<std::size_t>(j)].has_atoms()) return false;
  }
  return PatternTree::nodes_of(law.activity) <= most_nodes;
}

AtomLaw::AtomLaw(const DataLaw& law) : patterns_(PatternTree::of(law.activity)) {
  features_ = (law.activity.density().array() > 0.0).count();
  active_.assign(nodes().size(), 0);
  for (std::size_t s = 1; s < nodes().size(); ++s) active_[s] = active_[nodes()[s].parent] + 1;
  most_active_ = std::ranges::max(active_);
  const auto exclusive = [](const ActivityNode& node) {
    return node.kind == ActivityKind::exclusive;
  };
  if (std::ranges::any_of(law.activity.nodes(), exclusive)) {
    lost_ = 2.0 * static_cast<double>(features_) * epsilon;
  }
}

AtomOutput atom_output(const LawRow& row, const AtomLaw& law, const Vector& rounding,
                       double* by_feature, Vector* by_count) {
  const AtomsOfRow atoms(row, law, rounding);
  const auto& nodes = law.nodes();
  const double c = row.c, jump = row.jump;
  const auto operations = static_cast<double>(law.features() + 4);
  const double relative = 4.0 * operations * epsilon;
  // Products of probabilities below the normal numbers are off by as much as on the least of those.
  const double tiny = operations * 5e-324;
  CompensatedSum value;
  double slope = 0.0, error = 0.0, slope_error = 0.0, largest = atoms.largest;
  std::vector<double> slopes(nodes.size());
  for (std::size_t s = 0; s < nodes.size(); ++s) {
    if (!nodes[s].possible) continue;
    const double probability = nodes[s].probability;
    const double p = probability + (probability < least_probability ? tiny : 0.0);
    const double x = atoms.points[s].x, z = atoms.points[s].z;
    const bool above = z > c, near = atoms.near(s);
    const double e = above ? x - (z - c + jump) : x, square = probability * e * e;
    value.add(square);
    error += (p - probability) * e * e;
    largest = std::max(largest, std::abs(e));
    const Index l = law.active()[s];
    if (by_count != nullptr && l < by_count->size()) (*by_count)(l) += square;
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
  if (by_feature != nullptr) {
    Vector with(atoms.value.size());
    output.threshold = -sums_with(nodes, slopes, with);
    Eigen::Map<Vector>(by_feature, with.size()) = atoms.value.cwiseProduct(with);
  }
  output.error.value = error + relative * output.value + law.lost() * largest * largest;
  output.error.threshold = slope_error + relative * slope + 2.0 * law.lost() * largest;
  output.error.entries = output.error.threshold * atoms.value.norm();
  return output;
}

// 2 E X Y 1{z > c}, X = (x, −1), Y = Σ u_j x_j − c'.
LawProduct atom_curvature(const LawRow& row, const AtomLaw& law, const Vector& rounding,
                          const LawDirection& direction, double* by_feature) {
  const AtomsOfRow atoms(row, law, rounding);
  const auto& nodes = law.nodes();
  const Eigen::Map<const Vector> u(direction.g, atoms.value.size());
  std::vector<double> plane = sums_over(nodes, u.cwiseProduct(atoms.value));
  LawProduct product;
  for (std::size_t s = 0; s < nodes.size(); ++s) {
    const bool above = atoms.points[s].z > row.c;
    // Where nothing is active z is 0, whatever is rounded: c = 0 has a silent side (kinks()).
    if (s != 0 && nodes[s].probability > 0.0 && atoms.near(s)) product.error = INFINITY;
    plane[s] = above ? 2.0 * nodes[s].probability * (plane[s] - direction.c) : 0.0;
  }
  Vector with(atoms.value.size());
  product.threshold = -sums_with(nodes, plane, with);
  Eigen::Map<Vector>(by_feature, with.size()) = atoms.value.cwiseProduct(with);
  return product;
}

}  // namespace skeleta::exact
