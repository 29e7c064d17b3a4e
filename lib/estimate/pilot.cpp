#include "estimate/pilot.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace skeleta::estimate {
namespace {

// Skeletons whose probability adds up to less are out of reach of any number of samples.
constexpr double negligible = 1e-18;
// Without a bound, skeletons of less than this probability share a stratum.
constexpr double rare = 1e-4;
// What the skeletons that are left out may add, as a part of the target.
constexpr double bounded_part = 0.1;

constexpr double pilot_points = 4096.0, least_pilot_points = 64.0;
constexpr double least_points = 128.0;  // fewer would make a stratum's s² meaningless
constexpr double least_total = 1024.0;

CountRange range_of_mass(const ActiveCount& law, CountRange range, double outside) {
  while (range.last > range.first && law.at_least(range.last) < outside) --range.last;
  while (range.first < range.last && law.at_most(range.first) < outside) ++range.first;
  return range;
}

}  // namespace

Problem::Problem(const Features& features, const Options& options, const Known& known)
    : options_(options), known_(known), law_(features.density) {
  Index first = 0;
  if (options.method == Method::stratified) {
    for (const SkeletonPart& part : known.parts) known_value_ += part.contribution;
    first = static_cast<Index>(known.parts.size());
  }
  reachable_ = range_of_mass(law_, {first, law_.features()}, negligible);
}

double Problem::bound_outside(CountRange sampled) const {
  if (!bounded()) return 0.0;
  const bool stratified = options_.method == Method::stratified;
  const Index known = stratified ? static_cast<Index>(known_.parts.size()) : 0;
  // Known skeletons that the sampled ones continue are not outside.
  return known_.bound_outside({sampled.first <= known ? 0 : sampled.first, sampled.last});
}

double Problem::target(double value) const {
  return std::max(options_.relative_tolerance * std::abs(value), options_.absolute_tolerance);
}

Pilot::Pilot(const Problem& problem, const StrataLoop& loop) : problem_(problem), loop_(loop) {
  choose_strata();
}

std::vector<Stratum> Pilot::strata() const {
  std::vector<Stratum> fresh;
  for (const Stratum& stratum : strata_) fresh.emplace_back(problem_.law(), stratum.counts.range());
  return fresh;
}

double Pilot::total_points() const {
  const Options& options = problem_.options();
  if (options.samples > 0) return static_cast<double>(options.samples);
  // Neyman's allocation of n points has the standard error (Σ π_s s_s)/√n.
  constexpr double margin = 1.1;  // the pilot's s_s are estimates
  const double target = problem_.target(value());
  const double ratio = target > 0.0 ? sum_of_weights() / target : 0.0;
  return std::clamp(margin * ratio * ratio, least_total, static_cast<double>(options.max_samples));
}

std::vector<double> Pilot::allocate(double total) const {
  std::vector<double> points = weights();
  const double sum = sum_of_weights();
  for (double& n : points) {
    const double share = sum > 0.0 ? n / sum : 1.0 / static_cast<double>(points.size());
    n = points.size() == 1 ? total : std::max(total * share, least_points);
  }
  return points;
}

void Pilot::sample(std::vector<Stratum> strata) {
  strata_ = std::move(strata);
  double mass = 0.0;
  for (const Stratum& stratum : strata_) mass += stratum.counts.probability();
  std::vector<std::uint64_t> count;
  for (const Stratum& stratum : strata_) {
    const double share = stratum.counts.probability() / mass;
    count.push_back(static_cast<std::uint64_t>(std::max(least_pilot_points, pilot_points * share)));
  }
  const ProgressCallback& progress = problem_.options().progress;
  if (!loop_.extend(strata_, count, [&] { return !progress || progress({}); })) throw Interrupted();
}

void Pilot::choose_strata() {
  const CountRange all = problem_.reachable();
  if (problem_.options().method == Method::plain) return sample({{problem_.law(), all}});
  if (!problem_.bounded()) return sample(separate(range_of_mass(problem_.law(), all, rare)));
  // All together first: an idea of the integral, and so of how much may be left out.
  sample({{problem_.law(), all}});
  for (double foreseen = foreseen_error();; foreseen = 0.5 * foreseen_error()) {
    sample(separate(range_within(bounded_part * foreseen)));
    const bool enough = problem_.bound_outside(sampled()) <= bounded_part * foreseen_error();
    if (enough || sampled() == all) return;
  }
}

// One stratum for each skeleton of the range; without a bound, one for all on either side of it.
std::vector<Stratum> Pilot::separate(CountRange range) const {
  std::vector<Stratum> strata;
  const auto add = [&](CountRange skeletons) {
    if (problem_.law().probability(skeletons) > 0.0) strata.emplace_back(problem_.law(), skeletons);
  };
  const bool keep_all = !problem_.bounded();
  if (keep_all) add({problem_.reachable().first, range.first - 1});
  for (Index l = range.first; l <= range.last; ++l) add({l, l});
  if (keep_all) add({range.last + 1, problem_.reachable().last});
  return strata;
}

// The smallest range around the bulk of N outside of which the integral is at most `most`.
CountRange Pilot::range_within(double most) const {
  const auto outside = [&](Index first, Index last) {
    return problem_.bound_outside({first, last});
  };
  CountRange range = problem_.reachable();
  while (range.last > range.first && outside(range.first, range.last - 1) <= most) --range.last;
  while (range.first < range.last && outside(range.first + 1, range.last) <= most) ++range.first;
  return range;
}

CountRange Pilot::sampled() const {
  return {strata_.front().counts.range().first, strata_.back().counts.range().last};
}

// π_s s_s. A stratum whose few pilot points saw little spread keeps a twentieth of the common one.
std::vector<double> Pilot::weights() const {
  double mass = 0.0, common = 0.0;
  for (const Stratum& stratum : strata_) {
    mass += stratum.counts.probability();
    common += stratum.counts.probability() * stratum.pooled().deviation();
  }
  std::vector<double> result;
  for (const Stratum& stratum : strata_) {
    const double deviation = std::max(stratum.pooled().deviation(), 0.05 * common / mass);
    result.push_back(stratum.counts.probability() * deviation);
  }
  return result;
}

double Pilot::sum_of_weights() const {
  const std::vector<double> parts = weights();
  return std::accumulate(parts.begin(), parts.end(), 0.0);
}

// The standard error that is asked for, or that the asked number of points will give.
double Pilot::foreseen_error() const {
  const auto samples = static_cast<double>(problem_.options().samples);
  return samples > 0.0 ? sum_of_weights() / std::sqrt(samples) : problem_.target(value());
}

double Pilot::value() const {
  return problem_.known_value() + contribution(strata_, {0, problem_.law().features()}).value;
}

}  // namespace skeleta::estimate
