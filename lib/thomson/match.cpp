#include "skeleta/thomson/match.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "skeleta/geometry/feature_dimensionality.h"
#include "skeleta/thomson/closest_match.h"
#include "skeleta/thomson/sphere_energy.h"
#include "thomson/orthogonal_parts.h"

namespace skeleta::thomson {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

void check(const Matrix& W, const MatchOptions& options) {
  if (W.size() == 0 || !W.allFinite()) {
    throw std::invalid_argument(
        fmt::format("W ({} x {}) must not be empty and must be finite", W.rows(), W.cols()));
  }
  const auto within = [](const char* name, double value, double end) {
    if (value >= 0.0 && value < end) return;
    throw std::invalid_argument(fmt::format("{} = {} must lie in [0, {})", name, value, end));
  };
  within("shortest", options.shortest, std::nextafter(1.0, 2.0));
  within("orthogonal", options.orthogonal, 1.0);
  within("opposite", options.opposite, std::sqrt(2.0));
}

// An assignment costs N³: as many random starts as take about a second.
std::uint64_t affordable_starts(Index points) {
  const double cube = std::pow(static_cast<double>(points), 3.0);
  return static_cast<std::uint64_t>(std::clamp(1e8 / cube, 2.0, 100.0));
}

void split_columns(const Matrix& W, double shortest, ModelMatch& result) {
  const Vector norms = W.colwise().stableNorm();
  const double least = shortest * norms.maxCoeff();
  for (Index j = 0; j < W.cols(); ++j) {
    const bool counts = norms(j) > 0.0 && norms(j) >= least;
    (counts ? result.columns : result.excluded).push_back(j);
  }
}

void describe_coherence(const Matrix& unit, ModelMatch& result) {
  const Index n = unit.cols(), d = unit.rows();
  result.coherence = {n, nan, nan};
  result.simplex_bound = result.welch_bound = result.orthoplex_bound = nan;
  if (n < 2) return;
  result.coherence = geometry::coherence(unit, 0.0);
  result.simplex_bound = geometry::signed_coherence_bound(n, d);
  result.welch_bound = geometry::welch_bound(n, d);
  result.orthoplex_bound = geometry::orthoplex_bound(n, d);
}

void describe_dimensionality(const Matrix& W, ModelMatch& result) {
  result.dimensionality = geometry::feature_dimensionality(W);
  for (const double value : result.dimensionality) {
    const auto* named = geometry::nearest_named(value, std::numeric_limits<double>::infinity());
    result.nearest.push_back({named->name, named->value(), std::abs(value - named->value())});
  }
}

void describe_pairs(const Matrix& unit, double opposite, ModelMatch& result) {
  for (Index j = 0; j < unit.cols(); ++j) {
    for (Index i = 0; i < j; ++i) {
      const double distance = (unit.col(i) + unit.col(j)).norm();
      if (distance > opposite) continue;
      result.opposite_pairs.push_back({result.columns[static_cast<std::size_t>(i)],
                                       result.columns[static_cast<std::size_t>(j)], distance});
    }
  }
}

}  // namespace

Reference reference(const PairEnergy& energy, Index points, Index dimension,
                    const SolveOptions& options, const ProgressCallback& progress) {
  if (auto known = known_minimum(energy, points, dimension); known && known->points.size() > 0) {
    return {std::move(known->points),
            known->energy,
            true,
            known->status,
            known->name,
            known->source,
            0.0};
  }
  Solution found = solve(energy, points, dimension, options, progress);
  Reference result{std::move(found.best.points),
                   found.best.energy,
                   false,
                   ProofStatus::best_known,
                   "",
                   "random starts",
                   found.difference};
  if (found.known) result.source = found.known->source;
  return result;
}

EnergyMatch match_energy(const PairEnergy& energy, const Matrix& unit, const Reference& reference) {
  EnergyMatch result;
  result.kind = energy;
  result.energy = sphere_energy(energy, unit);
  result.energy_ratio = reference.energy == 0.0 ? nan : result.energy / reference.energy;
  result.reference = reference;
  result.match =
      closest_match(unit.colwise().normalized(), reference.points, affordable_starts(unit.cols()));
  return result;
}

ModelMatch match(const Matrix& W, const MatchOptions& options) {
  check(W, options);
  ModelMatch result;
  split_columns(W, options.shortest, result);
  Matrix unit = W(Eigen::all, result.columns);
  for (auto column : unit.colwise()) column.stableNormalize();

  describe_coherence(unit, result);
  describe_dimensionality(W, result);
  describe_pairs(unit, options.opposite, result);
  OrthogonalParts parts = orthogonal_parts(unit, options.orthogonal);
  for (Part& part : parts.parts) {
    for (Index& j : part.columns) j = result.columns[static_cast<std::size_t>(j)];
  }
  result.parts = std::move(parts.parts);
  result.interference = parts.interference;

  for (const PairEnergy& energy : options.energies) {
    validate(energy);
    if (unit.cols() < 2) continue;
    result.energies.push_back(
        match_energy(energy, unit, reference(energy, unit.cols(), unit.rows(), options.solve)));
  }
  return result;
}

}  // namespace skeleta::thomson
