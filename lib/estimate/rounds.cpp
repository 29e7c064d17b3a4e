#include "estimate/rounds.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>

#include "estimate/methods.h"
#include "estimate/strata_statistics.h"
#include "measure/distributions.h"

namespace skeleta::estimate {
namespace {

// Points after which samples that resolve nothing more are given up.
constexpr double patience = 1e7;
// Points that must have left the likeliest skeleton before a spread is believed.
constexpr std::uint64_t informative = 100;
// Points of a first round that is to tell how long a point takes.
constexpr double timed_points = 65536.0;

void append_rows(const Problem& problem, std::span<const Stratum> strata, std::size_t output,
                 std::vector<SkeletonPart>& rows) {
  for (const Stratum& stratum : strata) {
    for (Index l = stratum.range().first; l <= stratum.range().last; ++l) {
      const Contribution part = contribution(strata, {l, l}, output);
      // Among skeletons that are sampled together, those that were never reached say nothing.
      if (part.samples == 0 && !stratum.fixed()) continue;
      rows.push_back({l, problem.law().probability(l), stratum.on_skeleton(l).output(output).mean,
                      part.value, part.standard_error(), part.samples});
    }
  }
}

// Adds what is known apart, also to the rows.
void add_apart(const Problem& problem, IntegralBySkeleton& out) {
  const auto last = static_cast<Index>(problem.known().apart.size());
  for (Index l = 2; l < last; ++l) out.rest += problem.apart(l);
  for (SkeletonPart& part : out.skeletons) {
    if (problem.apart(part.l) == 0.0) continue;
    part.contribution += problem.apart(part.l);
    part.mean = part.contribution / part.probability;
  }
}

// What so many points missed, about: a skeleton with few of them shows less.
double missed(const Problem& problem, std::span<const Stratum> strata,
              std::span<const std::vector<double>> coefficients) {
  const Known& known = problem.known();
  if (!known.missed || points(strata) == 0) return 0.0;
  const std::size_t controls = problem.controls() ? problem.controls()->coefficient.size() : 0;
  std::vector<SampledRange> ranges;
  for (std::size_t s = 0; s < strata.size(); ++s) {
    const Stratum& stratum = strata[s];
    const std::span<const double> own(coefficients[s]);
    ranges.push_back({stratum.range(), stratum.probability(), static_cast<double>(stratum.points()),
                      stratum.fixed() ? own.first(controls) : own.first(0)});
  }
  return known.missed(ranges);
}

double rounding_of(const Known& known, double value) {
  return known.rounding * (2.0 * std::sqrt(std::max(value, 0.0)) + known.rounding);
}

IntegralBySkeleton summarise(const Problem& problem, std::span<const Stratum> strata,
                             std::size_t output, double caution, double unseen,
                             Unresolved unresolved, StopReason reason) {
  const Contribution sum = contribution(strata, {0, problem.law().features()}, output);
  const Contribution rest = contribution(strata, {2, problem.law().features()}, output);
  IntegralBySkeleton out;
  out.value = problem.known_value() + sum.value;
  out.standard_error = std::hypot(caution * sum.standard_error(), unseen);
  out.rest = rest.value;
  out.rest_standard_error = std::hypot(caution * rest.standard_error(), unseen);
  out.samples = points(strata);
  out.non_finite = non_finite(strata);
  out.confidence = problem.options().confidence;
  out.stop_reason = reason;
  if (problem.by_skeleton()) out.skeletons = problem.known().parts;
  for (const SkeletonPart& part : out.skeletons) {
    if (part.l >= 2) out.rest += part.contribution;
  }
  out.error_bound = unresolved.above;
  const double half = std::hypot(caution * half_width(strata, out.confidence, output),
                                 unseen * normal_quantile((1.0 - out.confidence) / 2.0));
  out.low = out.value - half - unresolved.below;
  out.high = out.value + half + out.error_bound;
  const Shape errors = shape(strata, output);
  out.skewness = errors.skewness;
  out.kurtosis = errors.kurtosis;
  out.effective_samples = static_cast<double>(out.samples);
  append_rows(problem, strata, output, out.skeletons);
  add_apart(problem, out);
  return out;
}

}  // namespace

Rounds::Rounds(const Problem& problem, const Setup& setup)
    : problem_(problem),
      setup_(setup),
      loop_(problem.loop(setup.draw, setup.integrand, sampling::Purpose::estimate)),
      strata_(setup.strata),
      earlier_(setup.strata.size(), 0),
      start_(problem.options().clock()),
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
  for (double total = first_total();; total = next_total(total)) {
    planned_ = total;
    const Drawn drawn = draw_in_time(total);
    if (drawn == Drawn::interrupted) return StopReason::interrupted;
    if (broken()) return StopReason::non_finite;
    const std::optional<StopReason> end =
        problem_.options().samples > 0 ? end_of_count(drawn) : end_of_precision(drawn, total);
    if (end) return *end;
  }
}

