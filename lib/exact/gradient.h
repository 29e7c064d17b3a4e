#pragma once

#include <span>

#include "exact/output.h"

/// From the contour sums of gradient_kernel.h to the derivatives.
namespace skeleta::exact {

/// The main features of a row other than one, n: P(some of them but i is active), and E z of them
/// and i, scaled.
struct Others {
  double some = 0.0, mean = 0.0;
};

/// For output i, z and b as in output.h: writes E[(x_i − x̂_i) x_j 1{z > b}] to by_feature[j] for
/// all D features and returns E[(x_i − x̂_i) 1{z > b}]. `threshold` and entries[n] are the sums Σ Re
/// F_b and Σ Re F_j over the nodes; what they leave out is added in closed form, the left aliases
/// are taken away. Where only one side of b has weight the rest is made of moments. Features left
/// out of z are independent of it. `buffer` has row.count entries. Cost O(D).
double finish_gradient(const Row& row, const double* gram, const Output& output,
                       const Vector& density, double threshold, const double* entries,
                       std::span<Others> buffer, double* by_feature);

}  // namespace skeleta::exact
