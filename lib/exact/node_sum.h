#pragma once

#include "exact/lanes.h"

namespace skeleta::exact {

/// The unit in which nodes are added: one register block of the kernels.
constexpr Index nodes_per_block = 32;
constexpr int groups_per_block = static_cast<int>(nodes_per_block / lane_count);

/// Σ of an integrand over one block of nodes (k = 0 counted half). Of the derivatives F_j, F_b of
/// an output (gradient_kernel.h) F = F_b stands for all, and their energy is added up.
struct NodeSum {
  double value = 0.0;      ///< Σ Re F(s_k)
  double imaginary = 0.0;  ///< Σ Im F(s_k)
  double energy = 0.0;     ///< Σ |F(s_k)|²
  double total = 0.0;      ///< The same for all derivatives together; energy if there is but F.
  double end_value = 0.0, end_imaginary = 0.0, end_energy = 0.0;  ///< Of the last eight nodes.
  double amplitude = 0.0;  ///< In the block of k = 0: |F(s_0)| with all terms taken positive.
};

}  // namespace skeleta::exact
