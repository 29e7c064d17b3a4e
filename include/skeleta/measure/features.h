#pragma once

#include <memory>
#include <string_view>

#include "skeleta/core/types.h"
#include "skeleta/measure/data_law.h"

namespace skeleta {

/// The data (mathematics.md, Definition 1.1), and how much each feature's error counts. Unless
/// `law` says more, x_j = B_j U_j with B_j ~ Bernoulli(p_j), U_j ~ Uniform[0,1], all independent:
/// the plain law.
struct Features {
  Vector density;     ///< p_j = 1 − sparsity_j, D entries in [0, 1]; 0 and 1 are legal.
  Vector importance;  ///< v_j ≥ 0, D entries: the weight of feature j's error in the loss.
  /// Any other law, of the same densities; null for the plain one.
  std::shared_ptr<const DataLaw> law{};

  /// D.
  Index size() const { return density.size(); }
  /// Are the values independent and uniform on [0, 1]?
  bool plain() const { return law == nullptr; }
  /// The law, also of plain features; O(D) work.
  DataLaw data_law() const;

  /// D features of one density and one importance, plain.
  static Features uniform(Index count, double density, double importance = 1.0);
  /// Features of a law; plain if that is.
  static Features of(DataLaw law, Vector importance);
};

/// Throws std::invalid_argument if sizes differ or are 0, a density lies outside [0, 1], an
/// importance is negative or not finite, or the law has other densities.
void validate(const Features& features);

/// Throws std::invalid_argument, "WHAT knows only …", unless the features are plain.
void require_plain(const Features& features, std::string_view what);

/// Throws std::invalid_argument if `features` is not valid or has not `expected` entries.
void validate(const Features& features, Index expected);

/// E Σ_i v_i x_i² (plain: Σ_i v_i p_i/3), the loss of a model that answers 0: the natural unit of
/// losses. Infinite if it exceeds the range of double.
double loss_of_zero_model(const Features& features);

/// The same data in a unit in which losses have the size of 1: the loss is linear in v, so with
/// v = 2^exponent · v' every loss, gradient and error is 2^exponent times that of v', to the bit.
struct ScaledFeatures {
  Features features;  ///< With the importances v'.
  int exponent = 0;   ///< Of the power of two by which v' was multiplied.

  /// 2^exponent · x: a loss, gradient or error in the unit of the caller. Rounded only where it is
  /// below the smallest normal number.
  double restored(double x) const;
};

/// Chooses the exponent so that loss_of_zero_model(v') lies in [½, 1). A feature whose v_i p_i is
/// below 10⁻³⁰⁰ of the largest may lose digits of v'_i, or all of it; where one that is never
/// active has by far the largest importance, v' stays finite and the loss is below ½ instead.
ScaledFeatures scaled(const Features& features);

}  // namespace skeleta
