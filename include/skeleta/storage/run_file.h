#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "skeleta/core/types.h"
#include "skeleta/core/version.h"
#include "skeleta/geometry/column_geometry.h"
#include "skeleta/measure/features.h"
#include "skeleta/measure/integral_by_skeleton.h"
#include "skeleta/measure/sampling_state.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::storage {

/// How a run came about.
struct Provenance {
  std::string command_line;  ///< As it was typed.
  std::string options_toml;  ///< The full options, defaults included.
  std::string created_at;    ///< ISO 8601, UTC; the writer fills it in if it is empty.
  std::uint64_t seed = 0;    ///< Of all random numbers.
  int threads = 0;           ///< That it had; no result depends on them.
  /// Of a file that was read: its checksum shows that it is as this program wrote it. False of
  /// files before layout 1.5, and of those that another program has changed since.
  bool sealed = false;
  /// Wall time of the numerics so far; NaN of files before layout 1.7.
  double seconds = std::numeric_limits<double>::quiet_NaN();
};

/// What one model instance gave in a run of `skeleta estimate`.
struct EstimateRun {
  Autoencoder model;        ///< The instance.
  Features features;        ///< The law of its data.
  Index instance = 0;       ///< Its number in the model file.
  std::string method;       ///< One word, such as "plain" or "exact".
  std::string kernel;       ///< One word: how pre-activations were formed, "gram" or "hidden".
  IntegralBySkeleton loss;  ///< What was computed.
  OneSparse one_sparse;     ///< What Q0 and Q1 say of it.
  double seconds = 0.0;     ///< Wall time of the numerics.
  SamplingState state{};    ///< From which sampling can be continued; empty for exact methods.
  std::optional<geometry::ColumnGeometry> geometry{};  ///< All runs of a file have it, or none.
};

/// A run file as it was read.
struct RunFile {
  std::string filetype;                ///< "skeleta estimate"
  BuildInfo build;                     ///< The program that wrote it.
  Provenance provenance;               ///< How it came about.
  std::vector<EstimateRun> estimates;  ///< One for each instance.
};

class Results;

/// What a file has of the loss of one run: the datasets of /loss and /tail.
Results loss_results(const EstimateRun& run);

/// Writes the runs into one file; data/schema.md is its description. Instances that evaluated
/// different skeletons share the union of them: what one did not evaluate is NaN, with 0 samples.
/// The file is built in memory and appears under its name complete or not at all: after a failure
/// the previous file is still there.
/// Throws std::invalid_argument if `runs` is empty, or the runs differ in model shape, density or
/// importance, one has a geometry and another has not, or one of them is not valid; FileError if
/// the file exists and `overwrite` is false, or it cannot be written.
/// Cost: three times the size of the data in memory.
void write_estimate(const std::filesystem::path& target, const Provenance& provenance,
                    const std::vector<EstimateRun>& runs, bool overwrite);

/// Reads a file that write_estimate wrote; every number comes back bit by bit.
/// Throws FileError if the file is missing, damaged, of another filetype or major version (both are
/// named), or not as data/schema.md says.
RunFile read_run(const std::filesystem::path& file);

}  // namespace skeleta::storage
