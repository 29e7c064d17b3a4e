#include "skeleta/thomson/solve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "core/decompositions.h"
#include "core/products.h"
#include "skeleta/core/cancellation.h"
#include "skeleta/optimize/lbfgs.h"
#include "skeleta/optimize/multi_start.h"
#include "skeleta/thomson/coordination.h"
#include "skeleta/thomson/sphere_energy.h"
#include "thomson/newton.h"
#include "thomson/normal_matrix.h"
#include "thomson/unit_columns.h"

namespace skeleta::thomson {
namespace {

Matrix as_columns(const Vector& x, Index dimension) {
  return x.reshaped(dimension, x.size() / dimension);
}

bool positive(const PairEnergy& energy) {
  return energy.potential == Potential::riesz && energy.parameter > 0.0;
}

// What one pair can weigh where E can vanish: 1 for −log r; V_c(1) = (1 − c)³/3, which falls to
// 1e-9 as c comes near to 1.
double pair_scale(const PairEnergy& energy) {
  return energy.potential == Potential::relu ? pair_energy(energy, 1.0) : 1.0;
}

// What a gradient is compared with: E/N has the size of the pulls but where it can vanish. V_c
// falls from V_c(1) to 0 over a distance of 1 − c.
double gradient_scale(const PairEnergy& energy, double value, Index points) {
  const double share = std::abs(value) / static_cast<double>(points);
  if (positive(energy)) return (1.0 + energy.parameter) * share;
  const double width = energy.potential == Potential::relu ? 1.0 - energy.parameter : 1.0;
  return (pair_scale(energy) + share) / width;
}

// What counts as the same energy.
double energy_tolerance(const PairEnergy& energy, double value, Index points) {
  const double pairs = 0.5 * static_cast<double>(points * (points - 1));
  return 1e-9 * std::abs(value) + (positive(energy) ? 0.0 : 1e-10 * pairs * pair_scale(energy));
}

// Down to where Newton's method converges and the energy is right to some 1e-12; V_c, whose Hessian
// jumps, all the way. What gradient is small is known only near the end, where the energy is; the
// start's may be far above.
optimize::Summary descend(const PairEnergy& energy, Index dimension, Vector& x) {
  Matrix gradient;
  const auto objective = [&](const Vector& point, Vector& slope) {
    const double value = sphere_gradient(energy, as_columns(point, dimension), gradient);
    slope = gradient.reshaped();
    return value;
  };
  const Index points = x.size() / dimension;
  const double tolerance = energy.potential == Potential::riesz ? 1e-7 : 1e-13;
  optimize::LbfgsOptions options;
  options.first_step = 0.1;  // of all points together, unit vectors: a small turn
  optimize::Summary summary;
  summary.value = sphere_energy(energy, as_columns(x, dimension));
  if (!std::isfinite(summary.value)) {
    summary.stop_reason = optimize::DescentStop::non_finite;
    return summary;
  }
  do {
    options.gradient_tolerance = tolerance * gradient_scale(energy, summary.value, points);
    summary = optimize::Lbfgs(options).minimize(objective, x);
  } while (summary.stop_reason == optimize::DescentStop::gradient &&
           summary.gradient_norm >
               10.0 * tolerance * gradient_scale(energy, summary.value, points));
  return summary;
}

Equilibrium refine(const PairEnergy& energy, Matrix points) {
  points.colwise().normalize();
  Equilibrium result;
  result.gradient_norm = newton(energy, points);
  result.energy = sphere_energy(energy, points);
  result.converged =
      result.gradient_norm <= 1e-12 * gradient_scale(energy, result.energy, points.cols());
  result.points = std::move(points);
  return result;
}

// Without the refinement, which was called off.
Equilibrium as_it_stands(const PairEnergy& energy, Matrix points) {
  const BorrowedScope none(nullptr);
  points.colwise().normalize();
  Equilibrium result;
  Matrix gradient;
  result.energy = sphere_gradient(energy, points, gradient);
  result.gradient_norm = gradient.norm();
  result.points = std::move(points);
  return result;
}

// The directions of normal vectors are uniform. On the two places of d = 1 nothing can move, and
// points that repel each other are best divided evenly.
Vector random_directions(Index points, Index dimension, sampling::PointStream& random) {
  if (dimension == 1) {
    return Vector::NullaryExpr(points, [](Index i) { return i % 2 == 0 ? 1.0 : -1.0; });
  }
  return normal_matrix(dimension, points, random).colwise().normalized().reshaped();
}

void check_start(const PairEnergy& energy, const Matrix& start) {
  if (start.cols() < 2) {
    throw std::invalid_argument(
        fmt::format("start has {} points, but at least 2 are needed", start.cols()));
  }
  if (std::isfinite(sphere_energy(energy, start))) return;
  const Matrix unit = start.colwise().normalized();
  for (Index j = 0; j < unit.cols(); ++j) {
    for (Index i = 0; i < j; ++i) {
      if (std::isfinite(pair_energy(energy, unit.col(i).dot(unit.col(j))))) continue;
      throw std::invalid_argument(
          fmt::format("points {} and {} of the start coincide: their energy is infinite", i, j));
    }
  }
  throw std::invalid_argument("the energy of the start is not finite");
}

void check_problem(const PairEnergy& energy, Index points, Index dimension,
                   const SolveOptions& options) {
  validate(energy);
  const auto refuse = [](const std::string& message) { throw std::invalid_argument(message); };
  if (points < 2) refuse(fmt::format("points = {}: at least 2 are needed", points));
  if (dimension < 1) refuse(fmt::format("dimension = {}: at least 1 is needed", dimension));
  if (options.starts < 1) refuse("starts = 0: at least 1 is needed");
  if (options.stride < 1) refuse("stride = 0: at least 1 is needed");
  if (dimension == 1 && points > 2 && energy.potential == Potential::riesz) {
    refuse(fmt::format(
        "{} points in 1 dimension: the sphere is two places, so points coincide and the energy is "
        "infinite",
        points));
  }
}

}  // namespace

Equilibrium relax(const PairEnergy& energy, const Matrix& start) {
  check_start(energy, start);
  Vector x = Matrix(start.colwise().normalized()).reshaped();
  descend(energy, start.rows(), x);
  return refine(energy, as_columns(x, start.rows()));
}

Portrait portrait(const Matrix& X) {
  check_unit_columns("points", X);
  Portrait result;
  result.coordination = coordination(X);
  const Matrix gram = transposed_product(X, X);
  result.inner_products.resize(X.cols() * (X.cols() - 1) / 2);
  for (Index j = 1, next = 0; j < X.cols(); next += j, ++j) {
    result.inner_products.segment(next, j) = gram.col(j).head(j);
  }
  std::sort(result.inner_products.begin(), result.inner_products.end());
  result.gram_spectrum = singular_values(X).cwiseAbs2();
  result.symmetry = symmetry_group(X);
  return result;
}

Solution solve(const PairEnergy& energy, Index points, Index dimension, const SolveOptions& options,
               const ProgressCallback& progress) {
  check_problem(energy, points, dimension, options);
  double least = std::numeric_limits<double>::infinity();
  std::uint64_t done = 0;
  const auto starts = optimize::multi_start(
      {.starts = options.starts,
       .first = options.first,
       .stride = options.stride,
       .seed = options.seed,
       .threads = options.threads},
      [&](sampling::PointStream& random, optimize::Start& start) {
        start.x = random_directions(points, dimension, random);
        start.summary = descend(energy, dimension, start.x);
      },
      [&](const optimize::Start& start) {
        if (start.summary.value < least) least = start.summary.value;
        return !progress || progress({.done = ++done,
                                      .planned = options.starts,
                                      .value = least,
                                      .standard_error = 0.0});
      });

  Solution result;
  result.energy_kind = energy;
  result.starts = starts.size();
  if (starts.empty()) throw Interrupted();
  const optimize::Start* best = optimize::best(starts);
  if (best == nullptr) {
    throw std::invalid_argument(fmt::format(
        "the energy {} of {} random points overflows from every start: take a smaller s",
        name(energy), points));
  }
  const Matrix found = as_columns(best->x, dimension);
  try {
    result.best = refine(energy, found);
  } catch (const Interrupted&) {
    result.best = as_it_stands(energy, found);
    result.refined = false;
  }
  const BorrowedScope none(nullptr);  // what was found is described, called off or not
  result.known = known_minimum(energy, points, dimension);
  for (const optimize::Start& start : starts) {
    result.energies.push_back(start.summary.value);
    result.failed += !std::isfinite(start.summary.value);
    result.numbers.push_back(start.index);
  }
  result.hits = hits(energy, points, result.best.energy, result.energies);
  result.portrait = portrait(result.best.points);
  result.difference = result.known ? result.best.energy - result.known->energy
                                   : std::numeric_limits<double>::quiet_NaN();
  return result;
}

std::uint64_t hits(const PairEnergy& energy, Index points, double found,
                   std::span<const double> energies) {
  const double close = found + energy_tolerance(energy, found, points);
  return static_cast<std::uint64_t>(
      std::count_if(energies.begin(), energies.end(), [&](double end) { return end <= close; }));
}

// A fit to N = 100 to 1000 in 3 to 30 dimensions, within a third there.
double estimated_seconds(Index points, Index dimension, std::uint64_t starts) {
  const auto n = static_cast<double>(points), d = static_cast<double>(dimension);
  return static_cast<double>(starts) * 3.8e-8 * std::pow(n, 2.3) * std::pow(d, 1.7);
}

}  // namespace skeleta::thomson
