#pragma once

#include <algorithm>

#include "skeleta/core/parallel.h"
#include "skeleta/exact/loss.h"

/// From the derivatives by A to those by the weights.
namespace skeleta::exact {

/// body(first, columns) for blocks of D columns, in parallel; the blocks do not depend on threads.
template <class Body>
void for_each_block(Index count, int threads, Body body) {
  constexpr Index width = 128;
  parallel_for(static_cast<std::size_t>((count + width - 1) / width), threads,
               [&](std::size_t block) {
                 const Index first = static_cast<Index>(block) * width;
                 body(first, std::min(width, count - first));
               });
}

/// Sets dW, and dW_out of an untied model, from Γ = dL/dA, whose row i is column i of `gamma`:
/// dL/dW = W_outᵀ Γ, dL/dW_out = Γ Wᵀ; tied, W(Γ + Γᵀ). `decoder` is W_outᵀ, d × D.
void set_weight_gradient(const Autoencoder& model, const Matrix& decoder, const Matrix& gamma,
                         int threads, Gradient& gradient);

}  // namespace skeleta::exact
