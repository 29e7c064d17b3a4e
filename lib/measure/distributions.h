#pragma once

#include "skeleta/core/types.h"

/// What the library asks of well-known distributions: Boost.Math's answers, compiled once (its
/// incomplete gamma and beta functions cost seconds wherever they are instantiated). Relative
/// errors: a few times that of a double. Throw std::domain_error for arguments beyond their domain.
namespace skeleta {

/// C(n, k), 0 ≤ k ≤ n; std::overflow_error beyond the largest double.
double binomial_coefficient(Index n, Index k);

/// P(X ≥ m), m ≥ 0, of the Poisson distribution of this mean ≥ 0.
double poisson_tail(double mean, Index m);

/// x with P(X > x) = `above`, 0 < above < 1, of the standard normal distribution.
double normal_quantile(double above);

/// Likewise of Student's t with so many degrees of freedom > 0, whole or not.
double student_quantile(double degrees, double above);

/// The limits of Clopper and Pearson (Biometrika 26, 1934) for a probability, of which `trials` ≥ 1
/// trials have `count` successes: each is passed with a probability of at most `beyond`.
struct ProbabilityLimits {
  double lower, upper;
};
ProbabilityLimits probability_limits(double count, double trials, double beyond);

}  // namespace skeleta
