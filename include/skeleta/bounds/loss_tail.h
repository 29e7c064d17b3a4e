#pragma once

#include "skeleta/measure/active_count.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::bounds {

/// Rigorous upper bounds on the part of the loss that lives on many, or on few, active features
/// (mathematics.md, Theorem 4.5).
///
/// x and x̂ are non-negative, so (x_i − x̂_i)² ≤ x_i² + x̂_i², and x̂_i ≤ Σ_j G⁺_ij x_j + b⁻_i with
/// G⁺ = max(G, 0), b⁻ = max(−b, 0). For an event A on N, with N₋ⱼ the count without feature j,
///   E[x_j; A] = (p_j/2) P(N₋ⱼ + 1 ∈ A),   E[x_j²; A] = (p_j/3) P(N₋ⱼ + 1 ∈ A),
///   E[x_j x_k; A] = (p_j p_k/4) P(N₋ⱼₖ + 2 ∈ A).
/// For A = {N ≥ m} the probabilities on the right are largest when the least dense features are
/// left out, for A = {N ≤ m} when the densest are, so that each bound is c₀τ₀ + c₁τ₁ + c₂τ₂ with
/// three constants of the model and three tail probabilities. For equal densities nothing is lost
/// there. Typically 1.4 to 12 times the true value. What is possible has a bound of 2e-308 at
/// least, however small its probability: products of those leave the range of double.
///
/// Cost of construction d·D², memory O(dD) (columns of G are formed in blocks), plus O(D²) for
/// unequal densities; then O(1) a bound. Bits do not depend on `threads`.
class LossTail {
 public:
  /// Throws std::invalid_argument if model or features are not valid or disagree in size.
  LossTail(const Autoencoder& model, const Features& features, int threads = 1);

  /// Upper bound of Σ_{k > l} C_k.
  double above(Index l) const;
  /// Upper bound of Σ_{k < l} C_k.
  double below(Index l) const;
  /// Upper bound of the pointwise loss r(x) on the whole cube: Σ_i v_i max(1, Σ_j G⁺_ij + b⁻_i)².
  double supremum() const { return supremum_; }
  /// Upper bound of Σ C_k over all k outside `range`.
  double outside(CountRange range) const { return below(range.first) + above(range.last); }

 private:
  double bound(double tau0, double tau1, double tau2) const;

  bool matters_;              // is any importance positive
  Index possible_, certain_;  // so many features may be active, so many always are
  double c0_ = 0.0, c1_ = 0.0, c2_ = 0.0, supremum_ = 0.0;
  ActiveCount all_, without_sparsest_, without_two_sparsest_, without_densest_,
      without_two_densest_;
};

}  // namespace skeleta::bounds
