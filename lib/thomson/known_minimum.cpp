#include "skeleta/thomson/known_minimum.h"

#include <fmt/format.h>

#include <stdexcept>

#include "skeleta/thomson/configurations.h"
#include "skeleta/thomson/sphere_energy.h"
#include "thomson/coulomb_table.h"

namespace skeleta::thomson {
namespace {

KnownMinimum proven(const PairEnergy& energy, const NamedConfiguration& named,
                    const std::string& source) {
  return {sphere_energy(energy, named.points), ProofStatus::proven, named.name, source,
          named.points};
}

std::optional<KnownMinimum> known_riesz(const PairEnergy& energy, Index points, Index dimension) {
  const auto named = named_configurations(points, dimension);
  if (!named.empty() && named.front().universally_optimal) {
    return proven(energy, named.front(), named.front().source);
  }
  if (dimension != 3) return std::nullopt;
  if (points == 5 && energy.parameter <= 15.0) {
    return proven(energy, named.front(), named.front().source);
  }
  const auto table = coulomb_table();
  if (energy != coulomb || points >= static_cast<Index>(table.size()) + 2) return std::nullopt;
  return KnownMinimum{table[static_cast<std::size_t>(points - 2)], ProofStatus::best_known, "",
                      "data/thomson.csv", Matrix()};
}

// No energy is less than 0.
std::optional<KnownMinimum> known_relu(const PairEnergy& energy, Index points, Index dimension) {
  for (const NamedConfiguration& named : named_configurations(points, dimension)) {
    if (sphere_energy(energy, named.points) <= 0.0) {
      return proven(energy, named, "no pair is closer than the range of the energy");
    }
  }
  if (points > 2 * dimension) return std::nullopt;
  return KnownMinimum{0.0, ProofStatus::proven, fmt::format("part of the {}-orthoplex", dimension),
                      "no inner product is positive", orthoplex(dimension).leftCols(points)};
}

}  // namespace

std::optional<KnownMinimum> known_minimum(const PairEnergy& energy, Index points, Index dimension) {
  validate(energy);
  if (points < 2 || dimension < 1) {
    throw std::invalid_argument(
        fmt::format("{} points in {} dimensions: at least 2 points and 1 dimension are needed",
                    points, dimension));
  }
  return energy.potential == Potential::riesz ? known_riesz(energy, points, dimension)
                                              : known_relu(energy, points, dimension);
}

}  // namespace skeleta::thomson
