#include "known_configurations.h"

#include <algorithm>

#include "skeleta/thomson/configurations.h"
#include "skeleta/thomson/solve.h"

namespace skeleta::program {
namespace {

// Beyond these no configuration without a name is worth its descents.
constexpr Index most_solved_points = 16, most_solved_dimensions = 4;

}  // namespace

std::vector<Matrix> known_configurations(Index features, Index hidden) {
  std::vector<Matrix> found;
  for (Index points = 2; points <= std::min<Index>(features, 64); ++points) {
    const auto named = thomson::named_configurations(points, hidden);
    for (const thomson::NamedConfiguration& one : named) found.push_back(one.points);
    if (!named.empty() || hidden < 2 || hidden > most_solved_dimensions ||
        points > most_solved_points)
      continue;
    thomson::SolveOptions options;
    options.starts = 10;
    options.threads = 1;
    found.push_back(thomson::solve(thomson::PairEnergy{}, points, hidden, options).best.points);
  }
  return found;
}

}  // namespace skeleta::program
