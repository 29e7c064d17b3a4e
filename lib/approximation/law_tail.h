#pragma once

#include <functional>
#include <vector>

#include "skeleta/measure/active_count.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::approximation {

/// Rigorous upper bounds on the part of the loss that lives on many, or on few, active features,
/// for every law of the data and every model: what bounds::LossTail is for x ≥ 0 and tied ReLU
/// models.
///
/// |act(u − b + ε)| ≤ |u| + β(b) + |ε| with β = b⁻, for the identity |b|. So by Minkowski's
/// inequality, over outputs and noise,
///   √r(x) ≤ Σ_j c_j |x_j| + β,   c_j = √v_j + |V^½ A e_j|,   β = |V^½ β(b)| + (Σ_i v_i σ_i²)^½,
/// and by Cauchy's, with the l + 1 terms that there are on Q_l,
///   E[r; N = l] ≤ (l + 1) (Σ_j c_j² E U_j² P(j active, N = l) + β² π_l).
/// Beyond the skeletons with P(N > l) < 1e-18, l is taken as D.
class LawTail {
 public:
  /// Cost d²·D + what active_by_count takes.
  LawTail(const Autoencoder& model, const Features& features);

  /// Upper bound of Σ_{k > l} C_k.
  double above(Index l) const;
  /// Upper bound of Σ_{k < l} C_k.
  double below(Index l) const;
  /// Upper bound of Σ C_k over all k outside `range`.
  double outside(CountRange range) const { return below(range.first) + above(range.last); }
  /// Σ_j c_j² E U_j² + β²: how large losses are.
  double size() const { return size_; }

 private:
  std::vector<double> part_;  // of l = 0, 1, …
  double beyond_ = 0.0, size_ = 0.0;
};

/// Upper bound of the mean loss given any support: (D + 1)(Σ_j c_j² E U_j² + β²). Cost d²·D.
double largest_mean(const Autoencoder& model, const Features& features);

/// Upper bounds of Σ_{k > l} C_k as a function of l: bounds::LossTail's of tied ReLU models on
/// plain features, LawTail's of all others.
std::function<double(Index)> loss_above(const Autoencoder& model, const Features& features,
                                        int threads);

}  // namespace skeleta::approximation
