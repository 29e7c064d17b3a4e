#pragma once

#include <span>
#include <vector>

#include "exact/node_sum.h"
#include "exact/output.h"
#include "exact/phases.h"

/// The contour sums behind one output's derivatives. With u = 1{z > b}, i the output's own feature:
///
///   F_j(s) = e^{−sc} [ s⁻¹ E(x_i x_j e^{sz}; i, j and others) − scale s⁻² E(x_j e^{sz}; N_z ≥ 2) ]
///   F_i(s) = e^{−sc} [ s⁻¹ E(x_i² e^{sz}; i and ≥ 2 others) − scale s⁻² E(x_i e^{sz}; same) ]
///   F_b(s) = e^{−sc} [ s⁻¹ E(x_i e^{sz}; i and ≥ 2 others) − scale s⁻² E(e^{sz}; N_z ≥ 2) ]
///
/// stand for E[x_j (x_i − x̂_i) u] and E[(x_i − x̂_i) u] without the supports that gradient.cpp adds
/// in closed form. All decay like |s|⁻⁴. Leave-one-out products come from prefixes and suffixes:
/// dividing by a factor of the generating function would fail near its zeros.
namespace skeleta::exact {

/// Buffers of sum_gradient.
struct GradientWorkspace {
  std::vector<Complex> x, prefix;    ///< Two groups of nodes for each feature.
  std::vector<double> none_before;   ///< Π a of the features before.
  std::vector<double> fine_weights;  ///< FineLaw::weights_with, by feature.
  std::vector<double> entries;       ///< Σ over nodes, eight lanes for each feature.

  void resize(Index features);
};

/// As sum_loss, and adds Σ Re F_j to entries[n] (n as in row, i at [row.count]). `derivatives` has
/// for each block the sums of F_b, and the energy of all F_j and F_b together. Cost: about three
/// times that of sum_loss.
void sum_gradient(const Row& row, const Output& output, Phases& phases,
                  GradientWorkspace& workspace, Index first, std::span<NodeSum> sums,
                  std::span<NodeSum> derivatives, double* entries);

}  // namespace skeleta::exact
