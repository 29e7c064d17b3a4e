#pragma once

#include "skeleta/core/types.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"

/// Why a Hessian has zeros.
namespace skeleta::training {

/// Eigenvalues that count as 0: how many, and up to which size.
struct Zeros {
  Index count = 0;
  double size = 0.0;
};

/// How many of them have a known reason.
struct ExplainedZeros {
  Index orbit = 0;    ///< Models that answer alike (orbit.h).
  Index dropped = 0;  ///< Single features whose outputs never fire or count for nothing.
};

/// Unit vectors of parameters that such a loss does not read at all near a model: thresholds, and
/// an untied model's rows of the decoder, of features whose outputs never fire or count for
/// nothing; and columns (of a tied model, of those features) that no output hears while it fires.
/// Cost: D² log D operations for each such feature.
Matrix silent_directions(const Autoencoder& model, const Features& features, Index most);

/// Of the Hessian of a loss on supports with up to `most` active features, by the parameters of a
/// ReLU model. Cost: a product with it for each feature that is silent.
ExplainedZeros explained_zeros(const Matrix& hessian, const Zeros& zeros, const Autoencoder& model,
                               const Features& features, Index most);

}  // namespace skeleta::training
