#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>

#include "skeleta/storage/training_file.h"

namespace skeleta::program {

/// The best start, the distinct minima, and the ends that are none with their reasons, for people.
void print_training(std::ostream& out, const storage::TrainingRun& run);

/// The same as JSON: best (null if every start diverged), minima, other_ends, starts.
nlohmann::ordered_json to_json(const storage::TrainingRun& run);

/// The start with the least loss; null if every start diverged.
const training::TrainedModel* best_of(const storage::TrainingRun& run);

}  // namespace skeleta::program
