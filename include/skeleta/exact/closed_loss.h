#pragma once

#include "skeleta/core/types.h"
#include "skeleta/measure/features.h"

namespace skeleta::exact {

/// The integral loss of a tied ReLU model of at most four plain features, with two derivatives, in
/// closed form: by the sets of active features. Cheap for two features, and near kinks as good as
/// elsewhere. With g = (row i of A, b_i), z − b = g·X, X = (x, −1), u = 1{z > b}, output i has
///   E x_i² − 2 E[x_i X·g u] + gᵀ E[X Xᵀ u] g,
/// the gradient 2 E[X Xᵀ u](g − e_i) in g, and the Hessian 2 E[X Xᵀ (u − x_i δ(z − b))].
///
/// Not thread-safe; keeps its buffers. Accuracy: some dozen ε of the sizes of the terms; rounding
/// of the loss is some ε of the loss of the zero model. Cost of a value with gradient and Hessian:
/// .6, 3, 15 µs for two, three, four features; of the gradient alone two thirds.
class ClosedLoss {
 public:
  static constexpr Index most_features = 4;  ///< More have too many supports.

  /// Throws std::invalid_argument if features are not valid, not plain, or more than four.
  explicit ClosedLoss(Features features);

  /// L at x, the columns of W and then b. `gradient` has the size of x.
  double operator()(const Vector& x, Vector& gradient);

  /// The same, and the second derivatives; where they jump, those of the side on which z_i = b_i is
  /// silent. `hessian` is resized if need be.
  double operator()(const Vector& x, Vector& gradient, Matrix& hessian);

 private:
  double evaluate(const Vector& x, Vector& gradient, Matrix* hessian);
  double add_output(Index i, const Vector& x, Vector& gradient, Matrix* hessian);

  Features features_;
  Matrix slopes_;  // of (row of A, b) by the parameters
};

}  // namespace skeleta::exact
