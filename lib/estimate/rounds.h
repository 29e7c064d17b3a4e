#pragma once

#include <optional>

#include "estimate/problem.h"
#include "estimate/setup.h"
#include "skeleta/estimate/integrate.h"

namespace skeleta::estimate {

/// What may be missing above and below the value of an integral.
struct Unresolved {
  double above = 0.0, below = 0.0;
};

/// The rounds after the pilot: draw, look at the error, draw again.
class Rounds {
 public:
  Rounds(const Problem& problem, const Setup& setup);

  StopReason run();

  SampledIntegrals result(StopReason reason) const;

 private:
  enum class Drawn { all, some, interrupted };  // some: the time is over

  double first_total() const;
  double next_total(double total) const;
  std::optional<StopReason> end_of_count(Drawn drawn) const;
  std::optional<StopReason> end_of_precision(Drawn drawn, double total) const;
  Drawn draw_in_time(double total);
  double in_time(double total) const;
  double earlier_points() const;
  bool late() const;
  double seconds() const;
  double most_points() const;
  double caution() const;
  double error_over_target() const;
  Unresolved unresolved() const;
  bool is_silent(std::size_t s) const;
  bool silent() const;
  bool resolves() const;
  bool hopeless() const;
  bool reliable() const;
  double least_points() const;
  IntegralBySkeleton summary(std::size_t output, StopReason reason) const;
  bool broken() const;
  bool draw_up_to(double total);
  bool report(double total);
  bool complete() const;
  double value(std::size_t output) const;

  const Problem& problem_;
  const Setup& setup_;
  StrataLoop loop_;
  std::vector<Stratum> strata_;
  std::vector<std::uint64_t> earlier_;  // points that an earlier run had, of each replicate
  double planned_ = 0.0;
  std::uint64_t resumed_ = 0;      // points that were there at the start
  double start_, saved_, looked_;  // by options.clock
  Progress shown_;
};

/// The result where nothing is left to sample.
SampledIntegrals nothing_sampled(const Problem& problem);

}  // namespace skeleta::estimate
