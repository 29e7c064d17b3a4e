#include "skeleta/estimate/integrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "estimate/pilot.h"
#include "skeleta/core/parallel.h"

namespace skeleta::estimate {
namespace {

// The rounds after the pilot: draw, look at the error, draw again.
class Rounds {
 public:
  Rounds(const Problem& problem, const Pilot& pilot)
      : problem_(problem),
        pilot_(pilot),
        loop_(problem.loop(pilot.integrand(), sampling::Purpose::estimate)),
        strata_(problem.fresh(pilot.strata())) {}

  const std::vector<Stratum>& strata() const { return strata_; }

  /// Bound of what is neither known nor resolved by the samples; 0 if there is no bound to use.
  double unresolved_bound() const {
    return problem_.bound_outside(resolved(strata_, pilot_.varies()));
  }

  StopReason run() {
    const Options& options = problem_.options();
    const auto most = static_cast<double>(options.max_samples);
    double total = pilot_.total_points();
    while (true) {
      if (!draw_up_to(total)) return StopReason::interrupted;
      if (broken()) return StopReason::non_finite;
      if (options.samples > 0) return StopReason::samples;
      const double error = all().standard_error();
      const double target = problem_.target(problem_.known_value() + all().value);
      const bool precise = error <= target;
      const bool informed =
          problem_.stratified() || points_off_the_likeliest(strata_) >= informative;
      if (precise && informed && unresolved_bound() <= problem_.bounded_part() * target) {
        return StopReason::precision;
      }
      if (precise && total >= patience) return StopReason::unresolved;
      if (total >= most) return StopReason::max_samples;
      // What is missing, with a little more; at most tenfold, since the error is an estimate.
      const double growth = precise ? 10.0 : 1.05 * (error / target) * (error / target);
      total = std::min(most, total * (growth < 10.0 ? std::max(growth, 1.1) : 10.0));
    }
  }

 private:
  // Points after which samples that resolve nothing more are given up.
  static constexpr double patience = 1e7;
  // Points that must have left the likeliest skeleton before a spread is believed.
  static constexpr std::uint64_t informative = 100;

  Contribution all() const { return contribution(strata_, {0, problem_.law().features()}); }

  bool broken() const {
    return non_finite(strata_) > 0 || !std::isfinite(all().value) || std::isnan(all().variance);
  }

  // In steps, which bound the list of chunks in memory and how long a broken integrand goes
  // unnoticed. Returns false if it was interrupted.
  bool draw_up_to(double total) {
    const double step = 16384.0 * static_cast<double>(problem_.options().chunk);
    while (true) {
      const double stop = std::min(total, static_cast<double>(points(strata_)) + step);
      if (!extend(pilot_.allocate(stop), total)) return false;
      if (stop >= total || broken()) return true;
    }
  }

  bool extend(const std::vector<std::uint64_t>& planned, double total) {
    std::vector<std::uint64_t> extra;
    for (std::size_t s = 0; s < strata_.size(); ++s) {
      extra.push_back(planned[s] > strata_[s].points ? planned[s] - strata_[s].points : 0);
    }
    const bool completed = loop_.extend(strata_, extra, [&] { return report(total); });
    const bool empty = std::any_of(strata_.begin(), strata_.end(), [](const Stratum& stratum) {
      return stratum.pooled().count < 2;
    });
    if (!completed && empty) throw Interrupted();
    return completed;
  }

  bool report(double total) const {
    const ProgressCallback& progress = problem_.options().progress;
    if (!progress) return true;
    const Contribution sum = all();
    return progress({points(strata_), static_cast<std::uint64_t>(total),
                     problem_.known_value() + sum.value, sum.standard_error()});
  }

