#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "skeleta/core/progress.h"
#include "skeleta/core/types.h"
#include "skeleta/thomson/known_minimum.h"
#include "skeleta/thomson/pair_energy.h"
#include "skeleta/thomson/symmetry_group.h"

namespace skeleta::thomson {

/// Where a descent ended.
struct Equilibrium {
  Matrix points;               ///< d × N unit columns.
  double energy = 0.0;         ///< Over unordered pairs.
  double gradient_norm = 0.0;  ///< ‖∂E/∂X‖_F along the sphere.
  /// gradient_norm ≤ 1e-12 · (1 + s)|E|/N for s > 0; ≤ 1e-12 · (1 + |E|/N) for −log r;
  /// ≤ 1e-12 · (V_c(1) + E/N)/(1 − c) for V_c.
  bool converged = false;
};

/// Descends from the directions of the columns of `start` (d × N): L-BFGS, then Newton's method
/// while the gradient falls. Ends in a minimum but for accidents of symmetry: a start on a
/// symmetric set can end in a saddle. Cost some hundred evaluations of E for N = 100, growing
/// slowly with N. Throws std::invalid_argument if there are fewer than 2 points, a column is zero
/// or not finite, or the energy is infinite because two points coincide; the message names them.
Equilibrium relax(const PairEnergy& energy, const Matrix& start);

/// What a configuration looks like.
struct Portrait {
  std::vector<Index> coordination;  ///< Of each point; see coordination().
  Vector inner_products;            ///< x_i·x_j for i < j, sorted upwards.
  Vector gram_spectrum;    ///< The min(d, N) largest eigenvalues of XᵀX, sorted downwards.
  SymmetryGroup symmetry;  ///< Rotations and reflections that permute the points.
};

/// Throws std::invalid_argument if X is empty or its columns are not of length 1 to 1e-6.
Portrait portrait(const Matrix& X);

/// How many descents to make, and of what.
struct SolveOptions {
  std::uint64_t starts = 100;  ///< At least 1.
  std::uint64_t seed = 1;      ///< Of the random starts.
  int threads = 0;             ///< 0: all cores. Never changes a bit of the result.
  std::uint64_t first = 0;     ///< The number of the first start;
  std::uint64_t stride = 1;    ///< they are first, first + stride, first + 2 stride, …
};

/// The best of many descents.
struct Solution {
  PairEnergy energy_kind;    ///< What was minimised.
  Equilibrium best;          ///< The least one found.
  Portrait portrait;         ///< Of the best.
  std::uint64_t starts = 0;  ///< Finished ones: fewer than asked if the callback said stop.
  bool refined = true;       ///< The best of them; not if the work was called off before.
  std::uint64_t hits = 0;  ///< Starts that ended within 1e-9·|E| of the best; for energies that can
                           ///< vanish (log, V_c) 1e-10 (V_c: of V_c(1)) for each pair more.
  std::uint64_t failed = 0;            ///< Starts that ended with an energy that is not finite.
  std::vector<double> energies;        ///< Where each start ended, before the last refinement,
  std::vector<std::uint64_t> numbers;  ///< and its number.
  std::optional<KnownMinimum> known;   ///< Of this energy, N and d, if anything is known.
  double difference = 0.0;             ///< Energy − known->energy; NaN if nothing is known.
};

/// Minimises the energy of N points on the unit sphere of R^d from random starts, uniform on the
/// sphere, in parallel over starts; start k depends on the seed and k only. That the best is the
/// global minimum is not proven by it. If the work is called off (core/cancellation.h), the best of
/// the finished starts is reported as it stands; Interrupted if there is none. Calls `progress`
/// after each start, with the number of starts done and the least energy so far. Cost:
/// estimated_seconds(). Memory (starts + N)·N·d. Throws std::invalid_argument if N < 2, d < 1,
/// starts < 1, the energy's parameter is outside its range, d = 1 and N > 2 with a Riesz energy
/// (two places hold two points), or r^−s overflows from every start (s above 50, many points).
Solution solve(const PairEnergy& energy, Index points, Index dimension,
               const SolveOptions& options = {}, const ProgressCallback& progress = {});

/// How many of these ends of starts count as the energy that was found, which is Solution::hits.
std::uint64_t hits(const PairEnergy& energy, Index points, double found,
                   std::span<const double> energies);

/// Rough time of solve() on one core of a machine of 2020, within a factor of 3 or so: for telling
/// a user before N = 2000 takes an hour.
double estimated_seconds(Index points, Index dimension, std::uint64_t starts);

}  // namespace skeleta::thomson
