#pragma once

#include <limits>
#include <vector>

#include "skeleta/storage/result_file.h"
#include "skeleta/training/spectrum.h"

namespace skeleta::storage {

/// What `skeleta spectrum` found of one model.
struct SpectrumOfModel {
  Index instance = 0;           ///< Which of the file.
  training::Spectrum spectrum;  ///< Of the objective there.
  /// The number of samples from which on the minimum of least loss, among those with a learning
  /// coefficient, is preferred (training::free_energy_crossing, no constants); NaN for itself, and
  /// where one has no coefficient.
  double crossing = std::numeric_limits<double>::quiet_NaN();
  double seconds = 0.0;  ///< Wall time.
};

/// What the file of spectrum holds.
Results spectrum_results(const std::vector<SpectrumOfModel>& models);

}  // namespace skeleta::storage
