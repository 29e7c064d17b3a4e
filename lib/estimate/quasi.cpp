#include "estimate/quasi.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>

#include "sampling/quasi_sampler.h"

namespace skeleta::estimate {
namespace {

using sampling::QuasiSampler;

// Of each replicate, at first and at last: from one to the other the errors tell how fast they
// fall.
constexpr std::uint64_t few_points = 16, pilot_points = 256;

using Samplers = std::map<Index, QuasiSampler>;

DrawFactory draw_from(std::shared_ptr<const Samplers> samplers) {
  return [samplers]() -> Draw {
    return [samplers](Index l, const sampling::StreamKey& key, std::uint64_t first,
                      std::size_t count, SparseBatch& batch) {
      batch.reset(static_cast<std::size_t>(l), count);
      if (l == 0) return;
      const QuasiSampler& sampler = samplers->at(l);
      QuasiSampler::Scratch scratch = sampler.scratch();  // of D bytes, for hundreds of points
      sampler.draw(key, first, count, batch.active(), batch.value(), scratch);
    };
  };
}

// π_s s_s over the target, s_s² the variance of the mean over the replicates of the pilot.
std::vector<double> errors_seen(const Problem& problem, const Setup& setup,
                                std::span<const Stratum> pilot) {
  std::vector<double> result(pilot.size(), 0.0);
  for (std::size_t a = 0; a < problem.outputs(); ++a) {
    double value = a == 0 ? problem.known_value() : 0.0, sum = 0.0, mass = 0.0;
    std::vector<double> errors;
    for (const Stratum& stratum : pilot) {
      value += stratum.probability() * stratum.values().output(a).mean;
      errors.push_back(std::sqrt(stratum.variance_of_mean(a)));
      sum += errors.back();
      mass += stratum.probability();
    }
    const double target = problem.options().samples > 0 ? sum : problem.target(value);
    for (std::size_t s = 0; s < pilot.size(); ++s) {
      // A stratum whose replicates happened to agree keeps a twentieth of the common error.
      const double floor = 0.05 * sum * setup.strata[s].probability() / mass;
      const double error = std::max(errors[s], floor);
      result[s] = std::hypot(result[s], error > 0.0 ? error / target : 0.0);
    }
  }
  return result;
}

// The exponent by which each stratum's squared error fell. Sixteen replicates tell it to about
// ±0.2.
std::vector<double> rates_seen(std::span<const Stratum> few, std::span<const Stratum> many) {
  std::vector<double> result;
  for (std::size_t s = 0; s < few.size(); ++s) {
    const double before = few[s].variance_of_mean(), after = many[s].variance_of_mean();
    const double fall = std::log(before / after) / std::log(double{pilot_points / few_points});
    result.push_back(std::isfinite(fall) ? std::clamp(fall, 1.0, 3.0) : 1.0);
  }
  return result;
}

}  // namespace

Setup set_up_quasi(const Problem& problem, const Survey& survey) {
  Setup setup = set_up_strata(problem, survey);
  const Known& known = problem.known();
  const Matrix interference = known.interference ? known.interference() : Matrix();
  auto samplers = std::make_shared<Samplers>();
  for (const Stratum& stratum : setup.strata) {
    for (Index l = stratum.range().first; l <= stratum.range().last; ++l) {
      if (l == 0 || problem.law().probability(l) <= 0.0) continue;
      samplers->try_emplace(l, problem.data(), l, interference);
    }
  }
  setup.draw = draw_from(samplers);
  std::vector<Stratum> pilot = setup.strata, first_look = setup.strata;
  const ProgressCallback& progress = problem.options().progress;
  const StrataLoop loop = problem.loop(setup.draw, setup.integrand, sampling::Purpose::pilot);
  const auto go_on = [&] { return !progress || progress({}); };
  const auto look = [&](std::vector<Stratum>& strata, std::uint64_t points) {
    const std::vector<std::uint64_t> wanted(strata.size(), points);
    if (!loop.extend(strata, wanted, go_on)) throw Interrupted();
  };
  look(first_look, few_points);
  look(pilot, pilot_points);
  setup.allocation = std::make_unique<DoublingAllocation>(
      errors_seen(problem, setup, pilot), rates_seen(first_look, pilot), pilot_points,
      setup.strata.front().replicates());
  return setup;
}

}  // namespace skeleta::estimate