  const Problem& problem_;
  const Pilot& pilot_;
  StrataLoop loop_;
  std::vector<Stratum> strata_;
};

void append_rows(const Problem& problem, std::span<const Stratum> strata,
                 std::vector<SkeletonPart>& rows) {
  for (const Stratum& stratum : strata) {
    const CountRange range = stratum.counts.range();
    for (Index l = range.first; l <= range.last; ++l) {
      const Contribution part = contribution(strata, {l, l});
      // Among skeletons that are sampled together, those that were never reached say nothing.
      if (part.samples == 0 && !stratum.counts.fixed()) continue;
      const Moments& moments = stratum.by_count[static_cast<std::size_t>(l - range.first)];
      rows.push_back({l, problem.law().probability(l), moments.mean, part.value,
                      part.standard_error(), part.samples});
    }
  }
}

IntegralBySkeleton summarise(const Problem& problem, std::span<const Stratum> strata,
                             double error_bound, StopReason reason) {
  const Contribution sum = contribution(strata, {0, problem.law().features()});
  const Contribution rest = contribution(strata, {2, problem.law().features()});
  IntegralBySkeleton out;
  out.value = problem.known_value() + sum.value;
  out.standard_error = sum.standard_error();
  out.rest = rest.value;
  out.rest_standard_error = rest.standard_error();
  out.samples = points(strata);
  out.non_finite = non_finite(strata);
  out.confidence = problem.options().confidence;
  out.stop_reason = reason;
  if (problem.stratified()) out.skeletons = problem.known().parts;
  for (const SkeletonPart& part : out.skeletons) {
    if (part.l >= 2) out.rest += part.contribution;
  }
  out.error_bound = error_bound;
  const double half = half_width(strata, out.confidence);
  out.low = out.value - half;
  out.high = out.value + half + out.error_bound;
  append_rows(problem, strata, out.skeletons);
  return out;
}

}  // namespace

std::string to_string(Method method) {
  return method == Method::plain ? "plain" : "stratified";
}

void validate(const Options& options) {
  const auto check = [](bool good, const char* name, auto value, const char* rule) {
    if (!good) throw std::invalid_argument(fmt::format("{} = {} must be {}", name, value, rule));
  };
  const auto tolerance = [](double t) { return t >= 0.0 && std::isfinite(t); };
  check(tolerance(options.relative_tolerance), "relative tolerance", options.relative_tolerance,
        "finite and not negative");
  check(tolerance(options.absolute_tolerance), "absolute tolerance", options.absolute_tolerance,
        "finite and not negative");
  check(options.samples > 0 || options.relative_tolerance > 0.0 || options.absolute_tolerance > 0.0,
        "relative tolerance", options.relative_tolerance,
        "positive if neither samples nor an absolute tolerance is given");
  check(options.confidence > 0.0 && options.confidence < 1.0, "confidence", options.confidence,
        "between 0 and 1");
  check(options.chunk > 0, "chunk", options.chunk, "at least 1");
  check(options.max_samples > 0, "max_samples", options.max_samples, "at least 1");
  resolve_threads(options.threads);
}

IntegralBySkeleton integrate(const Features& features, const IntegrandFactory& integrand,
                             const Options& options, const Known& known) {
  validate(options);
  validate(features);
  const Problem problem(features, options, known);
  if (problem.nothing_to_sample()) {
    const auto count = static_cast<Index>(known.parts.size());
    return summarise(problem, {}, problem.bound_outside({count, count - 1}), StopReason::exact);
  }
  const Pilot pilot(problem, integrand);
  Rounds rounds(problem, pilot);
  const StopReason reason = rounds.run();
  return summarise(problem, rounds.strata(), rounds.unresolved_bound(), reason);
}

std::vector<PlannedStratum> plan(const Features& features, const IntegrandFactory& integrand,
                                 const Options& options, const Known& known) {
  validate(options);
  validate(features);
  const Problem problem(features, options, known);
  std::vector<PlannedStratum> result;
  if (problem.nothing_to_sample()) return result;
  const Pilot pilot(problem, integrand);
  const std::vector<std::uint64_t> planned = pilot.allocate(pilot.total_points());
  const std::vector<Stratum>& strata = pilot.strata();
  for (std::size_t s = 0; s < strata.size(); ++s) {
    result.push_back({strata[s].counts.range(), static_cast<double>(planned[s])});
  }
  return result;
}

}  // namespace skeleta::estimate
