#pragma once

#include "bounds/positive_part.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::bounds {

/// One output's share of L^(≤k) as a function of its row g of G and its threshold c:
/// F = v [E x² + E u₊² − 2 E x u₊] with the moments of PositivePart.
struct OutputLoss {
  double value = 0.0;
  double by_threshold = 0.0;  ///< dF/dc = 2v (E x 1{u > 0} − E u₊)
  Row by_entry{};             ///< dF/dg_j = 2v (E x_j u₊ − E x x_j 1{u > 0})
};

/// Whether min L^(≤k) over all (W, b), W with `hidden` rows, is 0 because a model with the loss 0
/// is known: k = 0 (zero columns); at most `hidden` features that are ever active and important
/// (orthonormal columns); k = 1 and at most twice as many (antipodal pairs of them).
bool minimum_is_zero(const Features& features, Index hidden, Index most);

/// L^(≤k) = Σ_{l≤k} C_l of small models, by PositivePart.
class TruncatedLoss {
 public:
  /// At most most_features features.
  TruncatedLoss(const Features& features, Index most);

  Index features() const { return features_.size(); }
  double importance(Index i) const { return features_.importance(i); }
  /// P(i active, N ≤ k).
  double own_probability(Index i) const { return own_probability_(i); }
  PositivePartMoments moments(std::span<const double> g, double c, Index i) const {
    return positive_part_(g, c, i);
  }
  /// F of output i from its moments.
  OutputLoss output(const PositivePartMoments& moments, Index i) const;
  /// F ≥ E x² + E u₊² − 2 E x u₊ with the two moments at different corners of a box.
  double corner(const PositivePartMoments& low, const PositivePartMoments& high, Index i) const;

  /// Bound of what rounding does to F of output i, to `corner`, and to derivatives times |g| or
  /// |c|, where Σ|g| ≤ size and c ≥ threshold_low: 4v times
  /// Σ_{1≤l≤k} π_l·PositivePart::rounding(l)(1 + size + |c|)² +
  /// π_0·PositivePart::rounding(1)((−c)₊)², the second from Q0, which has no entries of g.
  double rounding(Index i, double size, double threshold_low, double threshold_high) const;

  double value(const Autoencoder& model) const;
  double value_and_gradient(const Autoencoder& model, Matrix& dW, Vector& db) const;

 private:
  Features features_;
  PositivePart positive_part_;
  Vector own_probability_;
  double none_, some_;  // Σ π_l·PositivePart::rounding(l) for l = 0 and 1..k
};

}  // namespace skeleta::bounds
