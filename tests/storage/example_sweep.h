#pragma once

#include <limits>

#include "skeleta/storage/sweep_file.h"
#include "storage/example_runs.h"

namespace skeleta::storage {

/// Two cells of different shapes and numbers of minima; every start of a third one diverged.
inline std::vector<SweptCell> example_sweep() {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  using training::ObjectiveKind;
  return {{{0, 3, 2, 0.25, 0.5, ObjectiveKind::sampled, 7},
           4,
           example_model(1, 2, 3),
           0.125,
           1e-12,
           1e-9,
           optimize::DescentStop::iterations,
           1,
           2,
           Vector::LinSpaced(3, 0.25, 0.5),
           {0.125, 0.5},
           {3, 2},
           {2, 1}},
          {{1, 4, 1, 0.5, 1.0, ObjectiveKind::exact, 8},
           5,
           example_model(2, 1, 4),
           0.0625,
           2e-12,
           2e-9,
           optimize::DescentStop::gradient,
           0,
           3,
           Vector::LinSpaced(4, 0.125, 1.0),
           {0.0625},
           {6},
           {1}},
          {{2, 2, 1, 0.75, 1.0, ObjectiveKind::exact, 9},
           0,
           example_model(3, 1, 2),
           nan,
           0.0,
           nan,
           optimize::DescentStop::non_finite,
           6,
           0,
           Vector::Constant(2, nan),
           {},
           {},
           {}}};
}

/// The same with decoders.
inline std::vector<SweptCell> example_untied_sweep() {
  std::vector<SweptCell> cells = example_sweep();
  for (SweptCell& cell : cells) cell.model.W_out = -2.0 * cell.model.W.transpose();
  return cells;
}

}  // namespace skeleta::storage
