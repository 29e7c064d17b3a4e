#include "exact/atoms_of_row.h"

#include <algorithm>
#include <cmath>

#include "core/compensated_sum.h"
#include "exact/perturbation.h"

namespace skeleta::exact {

AtomsOfRow::AtomsOfRow(const LawRow& row, const AtomLaw& law, const Vector& rounding)
    : c(row.c), value(Vector::Zero(row.g.size())), points(law.nodes().size()) {
  const auto& nodes = law.nodes();
  for (const Index j : active_features(*row.law)) value(j) = row.value(j).first();
  const Vector terms = row.g.cwiseProduct(value);
  const double relative = (static_cast<double>(law.most_active()) + 2.0) * epsilon;
  std::vector<Point> steps(static_cast<std::size_t>(value.size()));
  for (const Index j : law.features()) {
    const double rounded = rounding(j) * std::abs(value(j)) + relative * std::abs(terms(j));
    steps[static_cast<std::size_t>(j)] = {terms(j), j == row.own ? value(j) : 0.0, rounded};
  }
  for (std::size_t s = 1; s < points.size(); ++s) {
    const Point &before = points[nodes[s].parent], &step = steps[nodes[s].feature];
    points[s] = {before.z + step.z, before.x + step.x, before.rounded + step.rounded};
  }
}

bool AtomsOfRow::near(std::size_t s) const {
  const Point& point = points[s];
  return s == 0 ? c == 0.0 : std::abs(point.z - c) <= point.rounded + 2.0 * epsilon * std::abs(c);
}

LawRow within_reach(const LawRow& row, const Vector& rounding) {
  double beyond = 0.0;
  for (const Index j : active_features(*row.law)) {
    beyond += 4.0 * (std::abs(row.g(j)) + rounding(j)) * row.value(j).size();
  }
  LawRow result = row;
  if (row.c > beyond) {
    result.c = beyond + row.value(row.own).size();
    result.jump = 0.0;
  }
  return result;
}

std::vector<double> sums_over(const std::vector<PatternTree::Node>& nodes, const Vector& terms) {
  std::vector<double> result(nodes.size());
  for (std::size_t s = 1; s < nodes.size(); ++s) {
    result[s] = result[nodes[s].parent] + terms(nodes[s].feature);
  }
  return result;
}

double sums_with(const std::vector<PatternTree::Node>& nodes, const std::vector<double>& terms,
                 Vector& result) {
  std::vector<CompensatedSum> below(nodes.size()), with(static_cast<std::size_t>(result.size()));
  std::vector<bool> there(with.size());
  for (std::size_t s = nodes.size(); s-- > 1;) {
    below[s].add(terms[s]);
    const double sum = below[s].value();
    below[nodes[s].parent].add(sum);
    with[nodes[s].feature].add(sum);
    there[nodes[s].feature] = true;
  }
  for (std::size_t j = 0; j < with.size(); ++j) {
    if (there[j]) result(static_cast<Index>(j)) = with[j].value();
  }
  below[0].add(terms[0]);
  return below[0].value();
}

}  // namespace skeleta::exact
