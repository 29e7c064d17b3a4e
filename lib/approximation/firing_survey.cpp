#include "approximation/firing_survey.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/decompositions.h"
#include "skeleta/measure/active_count.h"

namespace skeleta::approximation {
namespace {

constexpr std::size_t base_points = 256;  // from the first law
constexpr double seen = 3.0;              // samples beyond the level of survey_tail
constexpr double often_firing = 0.75;  // a feature alone, x > b/|w|²: else values are tilted there
constexpr double negligible = 1e-10;   // of the mean: what outputs are not taken apart for
constexpr double least_missed = 1e-9;  // of the mean: what a survey cannot exclude

double square(double x) {
  return x * x;
}

// About the largest number of active features that matters.
Index many_active(const Vector& density, Index first) {
  const ActiveCount law(density);
  Index l = std::min(first + 1, law.features());
  while (l < law.features() && law.at_least(l + 1) > 1e-3) ++l;
  return l;
}

// For which there are laws: each costs some D numbers and 100 D operations.
Index most_outputs(Index features) {
  return std::clamp<Index>(100'000 / features, 128, 1024);
}

void sort(std::vector<std::size_t>& order, const std::vector<double>& values) {
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
}

// A feature that fires alone: the others disturb it, upwards or downwards, whichever they can more;
// often enough that the largest of them is half on.
FiringLaw disturbed(const Vector& density, const Vector& g, double active, Index own) {
  const Eigen::ArrayXd possible = (density.array() > 0.0).select(g.array(), 0.0);
  const bool up = possible.max(0.0).sum() >= -possible.min(0.0).sum();
  const double largest = up ? possible.maxCoeff() : -possible.minCoeff();
  return {density, up ? g : Vector(-g), 0.5 * largest, active, own};
}

Vector without(Vector g, Index own) {
  g(own) = 0.0;
  return g;
}

}  // namespace

FiringSurvey::FiringSurvey(const Autoencoder& model, const Features& features, Index first,
                           const estimate::Controls* controls, std::uint64_t seed)
    : model_(model),
      features_(features),
      first_(first),
      controlled_(controls != nullptr),
      gram_(model.features() <= most_with_gram ? gram(model) : Matrix()),
      mass_(ActiveCount(features.density).at_least(first)) {
  if (!(mass_ > 0.0)) return;
  choose_laws();
  draw(seed);
  Vector d;
  for (std::size_t k = 0; k < points_.size(); ++k) {
    const auto l = static_cast<Index>(points_[k].active.size());
    if (l >= first_) on_skeleton_[l].push_back(k);
    excess(points_[k], d);
    mean_ += weight_[k] * d.sum();
  }
  if (controls) evaluate(*controls);
}

void FiringSurvey::evaluate(const estimate::Controls& controls) {
  std::vector<double> values(controls.value.outputs());
  controls_.resize(static_cast<Index>(points_.size()), static_cast<Index>(values.size()));
  const estimate::BatchIntegrand compute = controls.value();
  sampling::SparseBatch batch;
  for (std::size_t k = 0; k < points_.size(); ++k) {
    batch.reset(points_[k].active.size(), 1);
    std::ranges::copy(points_[k].active, batch.active().begin());
    std::ranges::copy(points_[k].value, batch.value().begin());
    compute(batch, values);
    for (std::size_t c = 0; c < values.size(); ++c) {
      controls_(static_cast<Index>(k), static_cast<Index>(c)) = values[c];
    }
  }
}

// The first law is P, with enough active features.
void FiringSurvey::choose_laws() {
  const Vector& p = features_.density;
  const Index count = features_.size();
  const auto possible = static_cast<double>((p.array() > 0.0).count());
  const double active =
      std::min(std::max(p.sum(), static_cast<double>(first_) + 0.5), std::max(possible - 0.3, 0.0));
  laws_.emplace_back(p, Vector::Zero(count), -1.0, active, std::nullopt);

  const auto l = static_cast<double>(many_active(p, first_));
  const double longest = model_.W.colwise().norm().maxCoeff();
  Vector largest(count);  // of v_i y_i², about
  for (Index i = 0; i < count; ++i) {
    double z = l * longest * model_.W.col(i).norm();
    if (gram_.size() > 0) z = std::min(z, gram_.col(i).cwiseMax(0.0).sum());
    const double y = std::max(z - model_.b(i), 0.0);
    largest(i) = features_.importance(i) * std::max(y * y, p(i) > 0.0 ? 1.0 : 0.0);
  }
  std::vector<Index> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](Index a, Index b) { return largest(a) > largest(b); });
  order.resize(static_cast<std::size_t>(std::min(count, most_outputs(count))));
  for (const Index i : order) {
    if (largest(i) == 0.0) continue;
    const Vector g = without(
        gram_.size() > 0 ? Vector(gram_.col(i)) : Vector(model_.W.transpose() * model_.W.col(i)),
        i);
    const double norm = model_.W.col(i).squaredNorm(), b = model_.b(i);
    const double reach = (g.cwiseMax(0.0).array() * (p.array() > 0.0).cast<double>()).sum();
    if (p(i) < 1.0 && reach > b) laws_.emplace_back(p, g, b, active, std::nullopt);
    if (p(i) == 0.0) continue;
    if (often_firing * norm > b) {
      laws_.push_back(disturbed(p, g, active, i));
      continue;
    }
    Vector with_own = g;                       // active, it is tilted with the others
    if (norm > b) with_own = g.cwiseMax(0.0);  // whether or not these disturb where it fires alone
    with_own(i) = norm;
    laws_.emplace_back(p, with_own, reach + norm > b ? b : 0.0, active, i);
  }
}

