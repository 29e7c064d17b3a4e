#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "skeleta/core/types.h"
#include "skeleta/estimate/integrate.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::approximation {

/// What samples of a loss under any law would hardly ever show: rare supports, values in the tails.
/// The plain law with tied ReLU models has a survey that knows more (FiringSurvey).
///
/// The survey draws from a mixture Q of the law P on N ≥ first, and of P given that all features of
/// a set F are active, for many F: single features, pairs of them, of at most 8 features all sets;
/// where there are too many, those that can make the largest losses. In half of the points the
/// uniform numbers whose quantiles the values are have the density ¼ (2 min(u, 1 − u))^{−3/4},
/// which reaches far into the tails. A point x with support S stands for the probability
///   ω = dP/dQ = 1 / Σ_F n_F 1{F ⊂ S}/P(F) / (½ + ½ Π_j q(u_j)),
/// small for what is rare. It is a finding, not a proof.
///
/// Cost: some thousand values of the integrand.
class LawSurvey {
 public:
  /// Of an integrand with one output, the loss of the model, on N ≥ first.
  LawSurvey(const Autoencoder& model, const Features& features, const estimate::Integrand& loss,
            Index first, std::uint64_t seed);

  /// How far the result is off, about, because the points of each range never meet what lies beyond
  /// the level that they exceed 3 times. The sum over the ranges, as they all miss on the same
  /// side.
  double missed(std::span<const estimate::SampledRange> sampled) const;

 private:
  std::vector<double> value_, weight_;                     // of all points; ω
  std::map<Index, std::vector<std::size_t>> on_skeleton_;  // points by N
};

}  // namespace skeleta::approximation
