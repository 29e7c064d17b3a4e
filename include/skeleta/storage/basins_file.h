#pragma once

#include <cstdint>
#include <vector>

#include "skeleta/measure/features.h"
#include "skeleta/storage/result_file.h"
#include "skeleta/training/basins.h"

namespace skeleta::storage {

/// A start, and the number of the basin that it ended in; −1 if it did not converge.
struct BasinStart {
  std::int64_t start = 0;   ///< Its number.
  std::int64_t basin = -1;  ///< That of the basin.
};

/// What a file of basins holds.
struct BasinsRun {
  Features features{};                    ///< Of the data.
  std::vector<BasinStart> starts{};       ///< Those done, in rising order.
  std::vector<training::Basin> basins{};  ///< In order of their first start.
};

/// The ends as models of as many instances, /data, and /basins; `planned` starts were wanted.
Results basins_results(const BasinsRun& run, std::uint64_t planned);

/// Throws FileError if the file is none of basins, or its numbers of basins are no such.
BasinsRun basins_run(const ResultFile& file);

/// That of all the starts of these files, which are distinct: basins that are one minimum are put
/// together, and numbered by their first start.
BasinsRun merged_basins(const std::vector<ResultFile>& files);

}  // namespace skeleta::storage