void FiringSurvey::draw(std::uint64_t seed) {
  const std::size_t tilted = laws_.size() - 1;
  const std::size_t each = tilted == 0 ? 0 : std::clamp<std::size_t>(768 / tilted, 4, 24);
  Vector parts = Vector::Constant(static_cast<Index>(laws_.size()), static_cast<double>(each));
  parts(0) = static_cast<double>(base_points);
  FiringMixture mixture(laws_, parts);
  sampling::StreamKey key{seed, sampling::Purpose::pilot, 2, 0};
  for (std::size_t c = 0; c < laws_.size(); ++c) {
    key.stratum = c;
    for (std::uint64_t n = 0; n < (c == 0 ? base_points : each); ++n) {
      sampling::PointStream stream(key, n);
      Input input;
      laws_[c].draw(stream, input);
      // Points with fewer active features count as zeros.
      const auto l = static_cast<Index>(input.active.size());
      if (l < std::min<Index>(first_, controlled_ ? 2 : 0)) continue;
      weight_.push_back(1.0 / mixture.ratio(input));  // points of the survey times dQ/dP
      points_.push_back(std::move(input));
    }
  }
}

void FiringSurvey::excess(const Input& input, Vector& d) const {
  Vector z = -model_.b;
  if (gram_.size() > 0) {
    for (std::size_t k = 0; k < input.active.size(); ++k) {
      z += input.value[k] * gram_.col(input.active[k]);
    }
  } else {
    Vector hidden = Vector::Zero(model_.hidden());
    for (std::size_t k = 0; k < input.active.size(); ++k) {
      hidden += input.value[k] * model_.W.col(input.active[k]);
    }
    z += model_.W.transpose() * hidden;
  }
  d = features_.importance.cwiseProduct(z.cwiseMax(0.0).cwiseAbs2());
  for (std::size_t k = 0; k < input.active.size(); ++k) {
    const Index i = input.active[k];
    const double x = input.value[k], y = std::max(z(i), 0.0);
    double error = square(x - y);
    if (controlled_) {
      const double alone = std::max(model_.W.col(i).squaredNorm() * x - model_.b(i), 0.0);
      error = (alone - y) * (2.0 * x - y - alone);
    }
    d(i) = features_.importance(i) * error;
  }
}

void FiringSurvey::look(std::span<const Index> apart) {
  residual_.resize(points_.size());
  order_.clear();
  Vector d;
  for (std::size_t k = 0; k < points_.size(); ++k) {
    excess(points_[k], d);
    for (const Index i : apart) d(i) = 0.0;
    residual_[k] = d.sum();
    if (static_cast<Index>(points_[k].active.size()) >= first_) order_.push_back(k);
  }
  excess_ = residual_;
  sort(order_, residual_);
  take_off_controls();
  sort(order_, residual_);
}

