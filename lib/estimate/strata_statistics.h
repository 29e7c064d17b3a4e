#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "estimate/strata.h"

namespace skeleta::estimate {

/// What some skeletons contribute to the integral of an output, from samples on strata.
struct Contribution {
  double value = 0.0, variance = 0.0;
  std::uint64_t samples = 0;

  double standard_error() const { return std::sqrt(variance); }
};

/// Σ_s π_s E[f·1{N ∈ range} | stratum s] and its variance. In a stratum with n values of which m
/// lie in the range, with mean μ and M2 there, f·1{…} has mean (m/n)μ and the sum of squared
/// deviations M2 + m(1 − m/n)μ².
Contribution contribution(std::span<const Stratum> strata, CountRange range, std::size_t output);

/// Covariance of the integrals of two outputs: Σ_s π_s² cov_s/n_s.
double covariance(std::span<const Stratum> strata, std::size_t a, std::size_t b);

/// Half the width (infinite if a stratum has fewer than two values) of the confidence interval of
/// Σ_s π_s f̄_s: Student's t with Satterthwaite's degrees of freedom, (Σ V_s)² / Σ V_s²/(n_s − 1).
double half_width(std::span<const Stratum> strata, double confidence, std::size_t output);

/// Skewness and excess kurtosis of Σ_s π_s f̄_s: third and fourth cumulants add up, and those of a
/// mean of n values are κ_3/n² and κ_4/n³. Of replicates, skewnesses that are noise count as 0.
struct Shape {
  double skewness = 0.0, kurtosis = 0.0;
};
Shape shape(std::span<const Stratum> strata, std::size_t output);

/// Σ_s n_s w̄²/(w̄² + s_w²) with the weights in an output (Kish 1965).
double effective_samples(std::span<const Stratum> strata, std::size_t weight_output);

/// The skeletons about which the samples say something, from the likeliest one on in both
/// directions, impossible ones left out: values that differ here or, as varies[s] tells of stratum
/// s, in the pilot (on Q_0, which is one point, any value), or two points among skeletons that are
/// sampled together, unless all of these agree. Where controlled[s], values differ because of the
/// controls, and only the pilot tells. `outputs`: those of the integrand, without weights.
CountRange resolved(std::span<const Stratum> strata, const std::vector<bool>& varies,
                    const std::vector<bool>& controlled, std::size_t outputs);

/// Upper confidence limit of the probability of what none of n independent points met: 1 −
/// (α/2)^{1/n}, α = 1 − confidence (Clopper & Pearson, Biometrika 26 (1934) 404).
double clopper_pearson(std::uint64_t points, double confidence);

/// Of the strata that sample several skeletons together, the least number of points that fell on
/// others than the likeliest one: with few, the spread of the integrand is a guess.
std::uint64_t points_off_the_likeliest(std::span<const Stratum> strata);

std::uint64_t points(std::span<const Stratum> strata);
std::uint64_t non_finite(std::span<const Stratum> strata);

}  // namespace skeleta::estimate
