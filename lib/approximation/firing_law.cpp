#include "approximation/firing_law.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace skeleta::approximation {
namespace {

constexpr double strongest = 0x1p14;  // θ max|g|: mean distances of 1/θ g_j from the corner
constexpr double strongest_alone =
    0x1p40;  // if a feature gets there alone: it may be in a sliver only

using Row = Eigen::Array<double, Eigen::Dynamic, 1>;

// log h(a), h(a) = ∫₀¹ e^{at} dt.
Row log_h(const Row& a) {
  const Row size = a.abs().max(1e-8);
  return ((1.0 - (-size).exp()) / size).log() + a.max(0.0);
}

// Mean of the density ∝ e^{at} on [0, 1].
double mean_value(double a) {
  if (std::abs(a) < 1e-3) return 0.5 + a / 12.0;
  return -1.0 / std::expm1(-a) - 1.0 / a;
}

// Its quantile function.
double quantile(double a, double u) {
  if (std::abs(a) < 1e-8) return u;
  if (a < 0.0) return 1.0 - quantile(-a, u);
  // 1 + log(u + (1 − u) e^{−a})/a, never out of [0, 1].
  return std::clamp(1.0 + std::log(u + (1.0 - u) * std::exp(-a)) / a, 0.0, 1.0);
}

Row sigmoid(const Row& x) {
  return 1.0 / (1.0 + (-x).exp());
}

}  // namespace

FiringLaw::FiringLaw(const Vector& density, Vector g, double c, double active,
                     std::optional<Index> own)
    : density_(density), g_(std::move(g)), own_(own) {
  Vector log_odds(density.size());
  for (Index j = 0; j < density.size(); ++j) {
    // Bounded, so that no product of zero and infinity comes up; exact 0 and 1 are put back.
    const double p = std::clamp(density(j), 1e-300, 1.0 - 1e-16);
    log_odds(j) = std::log(p / (1.0 - p));
  }
  const double largest = g_.cwiseAbs().maxCoeff();
  const bool reached_alone = own_ && g_(*own_) > c;
  tilt_to(0.0, active, log_odds);
  for (double strength = 1.0; largest > 0.0; strength *= 2.0) {
    double mean = 0.0;
    for (Index j = 0; j < g_.size(); ++j) mean += tilted_(j) * mean_value(theta_ * g_(j)) * g_(j);
    reaches_ = mean >= c;
    if (reaches_ || strength > (reached_alone ? strongest_alone : strongest)) break;
    // It may take more features than were asked for.
    if (strength > 4.0 && !reached_alone) active += 1.0;
    tilt_to(strength / largest, active, log_odds);
  }
  if (largest == 0.0) reaches_ = c <= 0.0;
  const Row factor = shift_ + log_h(theta_ * g_.array());
  for (Index j = 0; j < g_.size(); ++j) {
    const double p = density(j);
    if (own_ == j || p == 0.0) continue;
    const double level = log_odds(j) + factor(j);
    log_mass_ += p == 1.0 ? factor(j)
                          : std::log1p(-p) + (level > 40.0 ? level : std::log1p(std::exp(level)));
  }
  if (own_) log_mass_ += std::log(density(*own_)) + factor(*own_) - shift_;
}

void FiringLaw::tilt_to(double theta, double active, const Vector& log_odds) {
  theta_ = theta;
  const Row level = log_odds.array() + log_h(theta * g_.array());
  const auto place = [&](double shift) {
    tilted_ = sigmoid(level + shift).matrix();
    for (Index j = 0; j < g_.size(); ++j) {
      if (density_(j) == 0.0 || density_(j) == 1.0) tilted_(j) = density_(j);
    }
    if (own_) tilted_(*own_) = 1.0;
  };
  // Newton's method for the increasing Σ tilted(t) = active; a rough t is as good as any.
  place(shift_);
  for (int step = 0; step < 8; ++step) {
    const double slope = (tilted_.array() * (1.0 - tilted_.array())).sum();
    const double missing = active - tilted_.sum();
    if (slope < 1e-6 || std::abs(missing) < 0.05) break;
    shift_ = std::clamp(shift_ + std::clamp(missing / slope, -2.0, 2.0), -60.0, 60.0);
    place(shift_);
  }
}

void FiringLaw::draw(sampling::PointStream& stream, Input& input) const {
  input.active.clear();
  input.value.clear();
  for (Index j = 0; j < g_.size(); ++j) {
    if (!(stream.uniform() < tilted_(j))) continue;
    input.active.push_back(static_cast<std::int32_t>(j));
    input.value.push_back(quantile(theta_ * g_(j), stream.uniform()));
  }
}

double FiringLaw::log_ratio(const Input& input) const {
  double sum = -log_mass_;
  bool with_own = !own_;
  for (std::size_t k = 0; k < input.active.size(); ++k) {
    const Index j = input.active[k];
    with_own = with_own || own_ == j;
    sum += (own_ == j ? 0.0 : shift_) + theta_ * g_(j) * input.value[k];
  }
  return with_own ? sum : -std::numeric_limits<double>::infinity();
}

FiringMixture::FiringMixture(const std::vector<FiringLaw>& laws, const Vector& weights)
    : weights_(weights.array()),
      present_(weights_),
      offset_(weights.size()),
      shift_(weights.size()),
      slope_(weights.size(), laws.front().g_.size()),
      law_of_(static_cast<std::size_t>(slope_.cols()), -1) {
  for (Index c = 0; c < weights.size(); ++c) {
    const FiringLaw& law = laws[static_cast<std::size_t>(c)];
    slope_.row(c) = law.theta_ * law.g_.transpose();
    shift_(c) = law.shift_;
    offset_(c) = -law.log_mass_;
    if (!law.own_) continue;
    offset_(c) -= law.shift_;  // of the others only
    present_(c) = 0.0;
    law_of_[static_cast<std::size_t>(*law.own_)] = c;
  }
}

double FiringMixture::ratio(const Input& input) {
  log_ = offset_ + static_cast<double>(input.active.size()) * shift_;
  used_ = present_;
  for (std::size_t k = 0; k < input.active.size(); ++k) {
    const Index j = input.active[k], own = law_of_[static_cast<std::size_t>(j)];
    log_ += input.value[k] * slope_.col(j).array();
    if (own >= 0) used_(own) = weights_(own);
  }
  return (used_ * log_.min(600.0).exp()).sum();
}

}  // namespace skeleta::approximation
