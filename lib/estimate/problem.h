#pragma once

#include <vector>

#include "estimate/strata.h"
#include "skeleta/estimate/integrate.h"

namespace skeleta::estimate {

struct MethodRecord;

/// What the caller gave.
struct Task {
  Features features;
  Integrand integrand;
  Options options;
  Known known;
};

/// What is to be integrated by a method, and all that is known of it before sampling.
class Problem {
 public:
  /// Both must outlive it.
  Problem(const Task& task, const MethodRecord& method);

  const Features& features() const { return task_.features; }
  const Integrand& integrand() const { return task_.integrand; }
  const Options& options() const { return task_.options; }
  const Known& known() const { return task_.known; }
  const MethodRecord& method() const { return method_; }
  /// The law of the data, and that of the number of active features.
  const DataLaw& data() const { return data_; }
  const ActiveCount& law() const { return law_; }
  std::size_t outputs() const { return task_.integrand.outputs(); }

  /// Plain sampling takes all skeletons together and knows nothing of them.
  bool by_skeleton() const;
  /// Nothing where they are not used.
  const std::optional<Controls>& controls() const;

  /// Σ of the known contributions.
  double known_value() const { return known_value_; }
  /// What is known of Q_l apart from the integrand.
  double apart(Index l) const;
  /// The skeletons that samples can reach: not known, and not of negligible probability.
  CountRange reachable() const { return reachable_; }
  bool nothing_to_sample() const { return law_.probability(reachable_) <= 0.0; }
  bool bounded() const { return static_cast<bool>(known().bound_outside); }
  /// Bound of the integral outside the known and the sampled skeletons; 0 if there is no bound.
  double bound_outside(CountRange sampled) const;
  /// What the skeletons that no sample resolved may add, as a part of the target.
  double bounded_part() const { return by_skeleton() ? 0.1 : 1.0; }
  /// The standard error that is asked for.
  double target(double value) const;

  /// Points of a law of the same features, and the loop over them.
  DrawFactory draw(const DataLaw& data) const;
  StrataLoop loop(const DrawFactory& draw, const Integrand& integrand,
                  sampling::Purpose purpose) const;

 private:
  const Task& task_;
  const MethodRecord& method_;
  DataLaw data_;
  ActiveCount law_;
  double known_value_ = 0.0;
  CountRange reachable_;
};

}  // namespace skeleta::estimate
