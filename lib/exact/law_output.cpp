#include "exact/law_output.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "exact/contour.h"

namespace skeleta::exact {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr Index least_nodes = 32;

// φ of one feature, marked as active, and x φ in the tangent if it is the own one.
template <class T>
OwnSplit<T> marked(const T& value, const T& own) {
  OwnSplit<T> result;
  result.c[0].one = value;
  result.c[1].one = own;
  return result;
}

template <class T>
std::pair<T, T> rest_of(const OwnSplit<T>& x) {
  return {x.c[0].rest, x.c[1].rest};
}

}  // namespace

LawOutput::LawOutput(const DataLaw& law, Index own)
    : law_(law), own_(own), nodes_(law.activity), bounds_(law.activity) {}

LawOutput::Result LawOutput::evaluate(const Vector& g, double c, double tolerance, Index most) {
  set(g, c);
  Result result;
  if (!(spread_ > 0.0)) return result;  // z = c wherever two features are active
  const double period = choose_period(tolerance / 4.0);
  double truncation = 0.0;
  result.nodes = choose_nodes(period, tolerance / 2.0, most, truncation);
  result.value = sum_nodes(period, result.nodes) - left_aliases(period);
  result.error = alias_error(period) + truncation + rounding(period, result.nodes);
  return result;
}

void LawOutput::set(const Vector& g, double c) {
  // What is never active must not limit the strip.
  g_ = (law_.activity.density().array() > 0.0).select(g, 0.0);
  c_ = c;
  set_moments();
  const double square = moments_[2].plain - 2.0 * c * moments_[1].plain + c * c * moments_[0].plain;
  spread_ = std::sqrt(std::max(square, 0.0) / moments_[0].plain);
  right_ = chernoff(1.0);
  left_ = chernoff(-1.0);
}

void LawOutput::set_moments() {
  using Moments = Series<double, 3>;
  ActivitySweep<OwnSplit<Moments>> sweep(law_.activity);
  const auto [plain, own] = rest_of(sweep.up([&](Index j) {
    const ValueLaw& value = law_.values[static_cast<std::size_t>(j)];
    Moments h, h1;
    double coefficient = 1.0;  // gᵏ/k!
    for (int k = 0; k < 3; ++k) {
      h.c[static_cast<std::size_t>(k)] = coefficient * value.moment(k);
      if (j == own_) h1.c[static_cast<std::size_t>(k)] = coefficient * value.moment(k + 1);
      coefficient *= g_(j) / (k + 1);
    }
    return marked(h, h1);
  }));
  for (std::size_t n = 0; n < 3; ++n) {
    const double factorial = n == 2 ? 2.0 : 1.0;
    moments_[n] = {factorial * plain.c[n], factorial * own.c[n]};
  }
}

// Whether no product of the e^{abscissa g_j U_j}, and of e^{abscissa c}, leaves e^{∓most}.
bool LawOutput::representable(double abscissa, double most) const {
  double sum = std::abs(abscissa * c_);
  for (Index j = 0; j < g_.size(); ++j) {
    if (g_(j) == 0.0) continue;
    sum += std::abs(law_.values[static_cast<std::size_t>(j)].log_scale(abscissa * g_(j)));
  }
  return sum <= most;
}

// Of E |U_j|^k e^{s g_j U_j}.
Wide LawOutput::leaf_bound(Index j, int k, std::complex<double> s) const {
  const ValueLaw& value = law_.values[static_cast<std::size_t>(j)];
  const std::complex<double> a = s * g_(j);
  return std::exp(Wide{value.log_scale(a.real())}) * Wide{value.transform_bound(k, a)};
}

