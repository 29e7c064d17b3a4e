#include "skeleta/estimate/integrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "skeleta/core/parallel.h"
#include "skeleta/estimate/strata.h"

namespace skeleta::estimate {
namespace {

// Skeletons whose probability adds up to less are out of reach of any number of samples.
constexpr double negligible = 1e-18;
constexpr double tenth = 0.1;  // of the target: what the unsampled skeletons may add
constexpr double pilot_points = 4096.0, least_pilot_points = 64.0;
constexpr std::uint64_t least_points = 128;  // of a stratum: fewer make s_l meaningless

struct Contribution {
  double value = 0.0, variance = 0.0;
  std::uint64_t samples = 0;
};

// The contribution of some skeletons, Σ_s π_s E[f·1{N ∈ range} | stratum s], and its variance. In a
// stratum with n points of which m lie in the range, with mean μ and M2 there, f·1{…} has mean
// (m/n)μ and sum of squared deviations M2 + m(1 − m/n)μ².
Contribution contribution(std::span<const Stratum> strata, CountRange range) {
  Contribution sum;
  for (const Stratum& stratum : strata) {
    const Index first = stratum.counts.range().first;
    Moments inside, all = stratum.pooled();
    if (all.count == 0) continue;
    for (std::size_t k = 0; k < stratum.by_count.size(); ++k) {
      const Index l = first + static_cast<Index>(k);
      if (range.first <= l && l <= range.last) inside.merge(stratum.by_count[k]);
    }
    if (inside.count == 0) continue;
    const auto n = static_cast<double>(all.count), m = static_cast<double>(inside.count);
    const double probability = stratum.counts.probability();
    const double squares = inside.m2 + m * (1.0 - m / n) * inside.mean * inside.mean;
    sum.value += probability * (m / n) * inside.mean;
    sum.variance += probability * probability * squares / (n * std::max(n - 1.0, 1.0));
    sum.samples += inside.count;
  }
  return sum;
}

// Satterthwaite: ν = (Σ V_s)² / Σ V_s²/(n_s − 1).
double degrees_of_freedom(std::span<const Stratum> strata) {
  double sum = 0.0, squares = 0.0;
  for (const Stratum& stratum : strata) {
    const double variance = stratum.variance_of_mean();
    sum += variance;
    squares += variance * variance / static_cast<double>(stratum.pooled().count - 1);
  }
  return squares > 0.0 ? sum * sum / squares : std::numeric_limits<double>::infinity();
}

double half_width(double standard_error, double degrees, double confidence) {
  if (standard_error == 0.0) return 0.0;
  const boost::math::students_t_distribution<double> law(degrees);
  return standard_error * boost::math::quantile(boost::math::complement(law, (1 - confidence) / 2));
}

// One run of `integrate`: its strata, their pilot, and the rounds.
class Run {
 public:
  Run(const Features& features, const IntegrandFactory& integrand, const Options& options,
      const Known& known)
      : options_(options), known_(known), law_(features.density) {
    const bool stratified = options.method == Method::stratified;
    const Index skip = stratified ? static_cast<Index>(known.parts.size()) : 0;
    for (Index l = 0; l < skip; ++l) {
      known_value_ += known.parts[static_cast<std::size_t>(l)].contribution;
    }
    reachable_ = reachable(skip);
    const auto loop = [&](sampling::Purpose purpose) {
      return StrataLoop(features, std::max<Index>(reachable_.last, 0), integrand, options.seed,
                        purpose, options.chunk, options.threads);
    };
    pilot_loop_.emplace_back(loop(sampling::Purpose::pilot));
    main_loop_.emplace_back(loop(sampling::Purpose::estimate));
  }

  bool nothing_to_sample() const { return law_.probability(reachable_) <= 0.0; }

  void make_plan() {
    if (nothing_to_sample()) return;
    choose_strata();
    for (const Stratum& stratum : pilot_) strata_.emplace_back(law_, stratum.counts.range());
  }

  // n_s for the next stop: so many points in all, shared out by Neyman's rule.
  std::vector<double> planned_points(double total) const {
    const std::vector<double> weights = neyman_weights();
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    std::vector<double> points;
    for (const double weight : weights) {
      const double share = sum > 0.0 ? weight / sum : 1.0 / static_cast<double>(weights.size());
      points.push_back(std::max(total * share, static_cast<double>(least_points)));
    }
    return points;
  }

  double planned_total() const {
    if (options_.samples > 0) return static_cast<double>(options_.samples);
    const std::vector<double> weights = neyman_weights();
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    const double target = this->target(known_value_ + contribution(pilot_, everything()).value);
    constexpr double margin = 1.1;  // the pilot's s_l are estimates
    const double total = target > 0.0 ? margin * (sum / target) * (sum / target) : 0.0;
    return std::clamp(total, 1024.0, static_cast<double>(options_.max_samples));
  }

