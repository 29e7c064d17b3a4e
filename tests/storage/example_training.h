#pragma once

#include <limits>

#include "skeleta/storage/training_file.h"
#include "skeleta/training/parameters.h"
#include "storage/example_runs.h"

namespace skeleta::storage {

/// Every number differs from every other one. Start 0 has the larger loss, start 1 diverged, start
/// 2 is best and has the longest trajectory.
inline TrainingRun example_training() {
  TrainingRun run;
  run.features = {Vector::LinSpaced(3, 0.25, 0.5), Vector::LinSpaced(3, 1.0, 0.5)};
  const double losses[] = {0.5, std::numeric_limits<double>::quiet_NaN(), 0.1};
  for (unsigned k = 0; k < 3; ++k) {
    training::TrainedModel start;
    const double x = 10.0 * k;
    start.start = k;
    start.model = example_model(static_cast<int>(k), 2, 3);
    start.loss.value = losses[k];
    start.loss.error_bound = x + 0.125;
    start.loss_gradient_norm = x + 0.25;
    start.summary = {x + 0.375, x + 0.5, (1ull << 53) + 1 + k, 100 + k,
                     k == 1 ? optimize::DescentStop::non_finite : optimize::DescentStop::gradient};
    start.unmet = 7 + k;
    start.penalty = 0.125;
    for (std::uint64_t point = 1; point <= k + 1; ++point) {
      start.trajectory.push_back(
          {point == 1 ? 0 : 5 * point, x + 0.0625 * static_cast<double>(point),
           training::to_parameters(example_model(static_cast<int>(10 * k + point), 2, 3))});
    }
    run.starts.push_back(start);
  }
  run.minima = {{0.225, 0.1, {2}, 2, 3.5, Vector::LinSpaced(3, 1.0, 0.25)},
                {0.625, 0.5, {0}, 1, 4.5, Vector::LinSpaced(3, 0.75, 0.125)}};
  return run;
}

}  // namespace skeleta::storage
