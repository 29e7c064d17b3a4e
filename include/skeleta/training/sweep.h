#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "skeleta/measure/features.h"
#include "skeleta/training/minima.h"
#include "skeleta/training/phase.h"
#include "skeleta/training/train.h"

namespace skeleta::training {

/// A grid: every combination of the listed values is a cell.
struct SweepPlan {
  std::vector<Index> features;                ///< D.
  std::vector<Index> hidden;                  ///< d.
  std::vector<double> density;                ///< p, of all features alike.
  std::vector<double> importance_decay{1.0};  ///< v_i = r^i for i = 0, …, D − 1.
  std::vector<ObjectiveKind> objective{ObjectiveKind::exact};  ///< What is minimised.
  std::vector<std::uint64_t> seed{1};                          ///< Of the random starts.
  ValueLaw values;                                             ///< Of all features of all cells.
  std::string groups;  ///< Of all cells: measure/law_text.h; "" if features are independent.
  /// For all cells, but for the objective and seed; its threads are those of the sweep.
  Options training;
  /// Of hopping: Options::configurations for cells of D features in d dimensions. Called from
  /// several threads.
  std::function<std::vector<Matrix>(Index features, Index hidden)> configurations;
  /// A cell makes no more starts once seen_enough() (training/unseen.h) says so for this
  /// probability of an unseen minimum.
  std::optional<double> until_unseen;
  double represented_norm = 0.5;  ///< Threshold of phase_of.
  bool allow_wide = false;        ///< Cells with d > D.
};

/// Where a cell lies in the grid.
struct SweepCell {
  std::size_t index = 0;                           ///< In the order of the grid.
  Index features = 0;                              ///< D.
  Index hidden = 0;                                ///< d.
  double density = 0.0;                            ///< p, of all features.
  double importance_decay = 1.0;                   ///< r of v_i = r^i.
  ObjectiveKind objective = ObjectiveKind::exact;  ///< What is minimised.
  std::uint64_t seed = 1;                          ///< Of the random starts.
};

/// A finished cell.
struct CellResult {
  SweepCell cell;            ///< Where it lies.
  std::uint64_t starts = 0;  ///< How many it took.
  /// The start with the least objective: the exact loss with its penalty, or, of one-sparse and
  /// k-sparse, that of few active features, and of the ends that are alike by it (MinimaOptions)
  /// the one with the least loss. Its loss is NaN if every start diverged.
  TrainedModel best;
  std::vector<Minimum> minima;  ///< As of Training: `models` are starts.
  Phase phase;                  ///< Of the best; empty if there is none.
  std::uint64_t failed = 0;     ///< Starts that diverged.
};

/// Throws std::invalid_argument naming the list that is empty or the value that breaks its rule: d
/// ≤ D unless allowed, densities in (0, 1], 0 < decay < ∞, and those of `training`.
void validate(const SweepPlan& plan);

/// All cells of a plan; the last list (seed) varies fastest, the first (features) slowest.
std::vector<SweepCell> cells_of(const SweepPlan& plan);

/// The data of a cell. Throws std::invalid_argument if it cannot have the plan's groups.
Features features_of(const SweepPlan& plan, const SweepCell& cell);

/// One cell, by itself.
CellResult run_cell(const SweepPlan& plan, const SweepCell& cell, int threads = 1);

/// Called on the caller's thread for each finished cell, in order; returns whether to go on.
using CellCallback = std::function<bool(const CellResult&)>;

/// Trains every cell that is not `finished` (indices), in parallel over cells, and hands each to
/// the callback in order. A cell's result is a function of the plan and the cell alone, so a sweep
/// that was stopped and goes on with what is left ends with the same bits. Returns false if the
/// callback said stop or the work was called off (core/cancellation.h). Throws as validate does, or
/// if a finished index is not in the grid.
bool sweep(const SweepPlan& plan, std::span<const std::size_t> finished,
           const CellCallback& callback);

}  // namespace skeleta::training
