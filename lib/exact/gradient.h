#pragma once

#include "exact/output.h"

/// From the contour sums of gradient_kernel.h to the derivatives.
namespace skeleta::exact {

/// For output i, z and b as in output.h: writes E[(x_i − x̂_i) x_j 1{z > b}] to by_feature[j] for
/// all D features and returns E[(x_i − x̂_i) 1{z > b}]. `threshold` and entries[n] are the sums Σ Re
/// F_b and Σ Re F_j over the nodes; what they leave out is added in closed form, the left aliases
/// are taken away. Where only one side of b has weight the rest is made of moments. Features left
/// out of z are independent of it. Cost O(D).
double finish_gradient(const Row& row, const double* gram, const Output& output,
                       const Vector& density, double threshold, const double* entries,
                       double* by_feature);

}  // namespace skeleta::exact
