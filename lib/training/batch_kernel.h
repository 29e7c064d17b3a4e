#pragma once

#include <cstdint>
#include <vector>

#include "skeleta/core/types.h"
#include "skeleta/sampling/sparse_batch.h"

namespace skeleta::training {

/// Sum over sparse points of the pointwise loss and its gradient (sampled_objective.h), in float or
/// double. Columns are padded to whole registers.
template <class Scalar>
class BatchKernel {
 public:
  using Dense = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using Column = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

  /// What a chunk of points adds up to, and its memory.
  struct Sums {
    Dense dW;                       ///< Padded d × D.
    Dense decoder;                  ///< ∂/∂W_outᵀ likewise; empty if tied: it is in dW.
    Column db;                      ///< Σ δ
    Column z, input, hidden, back;  ///< Of one point: Gx − b; x; Wx; W_outᵀδ.
    std::vector<std::int32_t> positive;
    Column delta;  ///< 2 v (x̂ − x) where z > 0.
    double value = 0.0;
  };

  BatchKernel(const Vector& importance, Index hidden, bool tied);

  Sums sums() const;
  static void reset(Sums& sums);

  /// The model to evaluate, in the order of parameters.h. Cost d·D².
  void read(const Vector& parameters);
  void add(const sampling::SparsePoint& point, Sums& sums) const;
  /// Adds the sums to a gradient in the order of parameters.h.
  void add_to(Vector& gradient, const Sums& sums) const;

 private:
  Scalar errors_of_positive(Sums& sums) const;
  void add_outer(Sums& sums, Index count, Index first) const;
  const Dense& decoder() const { return tied_ ? W_ : decoder_; }

  Index features_, hidden_;
  bool tied_;
  Column importance_, b_;
  Dense W_, decoder_;  // W; W_outᵀ unless it is tied
  Dense gram_;         // A = W_out W
};

}  // namespace skeleta::training
