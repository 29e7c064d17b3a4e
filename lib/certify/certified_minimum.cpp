#include "skeleta/certify/certified_minimum.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "certify/local_descent.h"
#include "certify/loss_box.h"
#include "skeleta/core/cancellation.h"
#include "skeleta/core/parallel.h"

namespace skeleta::certify {
namespace {

constexpr std::size_t round_size = 1024;
constexpr Index most_weights = 32, most_active = 5;
constexpr int starts = 24;
constexpr double promising = 1.5;  // a centre with at most this times the best loss is improved

void validate(const Features& features, Index hidden, const CertifyOptions& options) {
  skeleta::validate(features);
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

Vector without(const Vector& all, Index i) {
  Vector rest(all.size() - 1);
  rest << all.head(i), all.tail(rest.size() - i);
  return rest;
}

// What the search needs to know of its problem.
class Search {
 public:
  Search(const Features& features, Index hidden, const CertifyOptions& options,
         const CertifyCallback& callback)
      : features_(features),
        hidden_(hidden),
        options_(options),
        callback_(callback),
        loss_(features, options.skeletons.value_or(features.size())),
        bounder_(loss_, hidden) {
    constexpr double reachable = 3.0;  // the upper end has it once, a box around the model too
    const auto size = static_cast<double>(features.size());
    for (Index i = 0; i < features.size(); ++i) {
      resolution_ += reachable * loss_.rounding(i, size, 0.0, 1.0);
    }
  }

  const BoxLayout& layout() const { return bounder_.layout(); }

  // The lower bound that is sought, no closer than rounding lets it come. It falls with `upper`
  // alone, so what was left out above an earlier target is above this one.
  double target(const CertifiedMinimum& state) const {
    return state.upper - std::max(gap(state), resolution_);
  }

  bool met(const CertifiedMinimum& state) const { return state.lower >= state.upper - gap(state); }

  // The loss of a model, rounded up.
  double upper(const ReluAutoencoder& model) const { return loss_.value(model) + rounding(model); }

  // Local descents from the points of an additive recurrence, without randomness.
  void find_start(CertifiedMinimum& state) const {
    const Index count = features_.size();
    state.model = {Matrix::Zero(hidden_, count), Vector::Zero(count)};
    state.upper = upper(state.model);
    const double golden = 0.5 * (std::sqrt(5.0) - 1.0);
    double phase = 0.5;
    for (int start = 0; start < starts; ++start) {
      ReluAutoencoder model{Matrix(hidden_, count), Vector::Zero(count)};
      for (double& w : model.W.reshaped()) {
        phase += golden * (1.0 + 0.1 * start);
        phase -= std::floor(phase);
        w = 2.4 * (phase - 0.5);
      }
      improve(state, std::move(model));
    }
  }

  void improve(CertifiedMinimum& state, ReluAutoencoder model) const {
    descend(loss_, model);
    const double value = upper(model);
    if (value < state.upper) {
      state.upper = value;
      state.model = std::move(model);
    }
  }

  // |w_i| of a model whose loss is below the target is at most this; infinite if nothing is proven.
  double radius(Index i, double sought, double loss_of_others) const {
    // The column of a feature that is never active does nothing. One whose output does not count
    // can only disturb the others: given x_i, it moves their thresholds away from the best ones.
    const bool all_skeletons = options_.skeletons.value_or(features_.size()) == features_.size();
    if (features_.density(i) == 0.0) return 0.0;
    if (features_.importance(i) == 0.0 && all_skeletons) return 0.0;
    const double weight = features_.importance(i) * loss_.own_probability(i);
    // ⅓((g − 1)/(g + 1))² = error, rounded up.
    const double error = std::max(sought - loss_of_others, 0.0) * (1.0 + 1e-12);
    if (3.0 * error >= weight) return std::numeric_limits<double>::infinity();
    const double ratio = std::sqrt(3.0 * error / weight) * (1.0 + 1e-12);
    return std::sqrt((1.0 + ratio) / (1.0 - ratio)) * (1.0 + 1e-12);
  }

  // The first box; none if it would be unbounded, or the callback said stop.
  void open_domain(CertifiedMinimum& state) const {
    const Index count = features_.size();
    double longest = 0.0;
    std::vector<double> box(state.open_width, 0.0);
    const auto low = layout().weight_low(box), high = layout().weight_high(box);
    double others = 0.0;
    for (Index j = 0; j < count; ++j) {
      const bool same = j > 0 && equal(j, j - 1);
      if (!same) {
        const std::optional<double> least = loss_of_others(j, state);
        if (!least) return;
        others = *least;
      }
      const double r = radius(j, target(state), others);
      longest = std::max(longest, r);
      for (Index k = 0; k <= std::min(j, hidden_ - 1); ++k) {
        const auto n = static_cast<std::size_t>(j * hidden_ + k);
        low[n] = k == j ? 0.0 : -r;
        high[n] = r;
      }
    }
    const auto b_low = layout().threshold_low(box), b_high = layout().threshold_high(box);
    const double all = std::numeric_limits<double>::max();
    std::fill(b_low.begin(), b_low.end(), -all);
    std::fill(b_high.begin(), b_high.end(), all);
    state.radius = longest;
    if (std::isfinite(longest)) state.open = box;
  }

  bool equal(Index i, Index j) const {
    return features_.density(i) == features_.density(j) &&
           features_.importance(i) == features_.importance(j);
  }

  // No model of the box has columns in the agreed order.
  bool out_of_order(std::span<double> box) const {
    const auto low = layout().weight_low(box), high = layout().weight_high(box);
    for (Index j = 0; j < features_.size(); ++j) {
      for (Index i = j - 1; i >= 0; --i) {
        if (!equal(i, j)) continue;
        double longest = 0.0, shortest = 0.0;
        for (Index k = 0; k < hidden_; ++k) {
          const auto a = static_cast<std::size_t>(i * hidden_ + k);
          const auto b = static_cast<std::size_t>(j * hidden_ + k);
          longest += std::max(low[a] * low[a], high[a] * high[a]);
          if (low[b] > 0.0 || high[b] < 0.0) {
            shortest += std::min(low[b] * low[b], high[b] * high[b]);
          }
        }
        if (longest < shortest * (1.0 - 1e-14)) return true;
        break;
      }
    }
    return false;
  }

  // Bounds one half of `parent`, cut across its widest side: bound, box, value, thresholds.
  void bound_half(std::span<const double> parent, bool upper_half, double target,
                  std::span<double> result) const {
    const std::size_t size = layout().size();
    const auto box = result.first(size);
    std::copy(parent.begin(), parent.end(), box.begin());
    const auto low = layout().weight_low(box), high = layout().weight_high(box);
    std::size_t widest = 0;
    for (std::size_t n = 0; n < low.size(); ++n) {
      if (high[n] - low[n] > high[widest] - low[widest]) widest = n;
    }
    (upper_half ? low : high)[widest] = 0.5 * (low[widest] + high[widest]);
    result[size] = std::numeric_limits<double>::infinity();
    if (out_of_order(box)) {
      box[0] = std::numeric_limits<double>::infinity();
      return;
    }
    const LossBox::Result found = bounder_(box, target);
    box[0] = std::max(box[0], found.bound);
    result[size] = found.value;
    std::copy_n(found.b.begin(), features_.size(),
                result.begin() + static_cast<std::ptrdiff_t>(size) + 1);
  }

  std::size_t result_size() const { return layout().size() + 1 + layout().thresholds; }

  // The model in the middle of a box, thresholds included.
  ReluAutoencoder middle(std::span<double> box) const {
    const auto half = [](std::span<const double> low, std::span<const double> high, Index n) {
      const auto k = static_cast<std::size_t>(n);
      return 0.5 * low[k] + 0.5 * high[k];  // the sum can overflow
    };
    ReluAutoencoder model{Matrix(hidden_, features_.size()), Vector(features_.size())};
    for (Index n = 0; n < model.W.size(); ++n) {
      model.W(n) = half(layout().weight_low(box), layout().weight_high(box), n);
    }
    for (Index n = 0; n < model.b.size(); ++n) {
      model.b(n) = half(layout().threshold_low(box), layout().threshold_high(box), n);
    }
    return model;
  }

  ReluAutoencoder centre(std::span<const double> result) const {
    std::vector<double> copy(result.begin(), result.end());
    const auto low = layout().weight_low(copy), high = layout().weight_high(copy);
    ReluAutoencoder model{Matrix(hidden_, features_.size()), Vector(features_.size())};
    for (std::size_t n = 0; n < low.size(); ++n) {
      model.W.data()[n] = 0.5 * (low[n] + high[n]);
    }
    std::copy_n(copy.begin() + static_cast<std::ptrdiff_t>(layout().size()) + 1, model.b.size(),
                model.b.begin());
    return model;
  }

  // Lower bound of what the other features lose, whatever x_i and its column are: given x_i, they
  // are a model of their own, with other thresholds, of which k or k − 1 may be active. Nothing if
  // the callback said stop.
  std::optional<double> loss_of_others(Index i, const CertifiedMinimum& state) const {
    const Index rest = features_.size() - 1;
    if (rest <= hidden_) return 0.0;
    const Features others{without(features_.density, i), without(features_.importance, i)};
    CertifyOptions options = options_;
    options.relative_gap = 0.1 * options_.relative_gap;
    const auto progress = [&](const CertifiedMinimum& smaller) {
      CertifiedMinimum shown = state;
      shown.boxes = smaller.boxes;
      return !callback_ || callback_(shown);
    };
    bool stopped = false;
    const auto least = [&](Index k) {
      options.skeletons = std::clamp(k, Index{0}, rest);
      const CertifiedMinimum found = certify_minimum(others, hidden_, options, progress);
      stopped = stopped || found.stop_reason == CertifyStop::interrupted;
      return found.lower;
    };
    const Index k = options_.skeletons.value_or(rest + 1);
    const double p = features_.density(i);
    const double value =
        k > rest ? least(rest) : (1.0 - p) * least(k) + (stopped ? 0.0 : p * least(k - 1));
    return stopped ? std::nullopt : std::optional(value);
  }

 private:
  // The asked one.
  double gap(const CertifiedMinimum& state) const {
    const bool zero =
        bounds::minimum_is_zero(features_, hidden_, options_.skeletons.value_or(features_.size()));
    const double relative = options_.relative_gap * state.upper;
    return zero ? std::max(relative, options_.absolute_gap * loss_of_zero_model(features_))
                : relative;
  }

  double rounding(const ReluAutoencoder& model) const {
    const Matrix g = gram(model);
    double sum = 0.0;
    for (Index i = 0; i < g.cols(); ++i) {
      sum += loss_.rounding(i, g.col(i).cwiseAbs().sum(), model.b(i), model.b(i));
    }
    return sum;
  }

  Features features_;
  Index hidden_;
  CertifyOptions options_;
  CertifyCallback callback_;
  bounds::TruncatedLoss loss_;
  LossBox bounder_;
  double resolution_ = 0.0;  // what rounding costs bounds around a model with Σ_j |G_ij| ≤ D
};

// Takes the open boxes with the lowest bounds off the list: a quarter of them, at least round_size.
// Ties go to the earlier one, so that the choice is unique.
std::vector<double> take_lowest(std::vector<double>& open, std::size_t width) {
  const std::size_t count = open.size() / width;
  if (count == 0) return {};
  const std::size_t taken = std::min(count, std::max(round_size, count / 4));
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(taken) - 1,
                   order.end(), [&](std::size_t a, std::size_t b) {
                     return std::pair(open[a * width], a) < std::pair(open[b * width], b);
                   });
  std::vector<char> is_taken(count, 0);
  for (std::size_t n = 0; n < taken; ++n) is_taken[order[n]] = 1;
  std::vector<double> lowest, rest;
  for (std::size_t n = 0; n < count; ++n) {
    const auto box = std::span(open).subspan(n * width, width);
    auto& list = is_taken[n] != 0 ? lowest : rest;
    list.insert(list.end(), box.begin(), box.end());
  }
  open = std::move(rest);
  return lowest;
}

// Cuts the taken boxes in two, and keeps what may be below the target.
void bound_round(const Search& search, int threads, CertifiedMinimum& state) {
  const std::size_t width = state.open_width;
  const double target = search.target(state);
  const std::vector<double> parents = take_lowest(state.open, width);
  std::vector<double> best(search.result_size());
  best[width] = std::numeric_limits<double>::infinity();
  const auto compute = [&](std::size_t n, std::span<double> result) {
    const auto parent = std::span(parents).subspan(n / 2 * width, width);
    search.bound_half(parent, n % 2 == 1, target, result);
  };
  const auto merge = [&](std::size_t, std::span<const double> result) {
    const auto box = result.first(width);
    ++state.boxes;
    if (result[width] < best[width]) best.assign(result.begin(), result.end());
    if (box[0] < target) state.open.insert(state.open.end(), box.begin(), box.end());
    return true;
  };
  for_each_chunk(2 * parents.size() / width, search.result_size(), threads, compute, merge);
  if (best[width] < promising * state.upper) search.improve(state, search.centre(best));
  ++state.rounds;
}

// The smallest bound of what is open, and of what is not.
double lower_bound(const Search& search, const CertifiedMinimum& state) {
  double lowest = search.target(state);
  for (std::size_t n = 0; n < state.open.size(); n += state.open_width) {
    lowest = std::min(lowest, state.open[n]);
  }
  return std::max(state.lower, lowest);
}

CertifiedMinimum first_state(const Search& search) {
  CertifiedMinimum state;
  state.open_width = search.layout().size();
  search.find_start(state);
  if (search.target(state) > 0.0) {
    try {
      search.open_domain(state);
    } catch (const Interrupted&) {
      // As if the callback had said stop: the upper bound is a result.
    }
  } else {
    state.radius = 0.0;  // nothing to search
  }
  return state;
}

void validate_resumed(const CertifiedMinimum& state, const Search& search, Index hidden,
                      Index features) {
  if (state.model.hidden() != hidden || state.model.features() != features ||
      state.open_width != search.layout().size() || state.open.size() % state.open_width != 0) {
    throw std::invalid_argument(fmt::format(
        "resume has a {} × {} model and boxes of {} numbers; here they are {} × {} and {}",
        state.model.hidden(), state.model.features(), state.open_width, hidden, features,
        search.layout().size()));
  }
}

// A box holds its centre, whose loss is therefore no less than a true bound. Losses are told times
// 2^exponent, in the caller's unit.
void check_box(std::vector<double> box, const CertifiedMinimum& state, const Search& search,
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
  const BoxLayout& layout = search.layout();
  const auto low = layout.weight_low(box), high = layout.weight_high(box);
  const auto b_low = layout.threshold_low(box), b_high = layout.threshold_high(box);
  if (!ordered(low, high) || !ordered(b_low, b_high)) refuse("its ends are in the wrong order");
  for (std::size_t n = 0; n < low.size(); ++n) {
    const double farthest = std::max(-low[n], high[n]);
    if (!(farthest <= state.radius * (1.0 + 1e-9))) {
      refuse(fmt::format("a weight of {}, beyond radius = {}", farthest, state.radius));
    }
  }
  const double loss = search.upper(search.middle(box));
  if (!(bound <= loss)) {
    refuse(fmt::format("its bound is {}, but it has a model of loss {}",
                       std::ldexp(bound, exponent), std::ldexp(loss, exponent)));
  }
}

// What can be derived again must agree, or what comes out is no bound. That boxes are missing shows
// only if all are.
void check_state(const CertifiedMinimum& state, const Search& search, int exponent) {
  if (!(state.radius >= 0.0)) return;  // it begins anew
  const auto refuse = [](const std::string& cause) {
    throw std::invalid_argument("resume is no state of this search: " + cause);
  };
  const auto told = [exponent](double loss) { return std::ldexp(loss, exponent); };
  const double upper = search.upper(state.model);
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
  if (state.open.empty() && state.lower < search.target(state)) {
    refuse(fmt::format("no box is open, although lower = {} is below the target {}",
                       told(state.lower), told(search.target(state))));
  }
  for (std::size_t n = 0; n < state.open.size(); n += state.open_width) {
    const auto first = state.open.begin() + static_cast<std::ptrdiff_t>(n);
    check_box({first, first + static_cast<std::ptrdiff_t>(state.open_width)}, state, search,
              exponent);
  }
}

// In the unit in which the features are given: the caller's is 2^exponent times that.
CertifiedMinimum certify(const Features& features, Index hidden, const CertifyOptions& options,
                         const CertifyCallback& callback, const CertifiedMinimum* resume,
                         int exponent) {
  const Search search(features, hidden, options, callback);
  if (resume != nullptr) {
    validate_resumed(*resume, search, hidden, features.size());
    check_state(*resume, search, exponent);
  }
  const bool begun = resume != nullptr && resume->radius >= 0.0;
  CertifiedMinimum state = begun ? *resume : first_state(search);
  const auto stopped = [&](CertifyStop reason) {
    state.stop_reason = reason;
    return state;
  };
  while (true) {
    if (state.radius < 0.0) return stopped(CertifyStop::interrupted);
    if (!std::isfinite(state.radius)) return stopped(CertifyStop::domain);
    state.lower = lower_bound(search, state);
    if (state.lower >= search.target(state) || state.open.empty()) {
      return stopped(search.met(state) ? CertifyStop::gap : CertifyStop::rounding);
    }
    if (state.boxes >= options.max_boxes) return stopped(CertifyStop::boxes);
    if (callback && !callback(state)) return stopped(CertifyStop::interrupted);
    CertifiedMinimum before = state;
    try {
      bound_round(search, options.threads, state);
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
