#include "skeleta/estimate/integrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "estimate/pilot.h"
#include "skeleta/core/parallel.h"

namespace skeleta::estimate {
namespace {

StrataLoop make_loop(const Problem& problem, const Features& features,
                     const IntegrandFactory& integrand, sampling::Purpose purpose) {
  const Options& options = problem.options();
  return StrataLoop(features, std::max<Index>(problem.reachable().last, 0), integrand, options.seed,
                    purpose, options.chunk, options.threads);
}

// The rounds after the pilot: draw, look at the error, draw again.
class Rounds {
 public:
  Rounds(const Problem& problem, const Pilot& pilot, const StrataLoop& loop)
      : problem_(problem), pilot_(pilot), loop_(loop), strata_(pilot.strata()) {}

  const std::vector<Stratum>& strata() const { return strata_; }

  StopReason run() {
    const Options& options = problem_.options();
    const auto most = static_cast<double>(options.max_samples);
    double total = pilot_.total_points();
    while (true) {
      if (!draw_up_to(total)) return StopReason::interrupted;
      if (non_finite(strata_) > 0) return StopReason::non_finite;
      if (options.samples > 0) return StopReason::samples;
      const double error = all().standard_error();
      const double target = problem_.target(problem_.known_value() + all().value);
      if (error <= target) return StopReason::precision;
      if (total >= most) return StopReason::max_samples;
      // What is missing, with a little more; at most tenfold, since the error is an estimate.
      const double growth = 1.05 * (error / target) * (error / target);
      total = std::min(most, total * std::clamp(growth, 1.1, 10.0));
    }
  }

 private:
  Contribution all() const { return contribution(strata_, {0, problem_.law().features()}); }

  // In steps, which bound the list of chunks in memory and how long a broken integrand goes
  // unnoticed. Returns false if it was interrupted.
  bool draw_up_to(double total) {
    const double step = 16384.0 * static_cast<double>(problem_.options().chunk);
    while (true) {
      const double stop = std::min(total, static_cast<double>(points(strata_)) + step);
      if (!extend(pilot_.allocate(stop), total)) return false;
      if (stop >= total || non_finite(strata_) > 0) return true;
    }
  }

  bool extend(const std::vector<double>& planned, double total) {
    std::vector<std::uint64_t> extra;
    for (std::size_t s = 0; s < strata_.size(); ++s) {
      const auto wanted = static_cast<std::uint64_t>(std::ceil(planned[s]));
      extra.push_back(wanted > strata_[s].points ? wanted - strata_[s].points : 0);
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
  const StrataLoop& loop_;
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
                             StopReason reason) {
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
  if (problem.options().method == Method::stratified) out.skeletons = problem.known().parts;
  for (const SkeletonPart& part : out.skeletons) {
    if (part.l >= 2) out.rest += part.contribution;
  }
  const auto known = static_cast<Index>(out.skeletons.size());
  out.error_bound =
      problem.bound_outside(strata.empty() ? CountRange{known, known - 1}
                                           : CountRange{strata.front().counts.range().first,
                                                        strata.back().counts.range().last});
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
  if (problem.nothing_to_sample()) return summarise(problem, {}, StopReason::exact);
  const StrataLoop pilot_loop = make_loop(problem, features, integrand, sampling::Purpose::pilot);
  const Pilot pilot(problem, pilot_loop);
  const StrataLoop loop = make_loop(problem, features, integrand, sampling::Purpose::estimate);
  Rounds rounds(problem, pilot, loop);
  const StopReason reason = rounds.run();
  return summarise(problem, rounds.strata(), reason);
}

std::vector<PlannedStratum> plan(const Features& features, const IntegrandFactory& integrand,
                                 const Options& options, const Known& known) {
  validate(options);
  validate(features);
  const Problem problem(features, options, known);
  std::vector<PlannedStratum> result;
  if (problem.nothing_to_sample()) return result;
  const StrataLoop loop = make_loop(problem, features, integrand, sampling::Purpose::pilot);
  const Pilot pilot(problem, loop);
  const std::vector<double> planned = pilot.allocate(pilot.total_points());
  const std::vector<Stratum> strata = pilot.strata();
  for (std::size_t s = 0; s < strata.size(); ++s) {
    result.push_back({strata[s].counts.range(), planned[s]});
  }
  return result;
}

}  // namespace skeleta::estimate
