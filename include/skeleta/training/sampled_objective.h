#pragma once

#include <cstdint>
#include <memory>

#include "skeleta/core/types.h"
#include "skeleta/estimate/precision.h"
#include "skeleta/measure/features.h"

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

/// An unbiased estimate of the integral loss and its gradient at the parameters of a tied ReLU
/// model (parameters.h), for any law of the features, from a batch of sparse points. The share π_0
/// of a batch that has no active feature is not drawn but added exactly; of the others ⌈batch·(1 −
/// π_0)⌉ are drawn. So the variance is below that of `batch` points of the whole law.
///
/// A point with l active features costs l·D operations for z = Gx − b, and 2d for each output with
/// z_i > 0, where alone the gradient lives: with e = x̂ − x there and δ = 2 v e,
///   dW += (Wδ) xᵀ + (Wx) δᵀ,   db −= δ.
/// No dense input, nothing of size D × D but G = WᵀW once a step (d·D²).
///
/// Points are functions of (seed, series, step, index): the same bits for any number of threads.
/// Calling it for one step again and again is a deterministic objective: the mean over a fixed
/// sample. No allocation after the first calls, for one thread, unless a batch has more active
/// features than any before. Not thread-safe itself.
class SampledObjective {
 public:
  /// Throws std::invalid_argument if features are not valid, hidden < 1 or batch < 1.
  SampledObjective(Features features, Index hidden, const SampleOptions& options);
  ~SampledObjective();
  /// Moves; what is left can only be destroyed or assigned to.
  SampledObjective(SampledObjective&&) noexcept;
  /// Likewise.
  SampledObjective& operator=(SampledObjective&&) noexcept;

  /// NaN where an entry of x is not finite.
  double operator()(std::uint64_t step, const Vector& x, Vector& gradient);

  class Implementation;  ///< For each precision one.

 private:
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace skeleta::training
