#include "estimate/setup.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "estimate/methods.h"

namespace skeleta::estimate {
namespace {

// Without a bound, skeletons that are this improbable together share a stratum on either side. By
// Neyman's rule they would have the 128 points that a stratum gets at least in runs of 10⁶ only.
constexpr double rare = 1e-4;

// One of the strata that are to be sampled: rows first … last of the survey.
struct Group {
  std::size_t first = 0, last = 0;
};

// Mean and variance of an output over some skeletons that are sampled together.
struct Spread {
  double probability = 0.0, mean = 0.0, variance = 0.0;
};

Spread spread_of(const std::vector<SurveyRow>& rows, Group group, std::size_t output) {
  Spread all;
  double squares = 0.0;
  for (std::size_t k = group.first; k <= group.last; ++k) {
    all.probability += rows[k].probability;
    all.mean += rows[k].probability * rows[k].mean[output];
  }
  all.mean /= all.probability;
  for (std::size_t k = group.first; k <= group.last; ++k) {
    const double shift = rows[k].mean[output] - all.mean;
    squares += rows[k].probability * (rows[k].variance[output] + shift * shift);
  }
  all.variance = squares / all.probability;
  return all;
}

// Chooses the strata from what the survey saw, and weighs them.
class Choice {
 public:
  Choice(const Problem& problem, const Survey& survey, std::size_t outputs)
      : problem_(problem), survey_(survey), outputs_(outputs) {
    choose();
  }

  const std::vector<Group>& groups() const { return groups_; }

  // π_s s_s over the target, root of the sum of squares over the outputs: Σ V_a/T_a² ≤ 1 keeps
  // each. A stratum whose few pilot points saw little spread keeps a twentieth of the common one.
  std::vector<double> weights() const {
    std::vector<double> result(groups_.size(), 0.0);
    for (std::size_t a = 0; a < outputs_; ++a) {
      const std::vector<double> parts = weighted_deviations(a);
      const double target = scale(a, parts);
      for (std::size_t s = 0; s < parts.size(); ++s) {
        const double part = parts[s] > 0.0 ? parts[s] / target : 0.0;
        result[s] = std::hypot(result[s], part);
      }
    }
    return result;
  }

 private:
  const std::vector<SurveyRow>& rows() const { return survey_.rows(); }
  double value(std::size_t output) const { return problem_.known_value() + survey_.value(output); }

  std::vector<double> weighted_deviations(std::size_t output) const {
    std::vector<Spread> spreads;
    double mass = 0.0, common = 0.0;
    for (const Group& group : groups_) {
      spreads.push_back(spread_of(rows(), group, output));
      mass += spreads.back().probability;
      common += spreads.back().probability * std::sqrt(spreads.back().variance);
    }
    std::vector<double> result;
    for (const Spread& spread : spreads) {
      result.push_back(spread.probability *
                       std::max(std::sqrt(spread.variance), 0.05 * common / mass));
    }
    return result;
  }

  // The standard error that is asked for, or that the asked number of points will give.
  double scale(std::size_t output, const std::vector<double>& parts) const {
    const auto samples = static_cast<double>(problem_.options().samples);
    if (samples == 0.0) return problem_.target(value(output));
    return std::accumulate(parts.begin(), parts.end(), 0.0) / std::sqrt(samples);
  }

  double foreseen_error() const { return scale(0, weighted_deviations(0)); }

  void choose() {
    const std::size_t last = rows().size() - 1;
    groups_ = {{0, last}};
    if (!problem_.by_skeleton()) return;
    // Replicates live on one skeleton each.
    if (!problem_.bounded() && problem_.method().replicated) {
      return separate(problem_.reachable(), false);
    }
    if (!problem_.bounded()) {
      const CountRange bulk = problem_.law().bulk(problem_.reachable(), rare);
      return separate(bulk, true);
    }
    // All together first: an idea of the error, and so of how much may be left out.
    for (double foreseen = foreseen_error();; foreseen = 0.5 * foreseen_error()) {
      separate(range_within(problem_.bounded_part() * foreseen), false);
      const CountRange sampled{rows()[groups_.front().first].l, rows()[groups_.back().last].l};
      const bool enough =
          problem_.bound_outside(sampled) <= problem_.bounded_part() * foreseen_error();
      if (enough || sampled == CountRange{rows().front().l, rows().back().l}) return;
    }
  }