// Bounds of E[e^{sz}; N ≥ 2] and E[|x_i| e^{sz}; N ≥ 2] for Re s = abscissa, |Im s| ≥ omega: all
// coefficients of the tree are positive.
RestPair<Wide> LawOutput::majorant(double abscissa, double omega) {
  const std::complex<double> s(abscissa, omega);
  const auto [plain, own] = rest_of(bounds_.up([&](Index j) {
    return marked<Wide>(leaf_bound(j, 0, s), j == own_ ? leaf_bound(j, 1, s) : 0.0L);
  }));
  return {plain, own};
}

// How both change, at most, if each g_j does by a part ε: over |s| ε.
RestPair<Wide> LawOutput::sensitivity(double abscissa) {
  majorant(abscissa, 0.0);
  RestPair<Wide> total;
  bounds_.down([&](Index j, const OwnSplit<Wide>& others) {
    const Wide size = std::abs(g_(j));
    const auto [plain, own] =
        rest_of(others * marked<Wide>(size * leaf_bound(j, 1, abscissa),
                                      j == own_ ? size * leaf_bound(j, 2, abscissa) : 0.0L));
    total.plain += plain;
    total.own += own;
  });
  return total;
}

std::vector<LawOutput::Chernoff> LawOutput::chernoff(double sign) {
  constexpr double most = 11'000.0;  // of the logarithm of a long double
  std::vector<Chernoff> result;
  double limit = infinity;  // of θ, by the strips
  for (Index j = 0; j < g_.size(); ++j) {
    const double slope = sign * g_(j);
    if (slope <= 0.0) continue;
    limit = std::min(limit, law_.values[static_cast<std::size_t>(j)].strip() / slope);
  }
  const auto add = [&](double theta) {
    if (!representable(sign * theta, most)) return;
    const RestPair<Wide> size = majorant(sign * theta, 0.0);
    const Wide t = theta, e = std::numbers::e_v<Wide>;
    const auto bound =
        static_cast<double>(std::exp(-sign * t * c_) *
                            (4.0L / (e * e * t * t) * size.plain + 2.0L / (e * t) * size.own));
    if (std::isfinite(bound)) result.push_back({theta, bound});
  };
  for (double theta = 0.25 / spread_; theta < std::min(limit, 600.0 / spread_);
       theta *= std::numbers::sqrt2) {
    add(theta);
  }
  if (std::isfinite(limit)) {
    for (const double part : {0.5, 0.8, 0.95}) add(part * limit);
  }
  return result;
}

// See contour.h: Σ_m e^{κm} f(c + mT), and what the polynomial misses of Σ_m e^{−κm} f(c − mT).
double LawOutput::alias_error(double period) const {
  const double abscissa = kappa / period;
  double right = infinity, left = infinity;
  for (const auto& [theta, bound] : right_) {
    if (theta <= abscissa) continue;
    const double q = std::exp(-(theta - abscissa) * period);
    right = std::min(right, bound * q / (1.0 - q));
  }
  for (const auto& [theta, bound] : left_) {
    const double q = std::exp(-kappa - theta * period);
    left = std::min(left, bound * q / (1.0 - q));
  }
  return right + left;
}

double LawOutput::choose_period(double tolerance) const {
  constexpr double most = 600.0;  // of the logarithm of a double
  double best = spread_ / 4.0;
  while (!representable(kappa / best, most)) best *= 1.125;
  const double first = best;
  for (double period = first; period < 1e4 * first; period *= 1.125) {
    const double error = alias_error(period);
    if (!(error >= alias_error(best))) best = period;
    if (error <= tolerance) return period;
  }
  return best;
}

double LawOutput::left_aliases(double period) const {
  const LeftAliases aliases{.period = period, .c = c_};
  return aliases.of_square(moments_[0].plain, moments_[1].plain, moments_[2].plain) -
         2.0 * aliases.of_ramp(moments_[0].own, moments_[1].own);
}

