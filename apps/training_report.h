#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>

#include "skeleta/storage/training_file.h"

namespace skeleta::program {

/// The best start, the distinct minima, and the ends that are none with their reasons, for people;
/// of `asked` starts that were wanted.
void print_training(std::ostream& out, const storage::TrainingRun& run, std::uint64_t asked);

/// The same as JSON: best (null if every start diverged), minima, other_ends, starts.
nlohmann::ordered_json to_json(const storage::TrainingRun& run, std::uint64_t asked);

/// Do the starts so far tell enough, by the rule of --until-unseen (training/unseen.h)? Looked at
/// after every so many of them; never, if `most` is negative.
bool settled(const storage::TrainingRun& run, double most);

/// The start with the least loss; null if every start diverged.
const training::TrainedModel* best_of(const storage::TrainingRun& run);

}  // namespace skeleta::program