double Rounds::first_total() const {
  const Options& options = problem_.options();
  const double total = setup_.total(options);
  if (options.samples > 0) return total;
  // An earlier run may have been on its way further: to look before it is there would be to stop at
  // other times than an undisturbed run does.
  const double earlier = options.resume ? options.resume->planned : 0.0;
  return std::min(std::max({total, least_points(), earlier}), most_points());
}

// What is missing, with a little more; at most tenfold, since the error is an estimate. A tail may
// be seen after twice as many points, what is not resolved after ten times as many.
double Rounds::next_total(double total) const {
  const double ratio = error_over_target();
  const double growth = ratio > 1.0 ? std::clamp(1.05 * setup_.allocation->growth(ratio), 1.1, 10.0)
                        : resolves() ? 2.0
                                     : 10.0;
  return std::min(most_points(), total * growth);
}

// Why to stop, if so many samples were asked for.
std::optional<StopReason> Rounds::end_of_count(Drawn drawn) const {
  if (drawn == Drawn::some) return StopReason::max_seconds;
  if (silent()) return StopReason::unresolved;
  return reliable() ? StopReason::samples : StopReason::unreliable;
}

// Why to stop after a round, if a precision is asked for; nothing if it should go on.
std::optional<StopReason> Rounds::end_of_precision(Drawn drawn, double total) const {
  const bool precise = error_over_target() <= 1.0, resolved = resolves();
  if (precise && resolved && reliable()) return StopReason::precision;
  if (drawn == Drawn::some || late()) return StopReason::max_seconds;
  const bool given_up = total >= std::max(patience, least_points()) || hopeless();
  if (precise && given_up) return resolved ? StopReason::unreliable : StopReason::unresolved;
  // What so many points missed, no number that could be waited for will show.
  const double unseen = missed(problem_, strata_, setup_.coefficients);
  if (given_up && unseen > problem_.target(value(0))) return StopReason::unresolved;
  if (total >= most_points()) return StopReason::max_samples;
  return std::nullopt;
}

// Draws in pieces that fit into the time that is left.
Rounds::Drawn Rounds::draw_in_time(double total) {
  while (true) {
    const double part = in_time(total);
    const std::uint64_t before = points(strata_);
    if (!draw_up_to(part)) return Drawn::interrupted;
    if (part >= total) return Drawn::all;
    // Point sets that double may have no room for another doubling in what time is left.
    const bool stuck = points(strata_) == before;
    if (stuck || late() || broken()) return Drawn::some;
  }
}

// At most so many points, and no more than the time that is left allows at the present rate.
double Rounds::in_time(double total) const {
  const double limit = problem_.options().max_seconds;
  if (!std::isfinite(limit)) return total;
  const auto done = static_cast<double>(points(strata_));
  const double drawn = done - static_cast<double>(resumed_);
  if (drawn <= 0.0) {
    // A few more than an earlier run had, incomplete chunks included, to see how long they take; of
    // point sets that double, so many that one of them can. So every run gets further.
    const double there = std::max(done, earlier_points());
    const double room = strata_.front().replicates() > 0 ? 2.0 * there : there;
    return std::min(total, std::max(room, setup_.allocation->least()) + timed_points);
  }
  const double left = std::max(limit - seconds(), 0.0);
  const double more = std::max(drawn / seconds() * std::min(left, 0.5 * limit), 0.1 * drawn);
  return std::min(total, done + more);
}

double Rounds::earlier_points() const {
  double sum = 0.0;
  for (std::size_t s = 0; s < strata_.size(); ++s) {
    const std::size_t lanes = std::max<std::size_t>(strata_[s].replicates(), 1);
    sum += static_cast<double>(earlier_[s] * lanes);
  }
  return sum;
}

bool Rounds::late() const {
  return seconds() >= problem_.options().max_seconds;
}

double Rounds::most_points() const {
  return static_cast<double>(problem_.options().max_samples);
}

double Rounds::seconds() const {
  return problem_.options().clock() - start_;
}

double Rounds::value(std::size_t output) const {
  const double sum = contribution(strata_, {0, problem_.law().features()}, output).value;
  return problem_.known_value() + sum;
}

// By what a standard error is multiplied that is too good to be true.
double Rounds::caution() const {
  const double ratio = setup_.fitted_ratio, least = problem_.known().least_variance_ratio;
  return ratio > 0.0 && ratio < least ? std::sqrt(least / ratio) : 1.0;
}

// The largest over the outputs.
double Rounds::error_over_target() const {
  double worst = 0.0;
  const double unseen = missed(problem_, strata_, setup_.coefficients);
  for (std::size_t a = 0; a < problem_.outputs(); ++a) {
    const Contribution sum = contribution(strata_, {0, problem_.law().features()}, a);
    const double error = std::hypot(caution() * sum.standard_error(), unseen);
    if (error > 0.0) worst = std::max(worst, error / problem_.target(value(a)));
  }
  return worst;
}

