#pragma once

#include <optional>
#include <string>
#include <vector>

#include "skeleta/storage/run_file.h"

namespace skeleta::program {

/// What two runs must have in common for one to continue the other.
struct RunIdentity {
  std::string method;  ///< As it was asked for.
  std::string precision;
  std::uint64_t seed = 0;
  int replicates = 0;                                    ///< 0 if the method has none.
  const std::vector<ReluAutoencoder>* models = nullptr;  ///< All of the model file.
  Features features;
  std::vector<Index> instances;
};

/// An earlier run of the same command, which can be continued.
class EarlierRun {
 public:
  /// Reads `output`. Throws UsageError, naming the first difference, unless it is a run file that
  /// `identity` can continue; the file stays as it is.
  EarlierRun(const std::string& output, const RunIdentity& identity);

  /// What it has of an instance; null if it did not come so far.
  const storage::EstimateRun* find(Index instance) const;

 private:
  storage::RunFile file_;
};

}  // namespace skeleta::program
