#pragma once

#include <vector>

#include "skeleta/exact/loss.h"
#include "skeleta/measure/active_count.h"
#include "skeleta/measure/features.h"

namespace skeleta::exact {

/// E[r; N in skeletons] = Σ_l C_l with its gradient for any l, support by support:
///
///   C_l = Σ_{|S| = l} P(exactly S is active) · L_S,
///
/// with L_S the integral loss at density 1 on S and 0 elsewhere, for every model and law. Of ReLU
/// models without noise, where the features or the model are not plain, supports on which at most
/// two features are no constants have closed forms or a quadrature in one variable
/// (lib/exact/direct_support.h); all others take the exact engine. For Q_0, Q_1 and Q_2 of the tied
/// ReLU on plain features there is SparseLoss, whose closed forms cost far less.
///
/// Keeps an evaluator for each support that takes the engine: memory some 20 kB + 2 D² numbers
/// each. Cost: Σ_l C(D, l) evaluations of D·l·nodes factors; the same bits for any number of
/// threads.
class SupportSum {
 public:
  /// Sums over more supports are refused.
  static constexpr double most_supports = 20'000;

  /// Supports of probability 0 are left out. The error targets of `options` hold for each L_S, and
  /// so for the sum; its threads share the supports. Throws std::invalid_argument if features or
  /// options are not valid, `skeletons` is not within 0..D, or there are more than most_supports.
  SupportSum(const Features& features, CountRange skeletons, const Options& options = {});

  ~SupportSum();
  SupportSum(SupportSum&&) noexcept;  ///< Moves.
  /// Likewise.
  SupportSum& operator=(SupportSum&&) noexcept;

  /// How many supports have so many active features: Σ_l C(D, l).
  static double supports(Index features, CountRange skeletons);

  /// As Evaluator::loss_and_gradient; gradient_error bounds the sum's, and stop_reason is `nodes`
  /// if one support missed its target.
  Loss loss_and_gradient(const Autoencoder& model, Gradient& gradient);

 private:
  struct Support;

  void evaluate(const Autoencoder& model, Support& support) const;

  Features features_;
  DataLaw law_;
  Options options_;
  std::vector<Support> supports_;
};

}  // namespace skeleta::exact
