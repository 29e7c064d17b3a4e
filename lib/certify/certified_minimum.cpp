#include "skeleta/certify/certified_minimum.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <utility>

#include "certify/domain.h"
#include "certify/known_pair.h"
#include "certify/known_polygon.h"
#include "certify/resumed.h"
#include "certify/round.h"
#include "certify/statement.h"
#include "skeleta/core/cancellation.h"

namespace skeleta::certify {
namespace {

constexpr Index most_weights = 32, most_active = 5;
constexpr int starts = 24;

void validate(const Features& features, Index hidden, const CertifyOptions& options) {
  skeleta::validate(features);
  require_plain(features, "the proof of a minimum");
  const Index count = features.size();
  if (count > bounds::most_features) {
    throw std::invalid_argument(fmt::format("features = {} is too many to certify: at most {}",
                                            count, bounds::most_features));
  }
  if (hidden < 1 || hidden > count || hidden * count > most_weights) {
    throw std::invalid_argument(
        fmt::format("hidden = {} must lie in 1..features = {}, with hidden·features ≤ {}", hidden,
                    count, most_weights));
  }
  const Index k = options.skeletons.value_or(count);
  if (k < 0 || k > count) {
    throw std::invalid_argument(fmt::format("skeletons = {} must lie in 0..{}", k, count));
  }
  if (k > most_active) {
    throw std::invalid_argument(
        fmt::format("skeletons = {} is too many to certify: at most {} features can be active", k,
                    most_active));
  }
  const auto good = [](double gap) { return std::isfinite(gap) && gap >= 0.0; };
  if (!good(options.relative_gap) || !good(options.absolute_gap) ||
      options.relative_gap + options.absolute_gap == 0.0) {
    throw std::invalid_argument(
        fmt::format("relative_gap = {} and absolute_gap = {} must be finite, not negative, and "
                    "not both 0",
                    options.relative_gap, options.absolute_gap));
  }
}

// Local descents from the points of an additive recurrence, without randomness.
void find_start(const Statement& statement, CertifiedMinimum& state) {
  const Index count = statement.features().size();
  state.model = {Matrix::Zero(statement.hidden(), count), Vector::Zero(count)};
  state.upper = statement.upper(state.model);
  const double golden = 0.5 * (std::sqrt(5.0) - 1.0);
  double phase = 0.5;
  for (int start = 0; start < starts; ++start) {
    Autoencoder model{Matrix(statement.hidden(), count), Vector::Zero(count)};
    for (double& w : model.W.reshaped()) {
      phase += golden * (1.0 + 0.1 * start);
      phase -= std::floor(phase);
      w = 2.4 * (phase - 0.5);
    }
    statement.improve(state, std::move(model));
  }
}

// The smallest bound of what is open, and of what is not.
double lower_bound(const Statement& statement, const CertifiedMinimum& state) {
  double lowest = statement.target(state);
  for (std::size_t n = 0; n < state.open.size(); n += state.open_width) {
    lowest = std::min(lowest, state.open[n]);
  }
  return std::max(state.lower, lowest);
}

CertifiedMinimum first_state(const Statement& statement, const CertifyCallback& callback) {
  CertifiedMinimum state;
  state.open_width = statement.layout().size();
  find_start(statement, state);
  if (statement.target(state) > 0.0) {
    try {
      open_domain(statement, callback, state);
    } catch (const Interrupted&) {
      // As if the callback had said stop: the upper bound is a result.
    }
  } else {
    state.radius = 0.0;  // nothing to search
  }
  return state;
}

CertifiedMinimum rounded_outwards(const Statement& statement, CertifiedMinimum state) {
  const CertifiedMinimum before = state;
  try {
    round_outwards(statement, state);
  } catch (const Interrupted&) {
    state = before;
    state.stop_reason = CertifyStop::interrupted;
  }
  return state;
}

// In the unit in which the features are given: the caller's is 2^exponent times that.
CertifiedMinimum certify(const Features& features, Index hidden, const CertifyOptions& options,
                         const CertifyCallback& callback, const CertifiedMinimum* resume,
                         int exponent) {
  const Statement statement(features, hidden, options);
  if (resume != nullptr) check_resumed(*resume, statement, exponent);
  if (is_polygon(statement)) return polygon_minimum(statement, callback);
  const bool begun = resume != nullptr && resume->radius >= 0.0;
  CertifiedMinimum state = begun ? *resume : first_state(statement, callback);
  const auto stopped = [&](CertifyStop reason) -> CertifiedMinimum& {
    state.stop_reason = reason;
    return state;
  };
  while (true) {
    if (state.radius < 0.0) return stopped(CertifyStop::interrupted);
    if (!std::isfinite(state.radius)) return stopped(CertifyStop::domain);
    state.lower = lower_bound(statement, state);
    if (state.lower >= statement.target(state) || state.open.empty()) {
      stopped(statement.met(state) ? CertifyStop::gap : CertifyStop::rounding);
      return is_pair(statement) ? rounded_outwards(statement, std::move(state)) : state;
    }
    if (state.boxes >= options.max_boxes) return stopped(CertifyStop::boxes);
    if (callback && !callback(state)) return stopped(CertifyStop::interrupted);
    CertifiedMinimum before = state;
    try {
      bound_round(statement, state);
    } catch (const Interrupted&) {
      state = std::move(before);  // a half of a round is none
      return stopped(CertifyStop::interrupted);
    }
  }
}

// 2^exponent · x towards `to`, if that is not exact.
double times_power(double x, int exponent, double to) {
  const double result = std::ldexp(x, exponent);
  const double back = std::ldexp(result, -exponent);
  const bool beyond = to > x ? back < x : back > x;
  return beyond ? std::nextafter(result, to) : result;
}

// With losses times 2^exponent, rounded outwards.
CertifiedMinimum scaled_by(CertifiedMinimum state, int exponent) {
  state.lower = times_power(state.lower, exponent, -INFINITY);
  state.upper = times_power(state.upper, exponent, INFINITY);
  for (std::size_t n = 0; n < state.open.size(); n += state.open_width) {
    state.open[n] = times_power(state.open[n], exponent, -INFINITY);
  }
  return state;
}

}  // namespace

CertifiedMinimum certify_minimum(const Features& features, Index hidden,
                                 const CertifyOptions& options, const CertifyCallback& callback,
                                 const CertifiedMinimum* resume) {
  validate(features, hidden, options);
  const ScaledFeatures data = scaled(features);
  const auto seen = [&](const CertifiedMinimum& state) {
    return !callback || callback(scaled_by(state, data.exponent));
  };
  std::optional<CertifiedMinimum> from;
  if (resume != nullptr) from = scaled_by(*resume, -data.exponent);
  return scaled_by(
      certify(data.features, hidden, options, seen, from ? &*from : nullptr, data.exponent),
      data.exponent);
}

}  // namespace skeleta::certify
