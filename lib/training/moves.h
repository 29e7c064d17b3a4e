#pragma once

#include <span>
#include <string_view>

#include "skeleta/core/names.h"
#include "skeleta/core/types.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"
#include "skeleta/sampling/stream.h"

/// Steps between minima in the language of the model: which features are represented, and where.
/// A feature's place is its column of W, its row of W_out and its threshold.
namespace skeleta::training {

enum class Move : std::int8_t {
  exchange,  ///< Two features of different density, law or importance change places.
  drop,  ///< A feature, and all that have none: no column, the best constant, its mean, as output.
  revive,         ///< A dropped feature gets a column in a hole between the others.
  pair,           ///< A feature is put opposite to another one.
  merge,          ///< Two features share the place between them.
  configuration,  ///< Some features get the places of a known configuration, the others none.
  shake,          ///< All weights move by normal numbers, by .3 of their size.
};
constexpr auto names_of(Move) {
  return std::to_array<std::string_view>(
      {"exchange", "drop", "revive", "pair", "merge", "configuration", "shake"});
}

/// The model after that move, its features drawn at random; the same model where there is nothing
/// to move (no dropped feature, no configuration). `configurations` are of unit columns, d × m each
/// with m ≤ D.
Autoencoder moved(Move move, Autoencoder model, const Features& features,
                  std::span<const Matrix> configurations, sampling::PointStream& random);

/// Weights of a start: normal numbers of this deviation for all but the last `thresholds` entries.
void scatter(Vector& x, Index thresholds, double deviation, sampling::PointStream& random);

/// √(2/(d + D)), the deviation of a xavier start.
double xavier_deviation(Index features, Index hidden);

}  // namespace skeleta::training
