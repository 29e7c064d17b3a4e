#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "skeleta/core/version.h"
#include "skeleta/measure/features.h"
#include "skeleta/storage/run_file.h"
#include "skeleta/training/minima.h"
#include "skeleta/training/train.h"

namespace skeleta::storage {

/// What a run of `skeleta train` has found so far.
struct TrainingRun {
  Features features;  ///< The law of the data.
  /// In order of their numbers: start k at place k, but for a shard. The steps of each trajectory
  /// are the first ones of the longest.
  std::vector<training::TrainedModel> starts;
  std::vector<training::Minimum> minima;  ///< `models` are places in `starts`.
};

/// A training file as it was read.
struct TrainingFile {
  BuildInfo build;        ///< The program that wrote it.
  Provenance provenance;  ///< How it came about.
  TrainingRun run;        ///< What was found.
};

/// What a file has of the ends of the starts, here in the order of their numbers, and of the
/// minima.
Results training_results(const TrainingRun& run);

/// Writes a training file; data/schema.md is its description. Its models are sorted by loss, best
/// first, those without a finite loss last (entries that are not finite are stored as 0). The file
/// appears under its name complete or not at all.
/// Throws std::invalid_argument if there is no start, or starts are out of order or differ in
/// shape or in the steps of their trajectories; FileError if the file exists and `overwrite` is
/// false, or it cannot be written.
void write_training(const std::filesystem::path& target, const Provenance& provenance,
                    const TrainingRun& run, bool overwrite);

/// Reads a file that write_training wrote; every number comes back bit by bit. (Of the exact loss:
/// value and error bound.) Throws FileError as read_run does.
TrainingFile read_training(const std::filesystem::path& file);

/// The attribute filetype, such as "skeleta train"; "" if there is none. Throws FileError if the
/// file cannot be read.
std::string filetype_of(const std::filesystem::path& file);

}  // namespace skeleta::storage
