#pragma once

#include <vector>

#include "skeleta/model/relu_autoencoder.h"
#include "skeleta/storage/result_file.h"
#include "thomson_report.h"

namespace skeleta::program {

/// What a file of thomson solve holds: the points as a model of one instance (b = 0), and /thomson.
storage::Results solution_results(const thomson::Solution& solution, std::uint64_t asked);

/// What a file of thomson match holds: /thomson, where the configurations are turned and relabelled
/// to lie over the columns they were matched with, padded with NaN where models differ in size; and
/// the models, if there are (none of a sweep, whose cells differ).
storage::Results match_results(const std::vector<ReluAutoencoder>& models,
                               const std::vector<MatchedModel>& matches);

}  // namespace skeleta::program