  // One stratum for each skeleton of the range; with `all`, one for all others on either side.
  void separate(CountRange range, bool all) {
    groups_.clear();
    std::size_t before = 0, after = 0;
    for (std::size_t k = 0; k < rows().size(); ++k) {
      if (rows()[k].l < range.first) ++before;
      if (rows()[k].l > range.last) ++after;
    }
    const std::size_t end = rows().size() - after;
    if (all && before > 0) groups_.push_back({0, before - 1});
    for (std::size_t k = before; k < end; ++k) groups_.push_back({k, k});
    if (all && after > 0) groups_.push_back({end, rows().size() - 1});
  }

  // The smallest range outside of which the integral is at most `most`.
  CountRange range_within(double most) const {
    CountRange range{rows().front().l, rows().back().l};
    const auto outside = [&](Index first, Index last) {
      return problem_.bound_outside({first, last});
    };
    while (range.last > range.first && outside(range.first, range.last - 1) <= most) --range.last;
    while (range.first < range.last && outside(range.first + 1, range.last) <= most) ++range.first;
    return range;
  }

  const Problem& problem_;
  const Survey& survey_;
  std::size_t outputs_;
  std::vector<Group> groups_;
};

// The variance with all controls over that with fewer.
double variance_ratio(const std::vector<SurveyRow>& rows, const std::vector<Group>& groups,
                      double SurveyRow::*fewer) {
  double with = 0.0, without = 0.0;
  for (const Group& group : groups) {
    for (std::size_t k = group.first; k <= group.last; ++k) {
      with += rows[k].probability * std::sqrt(rows[k].variance.front());
      without += rows[k].probability * std::sqrt(rows[k].*fewer);
    }
  }
  return without > 0.0 ? (with / without) * (with / without) : 1.0;
}

}  // namespace

double Setup::total(const Options& options) const {
  if (options.samples > 0) return static_cast<double>(options.samples);
  return std::min(allocation->for_target(), static_cast<double>(options.max_samples));
}

Setup set_up_strata(const Problem& problem, const Survey& survey) {
  return set_up_strata(problem, survey, survey, false);
}

Setup set_up_strata(const Problem& problem, const Survey& survey, const Survey& own,
                    bool weighted) {
  const Choice choice(problem, own, problem.outputs());
  const std::vector<SurveyRow>& rows = survey.rows();
  const Known& known = problem.known();
  const std::size_t replicates =
      problem.method().replicated ? static_cast<std::size_t>(problem.options().replicates) : 0;
  Setup setup{{}, own.draw(), own.integrand(), weighted, nullptr, {}, {}, {}};
  for (const Group& group : choice.groups()) {
    const CountRange range{rows[group.first].l, rows[group.last].l};
    setup.strata.emplace_back(problem.law(), range, own.integrand().outputs(), replicates);
    bool varies = false;
    for (std::size_t k = group.first; k <= group.last; ++k) varies |= rows[k].varies;
    setup.varies.push_back(varies);
    std::vector<double> coefficients;
    if (range.size() == 1) coefficients = survey.coefficients(range.first);
    setup.controlled.push_back(
        std::ranges::any_of(coefficients, [](double beta) { return beta != 0.0; }));
    if (known.variant != 0.0) coefficients.push_back(known.variant);
    setup.coefficients.push_back(std::move(coefficients));
  }
  if (problem.controls()) {
    setup.variance_ratio = variance_ratio(rows, choice.groups(), &SurveyRow::plain_variance);
    setup.fitted_ratio = variance_ratio(rows, choice.groups(), &SurveyRow::given_variance);
  }
  setup.allocation = std::make_unique<NeymanAllocation>(choice.weights());
  return setup;
}

}  // namespace skeleta::estimate
