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

/// Of the Hessian of a loss on supports with up to `most` active features, by the parameters of a
/// ReLU model. Cost: a product with it for each feature that is silent.
ExplainedZeros explained_zeros(const Matrix& hessian, const Zeros& zeros, const Autoencoder& model,
                               const Features& features, Index most);

}  // namespace skeleta::training
