#include "exact/phases.h"

#include <cmath>

namespace skeleta::exact {

void Phases::resize(Index features) {
  const auto size = static_cast<std::size_t>(row_size(features));
  for (auto* array : {&turns_, &growth_, &step_re_, &step_im_}) array->resize(size);
  state_.resize(size);
}

void Phases::set(const Row& row, const Contour& contour) {
  count_ = row.fine_count > 0 ? row.points_begin() + FineLaw::most : row.count + 1;
  const double per_period = 1.0 / contour.period;
  for (Index n = 0; n < padded(count_); n += lane_count) {
    const auto at = static_cast<std::size_t>(n);
    const Lanes g = load(&row.g[at]), turns = g * per_period;
    const Complex step = turn_minus_1(static_cast<double>(lane_count) * turns);
    store(&turns_[at], turns);
    store(&growth_[at], exp_minus_1(kappa * turns));
    store(&step_re_[at], step.re);
    store(&step_im_[at], step.im);
  }
}

void Phases::start(Index first) {
  const Lanes k = counting(static_cast<double>(first));
  for (Index n = 0; n < count_; ++n) {
    const auto at = static_cast<std::size_t>(n);
    const Complex turn = turn_minus_1(k * turns_[at]);
    const double growth = growth_[at];
    state_[at] = {(1.0 + growth) * turn.re + growth, (1.0 + growth) * turn.im};
  }
}

Decay::Decay(const Contour& contour, double c, Index first) {
  const double turns = -c / contour.period, size = std::exp(kappa * turns);
  const Complex turn = turn_minus_1(counting(static_cast<double>(first)) * turns);
  value_ = {size + size * turn.re, size * turn.im};
  step_ = turn_minus_1(broadcast(static_cast<double>(lane_count) * turns));
}

}  // namespace skeleta::exact
