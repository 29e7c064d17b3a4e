#pragma once

#include "skeleta/model/autoencoder.h"

namespace skeleta::estimate {

template <class Real>
using RealMatrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
template <class Real>
using RealVector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;

/// A = W_out W, D × D; of a tied model the Gram matrix.
inline Matrix pre_activation_weights(const Autoencoder& model) {
  return model.tied() ? gram(model)
                      : Matrix(output_weights(model, 0, model.features()).transpose());
}

/// The decoder's rows as columns, d × D: W of a tied model.
inline Matrix decoder(const Autoencoder& model) {
  return model.tied() ? model.W : Matrix(model.W_out.transpose());
}

}  // namespace skeleta::estimate
