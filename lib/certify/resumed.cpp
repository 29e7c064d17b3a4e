#include "certify/resumed.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace skeleta::certify {
namespace {

void validate_resumed(const CertifiedMinimum& state, const Statement& statement) {
  const Index hidden = statement.hidden(), features = statement.features().size();
  if (state.model.hidden() != hidden || state.model.features() != features ||
      state.open_width != statement.layout().size() || state.open.size() % state.open_width != 0) {
    throw std::invalid_argument(fmt::format(
        "resume has a {} × {} model and boxes of {} numbers; here they are {} × {} and {}",
        state.model.hidden(), state.model.features(), state.open_width, hidden, features,
        statement.layout().size()));
  }
}

// The model in the middle of a box, thresholds included.
Autoencoder middle(const Statement& statement, std::span<double> box) {
  const auto half = [](std::span<const double> low, std::span<const double> high, Index n) {
    const auto k = static_cast<std::size_t>(n);
    return 0.5 * low[k] + 0.5 * high[k];  // the sum can overflow
  };
  Autoencoder model{Matrix(statement.hidden(), statement.features().size()),
                    Vector(statement.features().size())};
  for (Index n = 0; n < model.W.size(); ++n) {
    model.W(n) = half(statement.layout().weight_low(box), statement.layout().weight_high(box), n);
  }
  for (Index n = 0; n < model.b.size(); ++n) {
    model.b(n) =
        half(statement.layout().threshold_low(box), statement.layout().threshold_high(box), n);
  }
  return model;
}

// A box holds its centre, whose loss is therefore no less than a true bound. Losses are told times
// 2^exponent, in the caller's unit.
void check_box(std::vector<double> box, const CertifiedMinimum& state, const Statement& statement,
               int exponent) {
  const auto refuse = [&](const std::string& cause) {
    throw std::invalid_argument("resume holds a box that no search leaves: " + cause);
  };
  const double bound = box[0];
  if (!(bound >= state.lower)) {
    refuse(fmt::format("its bound is {}, below lower = {}", std::ldexp(bound, exponent),
                       std::ldexp(state.lower, exponent)));
  }
  const auto ordered = [](std::span<const double> low, std::span<const double> high) {
    return std::equal(low.begin(), low.end(), high.begin(), std::less_equal<>());
  };
  const BoxLayout& layout = statement.layout();
  const auto low = layout.weight_low(box), high = layout.weight_high(box);
  const auto b_low = layout.threshold_low(box), b_high = layout.threshold_high(box);
  if (!ordered(low, high) || !ordered(b_low, b_high)) refuse("its ends are in the wrong order");
  for (std::size_t n = 0; n < low.size(); ++n) {
    const double farthest = std::max(-low[n], high[n]);
    if (!(farthest <= state.radius * (1.0 + 1e-9))) {
      refuse(fmt::format("a weight of {}, beyond radius = {}", farthest, state.radius));
    }
  }
  const double loss = statement.upper(middle(statement, box));
  if (!(bound <= loss)) {
    refuse(fmt::format("its bound is {}, but it has a model of loss {}",
                       std::ldexp(bound, exponent), std::ldexp(loss, exponent)));
  }
}

}  // namespace

void check_resumed(const CertifiedMinimum& state, const Statement& statement, int exponent) {
  validate_resumed(state, statement);
  if (!(state.radius >= 0.0)) return;  // it begins anew
  const auto refuse = [](const std::string& cause) {
    throw std::invalid_argument("resume is no state of this search: " + cause);
  };
  const auto told = [exponent](double loss) { return std::ldexp(loss, exponent); };
  const double upper = statement.upper(state.model);
  if (!(std::abs(state.upper - upper) <= 1e-12 * upper)) {
    refuse(
        fmt::format("upper = {}, but its model has the loss {}", told(state.upper), told(upper)));
  }
  if (!(state.lower >= 0.0 && state.lower <= state.upper)) {
    refuse(fmt::format("lower = {} does not lie between 0 and upper = {}", told(state.lower),
                       told(state.upper)));
  }
  if (!std::isfinite(state.radius)) {
    if (state.lower > 0.0) refuse("lower > 0, although nothing was searched");
    return;
  }
  if (state.open.empty() && state.lower < statement.target(state)) {
    refuse(fmt::format("no box is open, although lower = {} is below the target {}",
                       told(state.lower), told(statement.target(state))));
  }
  for (std::size_t n = 0; n < state.open.size(); n += state.open_width) {
    const auto first = state.open.begin() + static_cast<std::ptrdiff_t>(n);
    check_box({first, first + static_cast<std::ptrdiff_t>(state.open_width)}, state, statement,
              exponent);
  }
}

}  // namespace skeleta::certify
