#pragma once

#include <functional>
#include <span>

#include "skeleta/sampling/sparse_batch.h"

namespace skeleta::estimate {

using sampling::SparseBatch;
using sampling::SparsePoint;

/// A function of a sparse point, given as its active features and their values.
using Integrand = std::function<double(const SparsePoint&)>;

/// Fills values[i] with the integrand at batch[i].
using BatchIntegrand = std::function<void(const SparseBatch& batch, std::span<double> values)>;

/// Makes one batch integrand for each chunk of work, so that each has scratch memory of its own.
using IntegrandFactory = std::function<BatchIntegrand()>;

/// An integrand without scratch memory: it must be safe to call from several threads at once.
inline IntegrandFactory pointwise(Integrand integrand) {
  return [integrand = std::move(integrand)]() -> BatchIntegrand {
    return [integrand](const SparseBatch& batch, std::span<double> values) {
      for (std::size_t i = 0; i < batch.size(); ++i) values[i] = integrand(batch[i]);
    };
  };
}

}  // namespace skeleta::estimate