  IntegralBySkeleton sample() {
    const auto most = static_cast<double>(options_.max_samples);
    double total = planned_total();
    while (true) {
      const double stop = std::min(total, static_cast<double>(points()) + round_points());
      const bool completed = extend_to(stop);
      if (!completed) return result(StopReason::interrupted);
      if (non_finite() > 0) return result(StopReason::non_finite);
      if (stop < total) continue;
      if (options_.samples > 0) return result(StopReason::samples);
      const Contribution sum = contribution(strata_, everything());
      const double error = std::sqrt(sum.variance);
      const double target = this->target(known_value_ + sum.value);
      if (error <= target) return result(StopReason::precision);
      if (total >= most) return result(StopReason::max_samples);
      // What is missing, with a little more; at most tenfold, since the error is an estimate.
      const double growth = 1.05 * (error / target) * (error / target);
      total = std::min(most, total * std::clamp(growth, 1.1, 10.0));
    }
  }

  IntegralBySkeleton result(StopReason reason) const {
    IntegralBySkeleton out;
    const Contribution sum = contribution(strata_, everything());
    const Contribution rest = contribution(strata_, {2, law_.features()});
    out.value = known_value_ + sum.value;
    out.standard_error = std::sqrt(sum.variance);
    out.rest = rest.value;
    out.rest_standard_error = std::sqrt(rest.variance);
    out.samples = points();
    out.non_finite = non_finite();
    out.confidence = options_.confidence;
    out.stop_reason = reason;
    out.error_bound = bound_outside(sampled());
    const double half =
        half_width(out.standard_error, degrees_of_freedom(strata_), options_.confidence);
    out.low = out.value - half;
    out.high = out.value + half + out.error_bound;
    if (options_.method == Method::stratified) {
      out.skeletons = known_.parts;
      for (const SkeletonPart& part : known_.parts) out.rest += part.l >= 2 ? part.contribution : 0;
    }
    append_rows(out.skeletons);
    return out;
  }

  const std::vector<Stratum>& strata() const { return strata_; }

 private:
  // Rounds bound the list of chunks in memory, and how long a broken integrand goes unnoticed.
  double round_points() const { return 16384.0 * static_cast<double>(options_.chunk); }

  CountRange everything() const { return {0, law_.features()}; }

  // From the first unknown skeleton to the last one that samples can reach.
  CountRange reachable(Index first) const {
    CountRange range{first, law_.features()};
    while (range.last > range.first && law_.at_least(range.last) < negligible) --range.last;
    while (range.first < range.last && law_.at_most(range.first) < negligible) ++range.first;
    return range;
  }

  double target(double value) const {
    return std::max(options_.relative_tolerance * std::abs(value), options_.absolute_tolerance);
  }

  double bound_outside(CountRange sampled) const {
    if (!known_.bound_outside) return 0.0;
    // Known skeletons at the lower end are inside too.
    const auto known = static_cast<Index>(known_.parts.size());
    const bool joined = options_.method == Method::stratified && sampled.first <= known;
    return known_.bound_outside({joined ? 0 : sampled.first, sampled.last});
  }

  CountRange sampled() const {
    if (strata_.empty()) return {0, static_cast<Index>(known_.parts.size()) - 1};
    return {strata_.front().counts.range().first, strata_.back().counts.range().last};
  }

  std::uint64_t points() const {
    return std::accumulate(strata_.begin(), strata_.end(), std::uint64_t{0},
                           [](std::uint64_t n, const Stratum& s) { return n + s.points; });
  }

  std::uint64_t non_finite() const {
    return std::accumulate(strata_.begin(), strata_.end(), std::uint64_t{0},
                           [](std::uint64_t n, const Stratum& s) { return n + s.non_finite; });
  }

  // Draws pilot points on strata that have none, more where the probability is.
  void run_pilot() {
    double mass = 0.0;
    for (const Stratum& stratum : pilot_) mass += stratum.counts.probability();
    std::vector<std::uint64_t> extra;
    for (const Stratum& stratum : pilot_) {
      const double points =
          std::max(least_pilot_points, pilot_points * stratum.counts.probability() / mass);
      extra.push_back(stratum.points > 0 ? 0 : static_cast<std::uint64_t>(points));
    }
    const auto go_on = [&] { return !options_.progress || options_.progress({}); };
    if (!pilot_loop_.front().extend(pilot_, extra, go_on)) throw Interrupted();
  }

  // The standard error that the pilot foresees, or the one that is asked for.
  double foreseen_error() const {
    if (options_.samples == 0) {
      return target(known_value_ + contribution(pilot_, everything()).value);
    }
    const std::vector<double> weights = neyman_weights();
    return std::accumulate(weights.begin(), weights.end(), 0.0) /
           std::sqrt(static_cast<double>(options_.samples));
  }

  // The smallest range of skeletons outside of which the loss is below `most`.
  CountRange range_within(double most) const {
    CountRange range = reachable_;
    const auto mode = [&](Index l) { return law_.probability(l) < law_.probability(l + 1); };
    while (range.last > range.first && !mode(range.last - 1) &&
           bound_outside({range.first, range.last - 1}) <= most) {
      --range.last;
    }
    while (range.first < range.last && bound_outside({range.first + 1, range.last}) <= most) {
      ++range.first;
    }
    return range;
  }

