#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <utility>

#include "skeleta/sampling/sparse_batch.h"

namespace skeleta::estimate {

using sampling::SparseBatch;
using sampling::SparsePoint;

/// Fills values[i · outputs + a] with output a at batch[i].
using BatchIntegrand = std::function<void(const SparseBatch& batch, std::span<double> values)>;

/// A function of a sparse point, given as its active features and their values, with one output or
/// several that share their points.
class Integrand {
 public:
  /// One output: any callable double(const SparsePoint&) that is safe to call from several threads
  /// at once. It is called in a loop that the compiler sees, not through a pointer.
  template <class F>
  requires std::is_invocable_r_v<double, const F&, const SparsePoint&> Integrand(F f)  // NOLINT
      : outputs_(1), make_([f = std::make_shared<const F>(std::move(f))]() -> BatchIntegrand {
          return [f](const SparseBatch& batch, std::span<double> values) {
            for (std::size_t i = 0; i < batch.size(); ++i) values[i] = (*f)(batch[i]);
          };
        }) {}

  /// Several outputs: a callable void(const SparsePoint&, std::span<double> outputs), safe
  /// likewise.
  template <class F>
  requires std::is_invocable_v<const F&, const SparsePoint&, std::span<double>> Integrand(
      std::size_t outputs, F f)
      : outputs_(outputs),
        make_([outputs, f = std::make_shared<const F>(std::move(f))]() -> BatchIntegrand {
          return [outputs, f](const SparseBatch& batch, std::span<double> values) {
            for (std::size_t i = 0; i < batch.size(); ++i) {
              (*f)(batch[i], values.subspan(i * outputs, outputs));
            }
          };
        }) {}

  /// Whole batches, with scratch memory: `make` is called once for each chunk of work, and what it
  /// makes is used by one thread. `most_points` in a batch: the more, the oftener what one point
  /// brought into a cache serves another, but the points themselves take room there too.
  static Integrand of_batches(std::size_t outputs, std::function<BatchIntegrand()> make,
                              std::size_t most_points = 256) {
    return Integrand(outputs, std::move(make), most_points);
  }

  /// Numbers that it gives at each point.
  std::size_t outputs() const { return outputs_; }
  /// The most points that it takes in one batch.
  std::size_t most_points() const { return most_points_; }
  /// A batch integrand of its own for each thread.
  BatchIntegrand operator()() const { return make_(); }

 private:
  Integrand(std::size_t outputs, std::function<BatchIntegrand()> make, std::size_t most_points)
      : outputs_(outputs), make_(std::move(make)), most_points_(most_points) {}

  std::size_t outputs_;
  std::function<BatchIntegrand()> make_;
  std::size_t most_points_ = 256;
};

}  // namespace skeleta::estimate
