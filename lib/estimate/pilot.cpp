#include "estimate/pilot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "estimate/control.h"

namespace skeleta::estimate {
namespace {

// Skeletons whose probability adds up to less are out of reach of any number of samples.
constexpr double negligible = 1e-18;
// Without a bound, skeletons of less than this probability share a stratum.
constexpr double rare = 1e-4;

// A control that takes off a smaller part of the variance is not worth its time.
constexpr double least_correlation = 0.1;  // squared

constexpr double pilot_points = 4096.0, least_pilot_points = 64.0;
constexpr double least_points = 128.0;  // fewer would make a stratum's s² meaningless
constexpr double least_total = 1024.0;

}  // namespace

Problem::Problem(const Features& features, const Options& options, const Known& known)
    : features_(features), options_(options), known_(known), law_(features.density) {
  Index first = 0;
  for (const SkeletonPart& part : known.parts) {
    if (part.l != first++) {
      throw std::invalid_argument(
          fmt::format("known parts must be those of Q_0, Q_1, ...: Q_{} is out of place", part.l));
    }
    if (stratified()) known_value_ += part.contribution;
  }
  if (!stratified()) first = 0;
  reachable_ = law_.bulk({first, law_.features()}, negligible);
}

double Problem::bound_outside(CountRange sampled) const {
  if (!bounded()) return 0.0;
  const Index known = stratified() ? static_cast<Index>(known_.parts.size()) : 0;
  // Known skeletons that the sampled ones continue are not outside.
  return known_.bound_outside({sampled.first <= known ? 0 : sampled.first, sampled.last});
}

double Problem::target(double value) const {
  return std::max(options_.relative_tolerance * std::abs(value), options_.absolute_tolerance);
}

StrataLoop Problem::loop(const IntegrandFactory& integrand, sampling::Purpose purpose) const {
  return StrataLoop(features_, std::max<Index>(reachable_.last, 0), integrand, options_.seed,
                    purpose, options_.chunk, options_.threads);
}

std::vector<Stratum> Problem::fresh(std::span<const Stratum> strata) const {
  std::vector<Stratum> result;
  for (const Stratum& stratum : strata) result.emplace_back(law_, stratum.counts.range());
  return result;
}

Pilot::Pilot(const Problem& problem, IntegrandFactory integrand)
    : problem_(problem), integrand_(integrand) {
  const std::vector<Control> none;
  const std::vector<Control>& controls = problem.stratified() ? problem.known().controls : none;
  for (const Control& control : controls) {
    if (!control.coefficient) continue;
    const std::vector<double> coefficients(control.mean.size(), *control.coefficient);
    integrand_ = with_control(integrand_, control, coefficients);
  }
  choose_strata();
  for (const Control& control : controls) {
    if (control.coefficient) continue;
    fit_control(control);
    choose_strata();  // less variance moves the shares, and how much may be left out
  }
  const bool same = controls.empty();
  for (const Stratum& stratum : same ? strata_ : sample(problem.fresh(strata_), integrand)) {
    varies_.push_back(stratum.pooled().m2 > 0.0);
  }
}

// On the pilot's points, cov(f, c) = (var(f + c) − var(f − c))/4 and
// var(c) = (var(f + c) + var(f − c))/2 − var(f).
void Pilot::fit_control(const Control& control) {
  std::vector<double> coefficients(control.mean.size(), -1.0);
  const auto plus =
      sample(problem_.fresh(strata_), with_control(integrand_, control, coefficients));
  coefficients.assign(control.mean.size(), 1.0);
  const auto minus =
      sample(problem_.fresh(strata_), with_control(integrand_, control, coefficients));
  coefficients.assign(control.mean.size(), 0.0);
  for (std::size_t s = 0; s < strata_.size(); ++s) {
    const auto l = static_cast<std::size_t>(strata_[s].counts.range().first);
    if (!strata_[s].counts.fixed() || l >= coefficients.size()) continue;
    const double f = strata_[s].pooled().variance();
    const double sum = plus[s].pooled().variance(), difference = minus[s].pooled().variance();
    const double covariance = (sum - difference) / 4.0, c = (sum + difference) / 2.0 - f;
    const bool pays = c > 0.0 && covariance * covariance > least_correlation * f * c;
    // Skeletons that only the second choice of strata adds resemble the last one here.
    if (pays)
      std::fill(coefficients.begin() + static_cast<std::ptrdiff_t>(l), coefficients.end(),
                covariance / c);
    if (!pays) coefficients[l] = 0.0;
  }
  integrand_ = with_control(integrand_, control, coefficients);
}

double Pilot::total_points() const {
  const Options& options = problem_.options();
  if (options.samples > 0) return static_cast<double>(options.samples);
  // Neyman's allocation of n points has the standard error (Σ π_s s_s)/√n.
  constexpr double margin = 1.1;  // the pilot's s_s are estimates
  const double target = problem_.target(value());
  const double ratio = target > 0.0 ? sum_of_weights() / target : 0.0;
  const double least =
      std::max(least_total, 2.0 * least_points * static_cast<double>(strata_.size()));
  const double wanted = margin * ratio * ratio;
  return std::min(wanted > least ? wanted : least, static_cast<double>(options.max_samples));
}

std::vector<std::uint64_t> Pilot::allocate(double total) const {
  const auto count = static_cast<double>(strata_.size());
  if (total < 2.0 * count) {
    throw std::invalid_argument(fmt::format(
        "{} samples are too few: {} strata need at least two each", total, strata_.size()));
  }
  const double floor = std::clamp(std::floor(total / (2.0 * count)), 2.0, least_points);
  const double free = total - floor * count;
  const std::vector<double> parts = weights();
  const double sum = sum_of_weights();
  // Rounding the running sum, not each share, makes the total exact.
  std::vector<std::uint64_t> points;
  double running = 0.0, before = 0.0;
  for (const double part : parts) {
    running += sum > 0.0 ? part / sum : 1.0 / count;
    const double until = std::round(std::min(running, 1.0) * free);
    points.push_back(static_cast<std::uint64_t>(floor + until - before));
    before = until;
  }
  points.back() += static_cast<std::uint64_t>(free - before);
  return points;
}

std::vector<Stratum> Pilot::sample(std::vector<Stratum> strata,
                                   const IntegrandFactory& integrand) const {
  double mass = 0.0;
  for (const Stratum& stratum : strata) mass += stratum.counts.probability();
  std::vector<std::uint64_t> count;
  for (const Stratum& stratum : strata) {
    const double share = stratum.counts.probability() / mass;
    count.push_back(static_cast<std::uint64_t>(std::max(least_pilot_points, pilot_points * share)));
  }
  const ProgressCallback& progress = problem_.options().progress;
  const auto go_on = [&] { return !progress || progress({}); };
  const StrataLoop loop = problem_.loop(integrand, sampling::Purpose::pilot);
  if (!loop.extend(strata, count, go_on)) throw Interrupted();
  return strata;
}

void Pilot::choose_strata() {
  const auto look_at = [this](std::vector<Stratum> strata) {
    strata_ = sample(std::move(strata), integrand_);
  };
  const CountRange all = problem_.reachable();
  if (!problem_.stratified()) return look_at({{problem_.law(), all}});
  if (!problem_.bounded()) return look_at(separate(problem_.law().bulk(all, rare)));
  // All together first: an idea of the integral, and so of how much may be left out.
  look_at({{problem_.law(), all}});
  for (double foreseen = foreseen_error();; foreseen = 0.5 * foreseen_error()) {
    look_at(separate(range_within(problem_.bounded_part() * foreseen)));
    const bool enough =
        problem_.bound_outside(sampled()) <= problem_.bounded_part() * foreseen_error();
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
