#pragma once

#include <vector>

#include "exact/kept_kernel.h"
#include "exact/row_curvature.h"

namespace skeleta::exact {

/// One output's second derivatives at a point as a symmetric operator: after one pass over the
/// contour a product costs four operations for each feature and node. In single precision: for
/// steps, not for figures.
class KeptCurvature {
 public:
  /// Buffers of one product.
  struct Buffers {
    std::vector<float> u, of_nodes;
    std::vector<double> entries;
  };

  /// Of an output with a contour, on its first nodes; `row` without fine features, `gram` its
  /// entries by feature. Cost: some two of finish_curvature and sum_curvature each.
  KeptCurvature(const Row& row, const double* gram, const Output& output, const Vector& density,
                Index nodes, Phases& phases, CurvatureWorkspace& workspace);

  /// Are ratios known to some five digits?
  bool reliable() const { return sums_.least > 1e-2; }

  /// As finish_curvature: E[x_j Y (u − x_i δ)] for all features j, in the direction (u, β) by
  /// feature. Linear but for rounding.
  RowCurvature times(const Vector& density, const double* u, double beta, Buffers& buffers,
                     double* by_feature) const;

 private:
  void add_closed(const Row& row, const double* gram, const Output& output, const Vector& density,
                  CurvatureWorkspace& workspace);

  Index own_;
  std::vector<Index> feature_;  // the others
  std::vector<Index> idle_;     // features left out of z
  std::vector<double> mean_;    // p/2 of the others, then of i
  double of_means_ = 0.0;       // times mean meanᵀ, within (others, i)
  KeptSums sums_;
};

}  // namespace skeleta::exact
