#pragma once

#include <vector>

#include "estimate/strata_statistics.h"
#include "skeleta/estimate/integrate.h"

namespace skeleta::estimate {

/// What is to be integrated, and all that is known of it before sampling.
class Problem {
 public:
  Problem(const Features& features, const Options& options, const Known& known);

  const Options& options() const { return options_; }
  const Known& known() const { return known_; }
  const ActiveCount& law() const { return law_; }
  bool stratified() const { return options_.method == Method::stratified; }

  /// Σ of the known contributions (0 for plain sampling, which uses none).
  double known_value() const { return known_value_; }
  /// The skeletons that samples can reach: not known, and not of negligible probability.
  CountRange reachable() const { return reachable_; }
  bool nothing_to_sample() const { return law_.probability(reachable_) <= 0.0; }
  bool bounded() const { return static_cast<bool>(known_.bound_outside); }
  /// Bound of the integral outside the known and the sampled skeletons; 0 if there is no bound.
  double bound_outside(CountRange sampled) const;
  /// What the skeletons that no sample resolved may add, as a part of the target.
  double bounded_part() const { return stratified() ? 0.1 : 1.0; }
  /// The standard error that is asked for.
  double target(double value) const;

  StrataLoop loop(const IntegrandFactory& integrand, sampling::Purpose purpose) const;
  /// The same strata without points.
  std::vector<Stratum> fresh(std::span<const Stratum> strata) const;

 private:
  const Features& features_;
  const Options& options_;
  const Known& known_;
  ActiveCount law_;
  double known_value_ = 0.0;
  CountRange reachable_;
};

/// A first look at the integrand, with random numbers of its own: it chooses the strata and the
/// coefficients of the control, and says how many points each stratum should have.
class Pilot {
 public:
  /// Samples about 4096 points, at least 64 a stratum, some times over. Throws Interrupted.
  Pilot(const Problem& problem, IntegrandFactory integrand);

  const std::vector<Stratum>& strata() const { return strata_; }

  /// For each stratum: does the integrand itself, without controls, differ from point to point?
  /// Values that only a control made equal are known, not unseen.
  const std::vector<bool>& varies() const { return varies_; }

  /// What to sample: the integrand, less its controls.
  const IntegrandFactory& integrand() const { return integrand_; }

  /// How many points in all the target needs, or the number that is asked for.
  double total_points() const;

  /// Exactly so many points, shared out by Neyman's rule, n_s ∝ π_s s_s, after a floor for each of
  /// 128 or what half of them allows. Throws std::invalid_argument for fewer than two a stratum.
  std::vector<std::uint64_t> allocate(double total) const;

 private:
  void choose_strata();
  void fit_control(const Control& control);
  std::vector<Stratum> sample(std::vector<Stratum> strata, const IntegrandFactory& integrand) const;
  std::vector<Stratum> separate(CountRange range) const;
  CountRange range_within(double most) const;
  CountRange sampled() const;
  std::vector<double> weights() const;
  double sum_of_weights() const;
  double foreseen_error() const;
  double value() const;

  const Problem& problem_;
  IntegrandFactory integrand_;
  std::vector<Stratum> strata_;
  std::vector<bool> varies_;
};

}  // namespace skeleta::estimate
