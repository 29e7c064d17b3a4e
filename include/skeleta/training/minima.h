#pragma once

#include <span>
#include <vector>

#include "skeleta/core/types.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::training {

/// When two minima are one.
struct MinimaOptions {
  /// Equal losses: |a − b| ≤ this · max(|a|, |b|, 1e-6 of the loss of the zero model).
  double loss_tolerance = 1e-6;
  double shape_tolerance = 1e-3;  ///< Congruent: rms distance of columns ≤ this · rms norm.
};

/// Models of equal loss and congruent columns, seen as one.
struct Minimum {
  double objective = 0.0;         ///< The least among them of what they are sorted by,
  double loss = 0.0;              ///< and the loss of that one, without penalties.
  std::vector<Index> models;      ///< Which ones, best first.
  Index rank = 0;                 ///< Of W: singular values above 1e-6 of the largest.
  double norm = 0.0;              ///< ‖W‖_F² of the first: "number of features represented".
  Vector feature_dimensionality;  ///< Of the first, in falling order.

  /// How many models ended there.
  Index count() const { return static_cast<Index>(models.size()); }
};

/// A model, and the value of what it is to minimise.
struct Candidate {
  const Autoencoder& model;  ///< The model,
  double loss = 0.0;         ///< and the value.
};

/// Are two models one minimum: of equal loss, and alike as distinct_minima() says? Not if a loss is
/// not finite.
bool same_minimum(const Candidate& a, const Candidate& b, const Features& features,
                  const MinimaOptions& options = {});

/// The distinct minima among models, best first, `losses` being what they minimise (objective and
/// loss are set to it): equal loss, and Gram matrices WᵀW that agree up to
/// relabelling of features (geometry::congruence) if all features have the same density and
/// importance, and as they are otherwise. Untied models are compared by A = W_out W, and where
/// features may be relabelled by its diagonal and the norms of its rows alone. Models whose loss is
/// not finite are in none. A model joins the first minimum that it agrees with. Cost: for each
/// model one comparison with each minimum of equal loss. Throws std::invalid_argument if sizes
/// disagree.
std::vector<Minimum> distinct_minima(std::span<const Autoencoder* const> models,
                                     std::span<const double> losses, const Features& features,
                                     const MinimaOptions& options = {});

}  // namespace skeleta::training
