#pragma once

#include <functional>

#include "exact/law_curvature_kernel.h"

/// One output's second derivatives under a general law, times a direction.
namespace skeleta::exact {

/// What the law's supports have by themselves.
struct LawSupports {
  double none = 1.0;  ///< P(N = 0)
  Vector alone;       ///< P(only j is active)
  Vector first;       ///< E x_j
  Matrix second;      ///< E x_j x_k
};

/// The direction's product but for the entries by feature, and an estimate of its error in norm.
struct LawProduct {
  double threshold = 0.0, noise = 0.0, error = 0.0;
};

/// A row's second derivatives as a function of what they are applied to, of what its preparation
/// takes but once; `by_feature` as below.
using LawCurvature = std::function<LawProduct(const LawDirection&, double* by_feature)>;

/// Of V = E(y² − 2 x_i y) on all supports, times (u, c', v'); K u by feature goes to an array of D
/// entries. `contour`: its period, 0 where z needs none, and its nodes, a multiple of eight.
LawProduct law_curvature(const LawRow& row, const LawCircuit& circuit, const LawSupports& supports,
                         const Contour& contour, Index nodes, const LawDirection& direction,
                         double* by_feature);

/// Of E(x_i − z + c)², the model's answer without a threshold: 2 E X Xᵀ, X = (x, −1).
LawProduct linear_curvature(const LawSupports& supports, const LawDirection& direction,
                            double* by_feature);

}  // namespace skeleta::exact