// What is neither known nor resolved by the samples, as far as there are bounds.
Unresolved Rounds::unresolved() const {
  const Known& known = problem_.known();
  Unresolved all{known.unseen_above + known.apart_error, known.unseen_below + known.apart_error};
  const double rounding = rounding_of(known, value(0));
  all.above += rounding;
  all.below += rounding;
  all.above += problem_.bound_outside(
      resolved(strata_, setup_.varies, setup_.controlled, problem_.outputs()));
  if (!known.largest || problem_.bounded()) return all;
  for (std::size_t s = 0; s < strata_.size(); ++s) {
    if (!is_silent(s)) continue;
    const Moments values = strata_[s].values().output(0);
    const double share = clopper_pearson(values.count, problem_.options().confidence);
    all.above += strata_[s].probability() * share * std::max(*known.largest - values.mean, 0.0);
    all.below += strata_[s].probability() * share * std::max(*known.largest + values.mean, 0.0);
  }
  return all;
}

// Did all samples of the stratum, and of the pilot there, agree? Q_0 is one point.
bool Rounds::is_silent(std::size_t s) const {
  const Stratum& stratum = strata_[s];
  if (stratum.range() == CountRange{0, 0} || setup_.varies[s]) return false;
  const JointMoments values = stratum.values();
  for (std::size_t a = 0; a < problem_.outputs(); ++a) {
    if (values.output(a).m2 > 0.0) return false;
  }
  return true;
}

// Is there a stratum whose samples all agree, and no bound of what they may miss?
bool Rounds::silent() const {
  if (problem_.bounded() || problem_.known().largest) return false;
  for (std::size_t s = 0; s < strata_.size(); ++s) {
    if (is_silent(s)) return true;
  }
  return false;
}

bool Rounds::resolves() const {
  if (!problem_.by_skeleton() && points_off_the_likeliest(strata_) < informative) return false;
  if (silent() || static_cast<double>(points(strata_)) < least_points()) return false;
  const Unresolved left = unresolved();
  return std::max(left.above, left.below) <= problem_.bounded_part() * problem_.target(value(0));
}

// Can more samples not help?
bool Rounds::hopeless() const {
  const Known& known = problem_.known();
  return std::max(known.unseen_above, known.unseen_below) + rounding_of(known, value(0)) >
         problem_.bounded_part() * problem_.target(value(0));
}

double Rounds::least_points() const {
  return static_cast<double>(problem_.known().least_points);
}

// A few points cannot show what a fit to a few others does not explain.
bool Rounds::reliable() const {
  constexpr std::uint64_t few = 256;
  if (problem_.known().least_variance_ratio > 0.0 && points(strata_) < few) return false;
  for (std::size_t a = 0; a < problem_.outputs(); ++a) {
    const IntegralBySkeleton out = summary(a, StopReason::samples);
    if (out.heavy_tailed() || out.degenerate_weights()) return false;
  }
  return true;
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
  try {
    if (loop_.extend(strata_, planned, go_on) || hopeless()) return true;
  } catch (const Interrupted&) {
    // What was merged before is a result.
  }
  if (!complete()) throw Interrupted();
  return false;
}

// Asked after each chunk: what takes longer than a chunk's bookkeeping is done now and then only.
bool Rounds::report(double total) {
  const Options& options = problem_.options();
  const double now = options.clock();
  if (options.checkpoint && now - saved_ >= options.checkpoint_seconds && complete()) {
    options.checkpoint(result(StopReason::interrupted));
    saved_ = options.clock();
  }
  if (!options.progress) return true;
  constexpr double often = 0.02;
  if (shown_.planned == 0 || now - looked_ >= often) {
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

IntegralBySkeleton Rounds::summary(std::size_t output, StopReason reason) const {
  IntegralBySkeleton out =
      summarise(problem_, strata_, output, caution(),
                missed(problem_, strata_, setup_.coefficients), unresolved(), reason);
  out.variance_ratio = setup_.variance_ratio;
  if (setup_.weighted) {
    out.effective_samples = effective_samples(strata_, problem_.outputs());
  }
  return out;
}

SampledIntegrals Rounds::result(StopReason reason) const {
  SampledIntegrals all;
  all.method = problem_.method().method;
  const std::size_t outputs = problem_.outputs();
  all.covariance.resize(static_cast<Index>(outputs), static_cast<Index>(outputs));
  for (std::size_t a = 0; a < outputs; ++a) {
    all.outputs.push_back(summary(a, reason));
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
  const Known& known = problem.known();
  const double error = known.apart_error + rounding_of(known, problem.known_value());
  const Unresolved bound{problem.bound_outside({count, count - 1}) + error, error};
  SampledIntegrals all;
  all.method = problem.method().method;
  const auto outputs = static_cast<Index>(problem.outputs());
  all.covariance = Matrix::Zero(outputs, outputs);
  for (std::size_t a = 0; a < problem.outputs(); ++a) {
    all.outputs.push_back(summarise(problem, {}, a, 1.0, 0.0, bound, StopReason::exact));
  }
  return all;
}

}  // namespace skeleta::estimate
