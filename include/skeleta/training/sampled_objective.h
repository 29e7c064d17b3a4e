#pragma once

#include <cstdint>
#include <memory>

#include "skeleta/core/types.h"
#include "skeleta/estimate/precision.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::training {

/// How an objective is sampled.
struct SampleOptions {
  std::uint64_t batch = 1024;  ///< Points in each batch, ≥ 1.
  std::uint64_t seed = 1;      ///< Of the points.
  std::uint64_t series = 0;    ///< Independent series of batches of one seed, one for each start.
  /// float32 is twice as fast, and its errors, 1e-7 of a gradient, are far below those of sampling;
  /// float64 is for minimising over a fixed sample.
  estimate::Precision precision = estimate::Precision::float64;
  int threads = 1;  ///< 0: all cores. Never changes a bit of the result.
};

/// An unbiased estimate of the integral loss and its gradient at the parameters of a ReLU model
/// (parameters.h), tied or not, for any law of the features, from a batch of sparse points. The
/// share π_0 of a batch that has no active feature is not drawn but added exactly; of the others
/// ⌈batch·(1 − π_0)⌉ are drawn. So the variance is below that of `batch` points of the whole law.
///
/// A point with l active features costs l·D operations for z = Ax − b, and 2d for each output with
/// z_i > 0, where alone the gradient lives: with e = x̂ − x there and δ = 2 v e,
///   dW += (W_outᵀδ) xᵀ,   dW_out += δ (Wx)ᵀ,   db −= δ,
/// and of a tied model dW has the transpose of dW_out too. No dense input, nothing of size D × D
/// but A = W_out W once a step (d·D²).
///
/// Points are functions of (seed, series, step, index): the same bits for any number of threads.
/// Calling it for one step again and again is a deterministic objective: the mean over a fixed
/// sample. No allocation after the first calls, for one thread, unless a batch has more active
/// features than any before. Not thread-safe itself.
class SampledObjective {
 public:
  /// Of models of the form of this one, whose weights do not matter. Throws std::invalid_argument
  /// if features are not valid, batch < 1, or as require_known does.
  SampledObjective(Features features, const Autoencoder& form, const SampleOptions& options);
  /// Of tied models. Throws likewise, and if hidden < 1.
  SampledObjective(Features features, Index hidden, const SampleOptions& options);
  ~SampledObjective();
  /// Moves; what is left can only be destroyed or assigned to.
  SampledObjective(SampledObjective&&) noexcept;
  /// Likewise.
  SampledObjective& operator=(SampledObjective&&) noexcept;

  /// Throws std::invalid_argument unless the form is a ReLU model without noise.
  static void require_known(const Autoencoder& form);

  /// NaN where an entry of x is not finite.
  double operator()(std::uint64_t step, const Vector& x, Vector& gradient);

  class Implementation;  ///< For each precision one.

 private:
  SampledObjective(Features features, Index hidden, bool tied, const SampleOptions& options);

  std::unique_ptr<Implementation> implementation_;
};

}  // namespace skeleta::training
