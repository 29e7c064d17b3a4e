#pragma once

#include <vector>

#include "skeleta/estimate/integrate.h"
#include "skeleta/estimate/strata.h"

namespace skeleta::estimate {

/// What is to be integrated, and all that is known of it before sampling.
class Problem {
 public:
  /// `options.method` must not be automatic.
  Problem(const Features& features, const Integrand& integrand, const Options& options,
          const Known& known);

  const Features& features() const { return features_; }
  const Integrand& integrand() const { return integrand_; }
  const Options& options() const { return options_; }
  const Known& known() const { return known_; }
  const ActiveCount& law() const { return law_; }
  std::size_t outputs() const { return integrand_.outputs(); }

  /// Plain sampling takes all skeletons together and knows nothing of them.
  bool by_skeleton() const { return options_.method != Method::plain; }
  /// Nothing where they are not used.
  const std::optional<Controls>& controls() const;

  /// Σ of the known contributions.
  double known_value() const { return known_value_; }
  /// What is known of Q_l apart from the integrand.
  double apart(Index l) const;
  /// The skeletons that samples can reach: not known, and not of negligible probability.
  CountRange reachable() const { return reachable_; }
  bool nothing_to_sample() const { return law_.probability(reachable_) <= 0.0; }
  bool bounded() const { return static_cast<bool>(known_.bound_outside); }
  /// Bound of the integral outside the known and the sampled skeletons; 0 if there is no bound.
  double bound_outside(CountRange sampled) const;
  /// What the skeletons that no sample resolved may add, as a part of the target.
  double bounded_part() const { return by_skeleton() ? 0.1 : 1.0; }
  /// The standard error that is asked for.
  double target(double value) const;

  /// Points drawn from the density given, and the loop over them.
  DrawFactory draw(const Vector& density) const;
  StrataLoop loop(const DrawFactory& draw, const Integrand& integrand,
                  sampling::Purpose purpose) const;

 private:
  const Features& features_;
  const Integrand& integrand_;
  const Options& options_;
  const Known& known_;
  ActiveCount law_;
  double known_value_ = 0.0;
  CountRange reachable_;
};

}  // namespace skeleta::estimate