// The nodes beyond n in stretches [n 2^{m/2}, n 2^{(m+1)/2}), on each of which the majorants are
// those of its beginning; the powers of |s| as in truncation.h.
Index LawOutput::choose_nodes(double period, double tolerance, Index most, double& error) {
  const Contour contour{period};
  const double spacing = contour.spacing();
  const Wide shift = std::exp(Wide{-contour.abscissa() * c_});
  constexpr int beyond = 12;
  std::vector<Index> ends{least_nodes};
  while (ends.back() < most) {
    ends.push_back(std::min(most, static_cast<Index>(std::ceil(static_cast<double>(ends.back()) *
                                                               std::numbers::sqrt2))));
  }
  const std::size_t choices = ends.size();
  for (int m = 0; m < beyond; ++m)
    ends.push_back(
        static_cast<Index>(std::ceil(static_cast<double>(ends.back()) * std::numbers::sqrt2)));
  // From the far end, so that each stretch is bounded once.
  std::vector<double> tail(ends.size());
  double sum = 0.0;
  for (std::size_t m = ends.size(); m-- > 0;) {
    const auto begin = static_cast<double>(ends[m]);
    const double from = 1.0 / (begin - 0.5);
    const double to = m + 1 < ends.size() ? 1.0 / (static_cast<double>(ends[m + 1]) - 0.5) : 0.0;
    const RestPair<Wide> size = majorant(contour.abscissa(), spacing * begin);
    const double squares = (from - to) / (spacing * spacing);
    const double cubes = 0.5 * (from * from - to * to) / (spacing * spacing * spacing);
    sum += 2.0 * static_cast<double>(shift * (size.plain * cubes + size.own * squares));
    tail[m] = 2.0 / period * sum;
  }
  std::size_t choice = 0;
  while (choice + 1 < choices && !(tail[choice] <= tolerance)) ++choice;
  error = tail[choice];
  return ends[choice];
}

double LawOutput::sum_nodes(double period, Index nodes) {
  const Contour contour{period};
  double sum = 0.0;
  for (Index k = 0; k < nodes; ++k) {
    const std::complex<double> s(contour.abscissa(), contour.spacing() * static_cast<double>(k));
    const auto [plain, own] = rest_of(nodes_.up([&](Index j) {
      const ExponentialMoments h =
          law_.values[static_cast<std::size_t>(j)].exponential_moments(s * g_(j));
      const double scale = std::exp(h.log_scale);
      return marked<std::complex<double>>(scale * h.value[0], j == own_ ? scale * h.value[1] : 0.0);
    }));
    const std::complex<double> kernel = std::exp(-s * c_) * 2.0 / (s * s);
    sum += (k == 0 ? 1.0 : 2.0) * (kernel * (plain / s - own)).real();
  }
  return sum / period;
}

// Transforms and products to some hundred ε, phases s·g·U and s·c to ε each.
double LawOutput::rounding(double period, Index nodes) {
  const Contour contour{period};
  const double abscissa = contour.abscissa(), epsilon = std::numeric_limits<double>::epsilon();
  const Wide shift = std::exp(Wide{-abscissa * c_});
  const RestPair<Wide> bound = majorant(abscissa, 0.0), slope = sensitivity(abscissa);
  double sum = 0.0;
  for (Index k = 0; k < nodes; ++k) {
    const double s =
        std::abs(std::complex<double>(abscissa, contour.spacing() * static_cast<double>(k)));
    const auto error = [&](Wide value, Wide change) {
      return epsilon * static_cast<double>(
                           shift * ((200.0 + 2.0 * s * std::abs(c_)) * value + 2.0 * s * change));
    };
    sum += 2.0 / (s * s) * (error(bound.plain, slope.plain) / s + error(bound.own, slope.own));
  }
  const double aliases = 200.0 * epsilon *
                         (moments_[0].plain * (spread_ * spread_ + period * period) +
                          2.0 * (std::abs(moments_[1].own) + period * std::abs(moments_[0].own)));
  return 2.0 / period * sum + aliases;
}

}  // namespace skeleta::exact
