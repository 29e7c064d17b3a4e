#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "skeleta/core/version.h"
#include "skeleta/storage/run_file.h"
#include "skeleta/training/sweep.h"

namespace skeleta::storage {

/// What a sweep file keeps of a finished cell.
struct SweptCell {
  training::SweepCell cell;             ///< Where it lies in the grid.
  std::uint64_t best_start = 0;         ///< The start with the least exact loss.
  Autoencoder model;                    ///< Of the best start.
  double loss = 0.0;                    ///< NaN if every start diverged.
  double error_bound = 0.0;             ///< Of `loss`, rigorous.
  double gradient_norm = 0.0;           ///< Of the loss there.
  optimize::DescentStop stop_reason{};  ///< Why the best start ended.
  std::uint64_t failed = 0;             ///< Starts that diverged.
  Index represented = 0;                ///< Features with |w_i| above the plan's threshold.
  Vector dimensionality;                ///< D_i by feature; NaN if every start diverged.
  /// Distinct minima, best first.
  std::vector<double> minimum_loss;
  std::vector<std::int64_t> minimum_count;  ///< How many starts ended there.
  std::vector<std::int64_t> minimum_rank;   ///< Of W.

  /// D* = d/‖W‖_F².
  double dimensions_per_feature() const {
    return static_cast<double>(model.hidden()) / model.W.squaredNorm();
  }
};

SweptCell swept(const training::CellResult& result);

/// A sweep file as it was read.
struct SweepFile {
  BuildInfo build;               ///< The program that wrote it.
  Provenance provenance;         ///< How it came about.
  std::vector<SweptCell> cells;  ///< The finished ones, by index.
};

/// What a file has of these cells.
Results sweep_results(const std::vector<SweptCell>& cells);

/// Writes a sweep file; data/schema.md is its description. The file appears under its name complete
/// or not at all. Throws std::invalid_argument if there is no cell; FileError if the file exists
/// and `overwrite` is false, or it cannot be written.
void write_sweep(const std::filesystem::path& target, const Provenance& provenance,
                 const std::vector<SweptCell>& cells, bool overwrite);

/// Reads a file that write_sweep wrote; every number comes back bit by bit. Throws FileError as
/// read_run does.
SweepFile read_sweep(const std::filesystem::path& file);

}  // namespace skeleta::storage
