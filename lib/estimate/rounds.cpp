#include "estimate/rounds.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "estimate/strata_statistics.h"

namespace skeleta::estimate {
namespace {

using Clock = std::chrono::steady_clock;

// Points after which samples that resolve nothing more are given up.
constexpr double patience = 1e7;
// Points that must have left the likeliest skeleton before a spread is believed.
constexpr std::uint64_t informative = 100;
// Points of a first round that is to tell how long a point takes.
constexpr double timed_points = 65536.0;

void append_rows(const ActiveCount& law, std::span<const Stratum> strata, std::size_t output,
                 std::vector<SkeletonPart>& rows) {
  for (const Stratum& stratum : strata) {
    for (Index l = stratum.range().first; l <= stratum.range().last; ++l) {
      const Contribution part = contribution(strata, {l, l}, output);
      // Among skeletons that are sampled together, those that were never reached say nothing.
      if (part.samples == 0 && !stratum.fixed()) continue;
      rows.push_back({l, law.probability(l), stratum.on_skeleton(l).output(output).mean, part.value,
                      part.standard_error(), part.samples});
    }
  }
}

IntegralBySkeleton summarise(const Problem& problem, std::span<const Stratum> strata,
                             std::size_t output, double error_bound, StopReason reason) {
  const Contribution sum = contribution(strata, {0, problem.law().features()}, output);
  const Contribution rest = contribution(strata, {2, problem.law().features()}, output);
  IntegralBySkeleton out;
  out.value = problem.known_value() + sum.value;
  out.standard_error = sum.standard_error();
  out.rest = rest.value;
  out.rest_standard_error = rest.standard_error();
  out.samples = points(strata);
  out.non_finite = non_finite(strata);
  out.confidence = problem.options().confidence;
  out.stop_reason = reason;
  if (problem.by_skeleton()) out.skeletons = problem.known().parts;
  for (const SkeletonPart& part : out.skeletons) {
    if (part.l >= 2) out.rest += part.contribution;
  }
  out.error_bound = error_bound;
  const double half = half_width(strata, out.confidence, output);
  out.low = out.value - half;
  out.high = out.value + half + out.error_bound;
  const Shape errors = shape(strata, output);
  out.skewness = errors.skewness;
  out.kurtosis = errors.kurtosis;
  out.effective_samples = static_cast<double>(out.samples);
  append_rows(problem.law(), strata, output, out.skeletons);
  return out;
}

}  // namespace

Rounds::Rounds(const Problem& problem, const Setup& setup)
    : problem_(problem),
      setup_(setup),
      loop_(problem.loop(setup.draw, setup.integrand, sampling::Purpose::estimate)),
      strata_(setup.strata),
      earlier_(setup.strata.size(), 0),
      start_(Clock::now()),
      saved_(start_),
      looked_(start_) {
  if (!problem.options().resume) return;
  for (std::size_t s = 0; s < strata_.size(); ++s) {
    for (const StratumState& state : problem.options().resume->strata) {
      if (!strata_[s].adopt(state, setup.coefficients[s], loop_.chunk_size())) continue;
      earlier_[s] = loop_.points_of(state);
      if (strata_[s].replicates() > 0) earlier_[s] = std::bit_ceil(earlier_[s]);
      break;
    }
  }
  resumed_ = points(strata_);
}

StopReason Rounds::run() {
  const Options& options = problem_.options();
  const auto most = static_cast<double>(options.max_samples);
  double total = setup_.total(options);
  // An earlier run may have been on its way further: to look before it is there would be to stop at
  // other times than an undisturbed run does.
  if (options.resume && options.samples == 0) {
    total = std::min(std::max(total, options.resume->planned), most);
  }
  while (true) {
    planned_ = total;
    const double round = in_time(total);
    const std::uint64_t before = points(strata_);
    if (!draw_up_to(round)) return StopReason::interrupted;
    if (broken()) return StopReason::non_finite;
    // Point sets that double may have no room for another doubling in what time is left.
    const bool stuck = round < total && points(strata_) == before;
    const bool late = stuck || seconds() >= options.max_seconds;
    if (round < total && !late) continue;
    if (options.samples > 0) return round < total ? StopReason::max_seconds : StopReason::samples;
    const double ratio = error_over_target();
    if (precise_enough(ratio)) return StopReason::precision;
    if (late) return StopReason::max_seconds;
    if (ratio <= 1.0 && total >= patience) return StopReason::unresolved;
    if (total >= most) return StopReason::max_samples;
    // What is missing, with a little more; at most tenfold, since the error is an estimate.
    const double growth =
        ratio <= 1.0 ? 10.0 : std::clamp(1.05 * setup_.allocation->growth(ratio), 1.1, 10.0);
    total = std::min(most, total * growth);
  }
}

// At most so many points, and no more than the time that is left allows at the present rate.
double Rounds::in_time(double total) const {
  const double limit = problem_.options().max_seconds;
  if (!std::isfinite(limit)) return total;
  const auto done = static_cast<double>(points(strata_));
  const double drawn = done - static_cast<double>(resumed_);
  if (drawn <= 0.0) {
    // A few, to see how long they take; of point sets that double, so many that one of them can.
    const double room = strata_.front().replicates() > 0 ? 2.0 * done : done;
    return std::min(total, std::max(room, setup_.allocation->least()) + timed_points);
  }
  const double left = std::max(limit - seconds(), 0.0);
  const double more = std::max(drawn / seconds() * std::min(left, 0.5 * limit), 0.1 * drawn);
  return std::min(total, done + more);
}

double Rounds::seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

double Rounds::value(std::size_t output) const {
  const double sum = contribution(strata_, {0, problem_.law().features()}, output).value;
  return problem_.known_value() + sum;
}

// The largest over the outputs.
double Rounds::error_over_target() const {
  double worst = 0.0;
  for (std::size_t a = 0; a < problem_.outputs(); ++a) {
    const Contribution sum = contribution(strata_, {0, problem_.law().features()}, a);
    const double error = sum.standard_error();
    if (error > 0.0) worst = std::max(worst, error / problem_.target(value(a)));
  }
  return worst;
}

// Bound of what is neither known nor resolved by the samples; 0 if there is no bound to use.
double Rounds::unresolved_bound() const {
  std::vector<bool> controlled;
  for (const std::vector<double>& beta : setup_.coefficients) {
    controlled.push_back(std::any_of(beta.begin(), beta.end(), [](double b) { return b != 0.0; }));
  }
  return problem_.bound_outside(resolved(strata_, setup_.varies, controlled));
}

bool Rounds::precise_enough(double ratio) const {
  if (ratio > 1.0) return false;
  if (!problem_.by_skeleton() && points_off_the_likeliest(strata_) < informative) return false;
  return !problem_.bounded() ||
         unresolved_bound() <= problem_.bounded_part() * problem_.target(value(0));
}

bool Rounds::broken() const {
  if (non_finite(strata_) > 0) return true;
  for (std::size_t a = 0; a < problem_.outputs(); ++a) {
    const Contribution sum = contribution(strata_, {0, problem_.law().features()}, a);
    if (!std::isfinite(sum.value) || std::isnan(sum.variance)) return true;
  }
  return false;
}

// A broken integrand is noticed after so many points at the latest, not after a long round.
bool Rounds::draw_up_to(double total) {
  constexpr std::uint64_t many = 50'000'000;
  const std::uint64_t begin = points(strata_);
  std::vector<std::uint64_t> planned = setup_.allocation->share(total);
  for (std::size_t s = 0; s < planned.size(); ++s) planned[s] = std::max(planned[s], earlier_[s]);
  const auto hopeless = [&] { return non_finite(strata_) > 0 && points(strata_) > begin + many; };
  const auto go_on = [&] { return !hopeless() && report(total); };
  if (loop_.extend(strata_, planned, go_on) || hopeless()) return true;
  if (!complete()) throw Interrupted();
  return false;
}

// Asked after each chunk: what takes longer than a chunk's bookkeeping is done now and then only.
bool Rounds::report(double total) {
  const Options& options = problem_.options();
  const auto now = Clock::now();
  const auto since = [now](Clock::time_point then) {
    return std::chrono::duration<double>(now - then).count();
  };
  if (options.checkpoint && since(saved_) >= options.checkpoint_seconds && complete()) {
    options.checkpoint(result(StopReason::interrupted));
    saved_ = Clock::now();
  }
  if (!options.progress) return true;
  constexpr double often = 0.02;
  if (shown_.planned == 0 || since(looked_) >= often) {
    const Contribution sum = contribution(strata_, {0, problem_.law().features()}, 0);
    shown_.value = problem_.known_value() + sum.value;
    shown_.standard_error = sum.standard_error();
    looked_ = now;
  }
  shown_.done = points(strata_);
  shown_.planned = static_cast<std::uint64_t>(total);
  return options.progress(shown_);
}

// Has every stratum what a result needs?
bool Rounds::complete() const {
  return std::all_of(strata_.begin(), strata_.end(),
                     [](const Stratum& stratum) { return stratum.values().count() >= 2; });
}

SampledIntegrals Rounds::result(StopReason reason) const {
  SampledIntegrals all;
  all.method = problem_.options().method;
  const std::size_t outputs = problem_.outputs();
  all.covariance.resize(static_cast<Index>(outputs), static_cast<Index>(outputs));
  for (std::size_t a = 0; a < outputs; ++a) {
    all.outputs.push_back(summarise(problem_, strata_, a, unresolved_bound(), reason));
    all.outputs.back().variance_ratio = setup_.variance_ratio;
    if (setup_.weighted) {
      all.outputs.back().effective_samples = effective_samples(strata_, outputs);
    }
    for (std::size_t b = 0; b < outputs; ++b) {
      all.covariance(static_cast<Index>(a), static_cast<Index>(b)) = covariance(strata_, a, b);
    }
  }
  all.state.planned = planned_;
  for (std::size_t s = 0; s < strata_.size(); ++s) {
    StratumState state = strata_[s].state(setup_.coefficients[s]);
    // What an earlier run had beyond its complete chunks is still to be drawn anew.
    for (std::size_t lane = 0; lane < state.chunks.size(); ++lane) {
      const std::uint64_t whole = state.chunks[lane] * loop_.chunk_size();
      if (whole + state.end[lane] >= earlier_[s]) continue;
      state.end[lane] = std::min(earlier_[s] - whole, loop_.chunk_size() - 1);
    }
    all.state.strata.push_back(std::move(state));
  }
  return all;
}

SampledIntegrals nothing_sampled(const Problem& problem) {
  const auto count = static_cast<Index>(problem.known().parts.size());
  const double bound = problem.bound_outside({count, count - 1});
  SampledIntegrals all;
  all.method = problem.options().method;
  const auto outputs = static_cast<Index>(problem.outputs());
  all.covariance = Matrix::Zero(outputs, outputs);
  for (std::size_t a = 0; a < problem.outputs(); ++a) {
    all.outputs.push_back(summarise(problem, {}, a, bound, StopReason::exact));
  }
  return all;
}

}  // namespace skeleta::estimate