// What a sampler's fit leaves: on each skeleton the regression on all controls but the first, which
// is taken off already, with the points' weights. The fit's few points do not see what is rare: it
// is cut off at what they see.
void FiringSurvey::take_off_controls() {
  constexpr double pilot_points = 4096.0;
  const Index count = controls_.cols();
  if (count < 2) return;
  const double high = tail(pilot_points, 1.0).level, low = -tail(pilot_points, -1.0).level;
  for (const auto& [l, points] : on_skeleton_) {
    const auto size = static_cast<Index>(points.size());
    if (size < 4 * count) continue;
    Matrix design(size, count);
    Vector values(size), root(size);
    for (Index n = 0; n < size; ++n) {
      const std::size_t k = points[static_cast<std::size_t>(n)];
      root(n) = std::sqrt(weight_[k]);
      values(n) = std::clamp(residual_[k], std::min(low, high), high);
      design.row(n) = controls_.row(static_cast<Index>(k));
      design(n, 0) = 1.0;
    }
    const Matrix weighted = root.asDiagonal() * design;
    const Vector scale = weighted.colwise().norm().cwiseMax(1e-300).cwiseInverse();
    const Vector beta = scale.cwiseProduct(
        least_squares(weighted * scale.asDiagonal(), root.cwiseProduct(values), 1e-8));
    const double mean = root.cwiseAbs2().dot(values) / root.squaredNorm();
    const Vector fit = design * beta;
    for (Index n = 0; n < size; ++n)
      residual_[points[static_cast<std::size_t>(n)]] -= fit(n) - mean;
  }
}

// P(N ≥ first) times the standard deviation there of R', cut off at what `points` samples see.
double FiringSurvey::seen_deviation(double points) const {
  const double high = tail(points, 1.0).level, low = -tail(points, -1.0).level;
  if (!(high > low)) return 0.0;
  double first = 0.0, second = 0.0;
  for (const std::size_t k : order_) {
    const double r = std::clamp(residual_[k], low, high) - low;
    first += weight_[k] * r;
    second += weight_[k] * square(r);
  }
  return std::sqrt(std::max(mass_ * second - square(first), 0.0));
}

double FiringSurvey::points_to(double target) const {
  constexpr double least = 1024.0, most = 1e15;
  double points = least;
  while (points < most && square(seen_deviation(points)) > points * square(target)) points *= 2.0;
  return points;
}

// Adds the outputs that make most of what lies beyond the level; false if that is little.
bool FiringSurvey::take_apart(const SurveyTail& tail, double most, double sign,
                              std::vector<Index>& apart) const {
  if (!(tail.beyond > most)) return false;
  Vector shares = Vector::Zero(features_.size()), d;
  for (const std::size_t k : tail.points) {
    excess(points_[k], d);
    for (const Index i : apart) d(i) = 0.0;
    d = (sign * d).cwiseMax(0.0);
    const double sum = d.sum();
    if (sum > 0.0) shares += (weight_[k] * (sign * residual_[k] - tail.level) / sum) * d;
  }
  std::vector<Index> outputs(static_cast<std::size_t>(features_.size()));
  std::iota(outputs.begin(), outputs.end(), Index{0});
  std::stable_sort(outputs.begin(), outputs.end(),
                   [&](Index a, Index b) { return shares(a) > shares(b); });
  double left = tail.beyond;
  const std::size_t before = apart.size();
  for (const Index i : outputs) {
    if (left <= 0.5 * most || !(shares(i) > 0.0)) break;
    left -= shares(i);
    apart.push_back(i);
  }
  return apart.size() > before;
}

// Upwards and downwards: the errors have opposite signs.
double FiringSurvey::missed(std::span<const estimate::SampledRange> sampled) const {
  double above = 0.0, below = 0.0;
  std::vector<double> values = excess_;
  for (const estimate::SampledRange& on : sampled) {
    std::vector<std::size_t> order;
    for (const std::size_t k : order_) {
      const auto l = static_cast<Index>(points_[k].active.size());
      if (l < on.range.first || l > on.range.last) continue;
      order.push_back(k);
      for (std::size_t c = 1; c < on.coefficients.size(); ++c) {
        values[k] -= on.coefficients[c] * controls_(static_cast<Index>(k), static_cast<Index>(c));
      }
    }
    sort(order, values);
    above += survey_tail(values, weight_, order, on.probability, on.points, 1.0).beyond;
    below += survey_tail(values, weight_, order, on.probability, on.points, -1.0).beyond;
  }
  return std::max({above, below, least_missed * std::abs(mean_)});
}

std::vector<Index> FiringSurvey::hidden(double points, double error) {
  std::vector<Index> apart;
  const double rounding = negligible * std::abs(mean_);
  while (!points_.empty()) {
    look(apart);
    const double n = points > 0.0 ? points : points_to(error);
    const double most = (0.15 + seen / std::sqrt(n)) * seen_deviation(n) / std::sqrt(n) + rounding;
    if (!take_apart(tail(n, 1.0), most, 1.0, apart) &&
        !take_apart(tail(n, -1.0), most, -1.0, apart)) {
      break;
    }
  }
  std::sort(apart.begin(), apart.end());
  return apart;
}

}  // namespace skeleta::approximation
