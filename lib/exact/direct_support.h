#pragma once

#include <span>
#include <vector>

#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"

/// One output on one support S, without a contour: values and derivatives of ReLU outputs without
/// noise where at most two of the active features are no constants. A contour decays slowly there,
/// and not at all for constants.
namespace skeleta::exact {

/// E(x_i − (z_i − b_i)₊)² while exactly the features of S are active, and half its derivatives.
struct DirectOutput {
  double value = 0.0;
  double slope = 0.0;           ///< E[(x_i − y) 1{y > 0}]: half of d/db_i.
  std::vector<double> product;  ///< E[(x_i − y) x_j 1{y > 0}], j in S: minus half of d/dA_ij.
  double size = 0.0;            ///< E x_i² + E y²: errors are some 1e-12 of it, by quadrature.
};

class DirectSupport {
 public:
  /// Is there a closed form or a quadrature in one variable?
  static bool knows(const Features& features, const Autoencoder& model,
                    std::span<const Index> support);

  /// `law` must outlive it.
  DirectSupport(const DataLaw& law, std::span<const Index> support);

  /// `row` is row i of A on the support, b_i = threshold. No feature moves: a point. One: partial
  /// moments of its law (ValueLaw::ramp_moment). Two: of the one with the larger share in z, as a
  /// function of the other, which is smooth between the places where the ramp's corner meets an end
  /// of the first one's support; quadrature (measure/value_quadrature.h).
  DirectOutput output(Index i, const Vector& row, double threshold) const;

 private:
  struct Sums;
  // Over feature `moving` of the support, with x_i = own + own_slope·U.
  Sums over_one(std::size_t moving, double slope, double c, double own, double own_slope) const;

  const ValueLaw& value(std::size_t k) const {
    return law_.values[static_cast<std::size_t>(support_[k])];
  }

  const DataLaw& law_;
  std::vector<Index> support_;
  std::vector<std::size_t> moving_;  // places in the support of those that are no constants
};

}  // namespace skeleta::exact