  void choose_strata() {
    pilot_.clear();
    pilot_.emplace_back(law_, reachable_);
    if (options_.method == Method::plain) return run_pilot();
    if (!known_.bound_outside) {
      pilot_ = separate(range_by_probability(1e-4));
      return run_pilot();
    }
    run_pilot();  // on all at once: a first idea of the loss, and so of the target
    double foreseen = foreseen_error();
    while (true) {
      pilot_ = separate(range_within(tenth * foreseen));
      run_pilot();
      const double refined = foreseen_error();
      const CountRange range{pilot_.front().counts.range().first,
                             pilot_.back().counts.range().last};
      if (range == reachable_ || bound_outside(range) <= tenth * refined) return;
      foreseen = 0.5 * refined;
    }
  }

  CountRange range_by_probability(double outside) const {
    CountRange range = reachable_;
    while (range.last > range.first && law_.at_least(range.last) < outside / 2) --range.last;
    while (range.first < range.last && law_.at_most(range.first) < outside / 2) ++range.first;
    return range;
  }

  // One stratum for each skeleton of the range; without a bound, one for all on either side of it.
  std::vector<Stratum> separate(CountRange range) const {
    std::vector<Stratum> strata;
    const auto add = [&](CountRange skeletons) {
      if (law_.probability(skeletons) > 0.0) strata.emplace_back(law_, skeletons);
    };
    if (!known_.bound_outside) add({reachable_.first, range.first - 1});
    for (Index l = range.first; l <= range.last; ++l) add({l, l});
    if (!known_.bound_outside) add({range.last + 1, reachable_.last});
    return strata;
  }

  // π_s s_s. A stratum whose pilot saw little spread keeps a twentieth of the common one.
  std::vector<double> neyman_weights() const {
    double mass = 0.0, common = 0.0;
    for (const Stratum& stratum : pilot_) {
      mass += stratum.counts.probability();
      common += stratum.counts.probability() * stratum.pooled().deviation();
    }
    std::vector<double> weights;
    for (const Stratum& stratum : pilot_) {
      const double deviation = std::max(stratum.pooled().deviation(), 0.05 * common / mass);
      weights.push_back(stratum.counts.probability() * deviation);
    }
    return weights;
  }

  bool extend_to(double total) {
    std::vector<std::uint64_t> extra;
    const std::vector<double> planned = planned_points(total);
    for (std::size_t s = 0; s < strata_.size(); ++s) {
      const auto points = static_cast<std::uint64_t>(std::ceil(planned[s]));
      extra.push_back(points > strata_[s].points ? points - strata_[s].points : 0);
    }
    const auto go_on = [&] {
      if (!options_.progress) return true;
      const Contribution sum = contribution(strata_, everything());
      return options_.progress({points(), static_cast<std::uint64_t>(total),
                                known_value_ + sum.value, std::sqrt(sum.variance)});
    };
    const bool completed = main_loop_.front().extend(strata_, extra, go_on);
    for (const Stratum& stratum : strata_) {
      if (!completed && stratum.pooled().count < 2) throw Interrupted();
    }
    return completed;
  }

  void append_rows(std::vector<SkeletonPart>& rows) const {
    for (const Stratum& stratum : strata_) {
      for (Index l = stratum.counts.range().first; l <= stratum.counts.range().last; ++l) {
        const Contribution part = contribution(strata_, {l, l});
        // In plain sampling the far skeletons are seldom reached; those never seen say nothing.
        if (part.samples == 0 && !stratum.counts.fixed()) continue;
        const double mean =
            stratum.by_count[static_cast<std::size_t>(l - stratum.counts.range().first)].mean;
        rows.push_back(
            {l, law_.probability(l), mean, part.value, std::sqrt(part.variance), part.samples});
      }
    }
  }

  const Options& options_;
  const Known& known_;
  ActiveCount law_;
  double known_value_ = 0.0;
  CountRange reachable_;
  std::vector<StrataLoop> pilot_loop_, main_loop_;
  std::vector<Stratum> pilot_, strata_;
};

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
  Run run(features, integrand, options, known);
  if (run.nothing_to_sample()) return run.result(StopReason::exact);
  run.make_plan();
  return run.sample();
}

std::vector<PlannedStratum> plan(const Features& features, const IntegrandFactory& integrand,
                                 const Options& options, const Known& known) {
  validate(options);
  validate(features);
  Run run(features, integrand, options, known);
  run.make_plan();
  std::vector<PlannedStratum> result;
  if (run.nothing_to_sample()) return result;
  const std::vector<double> points = run.planned_points(run.planned_total());
  for (std::size_t s = 0; s < points.size(); ++s) {
    result.push_back({run.strata()[s].counts.range(), points[s]});
  }
  return result;
}

}  // namespace skeleta::estimate
