#include "exact/loss_kernel.h"

#include <cmath>

#include "exact/node_factors.h"

namespace skeleta::exact {
namespace {

// E[e^{sz}; one active] and [.; ≥ 2 active] of the features so far, at one block of nodes.
struct Block {
  Complex one[groups_per_block], rest[groups_per_block];
  double none = 1.0;
};

// All features but i. One step: rest ← a rest + x (rest + one), one ← a one + none x, none ← a none
// with x = w h(s g). In unit form a = none = 1. Nothing is subtracted, so the rest is accurate also
// where it is a tiny part of the whole.
template <bool unit>
SKELETA_INLINE void absorb_others(const Row& row, Phases& phases, const Nodes* nodes,
                                  Block& block) {
  Complex inverse[groups_per_block];
  for (int m = 0; m < groups_per_block; ++m) {
    inverse[m] = nodes[m].inverse;
    block.one[m] = block.rest[m] = {broadcast(0.0), broadcast(0.0)};
  }
  for (Index n = 0; n < row.count; ++n) {
    const auto at = static_cast<std::size_t>(n);
    const double slope = row.w[at] / row.g[at], a = row.a[at];
    Complex v = phases.state(n);
#pragma GCC unroll 4
    for (int m = 0; m < groups_per_block; ++m) {
      const Complex x = (slope * v) * inverse[m];
      const Complex both = block.rest[m] + block.one[m];
      if constexpr (unit) {
        block.rest[m] = add_product(block.rest[m], x, both);
        block.one[m] = block.one[m] + x;
      } else {
        block.rest[m] = add_product(a * block.rest[m], x, both);
        block.one[m] = a * block.one[m] + block.none * x;
      }
      phases.advance(n, v);
    }
    phases.state(n) = v;
    if constexpr (!unit) block.none *= a;
  }
}

template <bool unit>
NodeSum sum_block(const Row& row, const Output& output, Phases& phases, Decay& decay, Index first) {
  const Contour contour{output.period};
  const auto own = static_cast<std::size_t>(row.count);
  const double g = row.g[own], w = row.w[own], a = row.a[own];
  const bool series = small_in_block(contour, g, first + nodes_per_block);
  Nodes nodes[groups_per_block];
  for (int m = 0; m < groups_per_block; ++m) {
    nodes[m] = nodes_at(contour, first + m * lane_count);
  }
  Block block;
  absorb_others<unit>(row, phases, nodes, block);
  double low = 0.0;  // what the fine law's difference may be rounded against
  if (row.fine_count > 0) {
    low = magnitude_of_fine(row) * (block.none + block.one[0].re[0]);
    for (int m = 0; m < groups_per_block; ++m) {
      include_fine(fine_factors(row, phases, nodes[m]), block.none, block.one[m], block.rest[m]);
    }
  }

  Lanes value = broadcast(0.0), imaginary = broadcast(0.0), energy = broadcast(0.0);
  NodeSum result;
  Complex v = phases.state(row.count);
  for (int m = 0; m < groups_per_block; ++m) {
    const Complex r = nodes[m].inverse;
    const Moments moments = feature_moments(nodes[m], v, g, series);
    const Complex x = w * moments.h0;
    const Complex squares = add_product(a * block.rest[m], x, block.rest[m] + block.one[m]);
    const Complex ramps = (w * moments.h1) * block.rest[m];
    const Complex kernel = (2.0 * output.scale) * (decay.value() * (r * r));
    const Complex scaled = output.scale * (r * squares);
    const Complex f = kernel * (scaled - ramps);
    value += node_weights(first + m) * f.re;
    imaginary += f.im;
    if (m + 1 == groups_per_block) {
      result.end_value = sum(f.re);
      result.end_imaginary = sum(f.im);
      result.end_energy = sum(f.re * f.re + f.im * f.im);
    }
    energy += f.re * f.re + f.im * f.im;
    if (first + m == 0) {
      const double extra = (output.scale * r.re[0] * (a + x.re[0]) + w * moments.h1.re[0]) * low;
      result.amplitude = kernel.re[0] * (std::abs(scaled.re[0]) + std::abs(ramps.re[0]) + extra);
    }
    phases.advance(row.count, v);
    decay.advance();
  }
  phases.state(row.count) = v;
  result.value = sum(value);
  result.imaginary = sum(imaginary);
  result.energy = result.total = sum(energy);
  return result;
}

template <bool unit>
void sum_blocks(const Row& row, const Output& output, Phases& phases, Index first,
                std::span<NodeSum> sums) {
  const Contour contour{output.period};
  phases.set(row, contour);
  Decay decay(contour, output.c, first);
  for (std::size_t block = 0; block < sums.size(); ++block) {
    const Index k = first + static_cast<Index>(block) * nodes_per_block;
    if (block == 0 || k % restart == 0) {
      phases.start(k);
      decay = Decay(contour, output.c, k);
    }
    sums[block] = sum_block<unit>(row, output, phases, decay, k);
  }
}

}  // namespace

void sum_loss(const Row& row, const Output& output, Phases& phases, Index first,
              std::span<NodeSum> sums) {
  row.unit ? sum_blocks<true>(row, output, phases, first, sums)
           : sum_blocks<false>(row, output, phases, first, sums);
}

}  // namespace skeleta::exact
