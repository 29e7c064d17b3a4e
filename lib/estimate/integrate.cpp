#include "skeleta/estimate/integrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include "estimate/rounds.h"
#include "estimate/setup.h"
#include "skeleta/core/parallel.h"

namespace skeleta::estimate {
namespace {

// Nominal cost of drawing a point with one active feature, in nanoseconds, measured on one core.
double draw_nanoseconds(Method method, const Vector& density) {
  const bool equal = (density.array() == density(0)).all();
  switch (method) {
    case Method::quasi:  // to rank a support, all features are looked at for each of its features
      return 30.0 + 4.0 * static_cast<double>(density.size());
    case Method::importance:
      return 100.0;
    default:
      return equal ? 5.0 : 60.0;
  }
}

Foreseen foresee(const Problem& problem, const Setup& setup) {
  const Vector& density = problem.features().density;
  const double points = setup.total(problem.options());
  const double drawing =
      draw_nanoseconds(problem.options().method, density) * std::max(1.0, density.sum());
  const bool counted = problem.options().samples > 0;
  return {problem.options().method, points, 1e-9 * points * (problem.known().nanoseconds + drawing),
          counted ? points : setup.allocation->wanted()};
}

// Nominal time in which quasi is set up: its pilot, and the lists of supports, about a microsecond
// for each of the 2^D there are or as many as are listed.
double quasi_set_up_seconds(Index features) {
  return 0.005 + std::min(1e-6 * std::exp2(static_cast<double>(features)), 0.1);
}

// The pilots of all methods; the first of the cheapest ones is taken. quasi is not looked at where
// the others are done before its supports are listed.
std::vector<Foreseen> compare(const Features& features, const Integrand& integrand, Options options,
                              const Known& known) {
  std::vector<Foreseen> all;
  for (const Method method :
       {Method::stratified, Method::importance, Method::plain, Method::quasi}) {
    const bool quick = std::any_of(all.begin(), all.end(), [&](const Foreseen& f) {
      return f.seconds < quasi_set_up_seconds(features.size());
    });
    if (method == Method::quasi && quick) break;
    options.method = method;
    all.push_back(foresee(features, integrand, options, known));
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Foreseen& a, const Foreseen& b) { return a.seconds < b.seconds; });
  return all;
}

SampledIntegrals sample(const Problem& problem) {
  if (problem.nothing_to_sample()) return nothing_sampled(problem);
  const Setup setup = set_up(problem);
  if (problem.options().announce) problem.options().announce(foresee(problem, setup));
  Rounds rounds(problem, setup);
  return rounds.result(rounds.run());
}

}  // namespace

std::string to_string(Method method) {
  constexpr std::array names{"plain", "stratified", "quasi", "importance", "auto"};
  return names[static_cast<std::size_t>(method)];
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
  check(options.max_samples > 0, "max_samples", options.max_samples, "at least 1");
  check(static_cast<bool>(options.clock), "clock", "empty", "a function");
  check(options.max_seconds > 0.0, "max_seconds", options.max_seconds, "positive");
  check(options.checkpoint_seconds >= 0.0, "checkpoint_seconds", options.checkpoint_seconds,
        "not negative");
  check(options.replicates >= 2 && options.replicates <= 4096, "replicates", options.replicates,
        "between 2 and 4096");
  resolve_threads(options.threads);
}

SampledIntegrals integrate_all(const Features& features, const Integrand& integrand,
                               const Options& options, const Known& known) {
  validate(options);
  validate(features);
  if (options.method != Method::automatic) {
    return sample(Problem(features, integrand, options, known));
  }
  Options chosen = options;
  std::vector<Foreseen> foreseen = compare(features, integrand, options, known);
  chosen.method = foreseen.front().method;
  SampledIntegrals result = sample(Problem(features, integrand, chosen, known));
  result.foreseen = std::move(foreseen);
  return result;
}

IntegralBySkeleton integrate(const Features& features, const Integrand& integrand,
                             const Options& options, const Known& known) {
  if (integrand.outputs() != 1) {
    throw std::invalid_argument(
        fmt::format("integrate is for one output, not {}: use integrate_all", integrand.outputs()));
  }
  return integrate_all(features, integrand, options, known).outputs.front();
}

Foreseen foresee(const Features& features, const Integrand& integrand, const Options& options,
                 const Known& known) {
  validate(options);
  validate(features);
  if (options.method == Method::automatic) {
    return compare(features, integrand, options, known).front();
  }
  const Problem problem(features, integrand, options, known);
  if (problem.nothing_to_sample()) return {options.method, 0.0, 0.0};
  return foresee(problem, set_up(problem));
}

}  // namespace skeleta::estimate
