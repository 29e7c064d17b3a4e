#include "skeleta/measure/features.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "core/require.h"

namespace skeleta {

Features Features::uniform(Index count, double density, double importance) {
  return {Vector::Constant(count, density), Vector::Constant(count, importance)};
}

Features Features::of(DataLaw law, Vector importance) {
  Features features{law.activity.density(), std::move(importance)};
  if (!law.plain()) features.law = std::make_shared<const DataLaw>(std::move(law));
  return features;
}

DataLaw Features::data_law() const {
  return plain() ? DataLaw::independent(density) : *law;
}

void validate(const Features& features) {
  if (features.size() == 0) throw std::invalid_argument("density is empty: one entry per feature");
  if (features.importance.size() != features.size()) {
    throw std::invalid_argument(fmt::format("importance has {} entries, but density has {}",
                                            features.importance.size(), features.size()));
  }
  for (Index j = 0; j < features.size(); ++j) {
    const double p = features.density(j), v = features.importance(j);
    if (!(p >= 0.0 && p <= 1.0)) {
      throw std::invalid_argument(fmt::format("density[{}] = {} must lie in [0, 1]", j, p));
    }
    if (!(v >= 0.0 && std::isfinite(v))) {
      throw std::invalid_argument(
          fmt::format("importance[{}] = {} must be finite and not negative", j, v));
    }
  }
  if (features.plain()) return;
  validate(*features.law);
  require(features.law->activity.density() == features.density,
          "the densities are not those of the law");
}

void require_plain(const Features& features, std::string_view what) {
  if (features.plain()) return;
  const bool groups = !features.law->activity.independent();
  throw std::invalid_argument(
      fmt::format("{} knows only independent features with values uniform on [0, 1], not {}", what,
                  groups ? "groups of features" : "other value laws"));
}

void validate(const Features& features, Index expected) {
  validate(features);
  if (features.size() != expected) {
    throw std::invalid_argument(fmt::format("density has {} entries, but the model has {} features",
                                            features.size(), expected));
  }
}

double loss_of_zero_model(const Features& features) {
  return features.plain() ? features.importance.dot(second_moments(features.density))
                          : features.importance.dot(second_moments(*features.law));
}

double ScaledFeatures::restored(double x) const {
  return std::ldexp(x, exponent);
}

ScaledFeatures scaled(const Features& features) {
  constexpr int largest = 1000;  // exponent of the importances; leaves room for sums and squares
  constexpr double least = std::numeric_limits<double>::denorm_min();  // no positive one becomes 0
  const auto times = [&](int exponent) {
    const auto unit = [=](double v) {
      return v > 0.0 ? std::max(std::ldexp(v, exponent), least) : 0.0;
    };
    return Features{features.density, features.importance.unaryExpr(unit), features.law};
  };
  // First so that the largest v_i p_i is about 1, then by the sum.
  int product = std::numeric_limits<int>::min(), importance = product;
  for (Index i = 0; i < features.size(); ++i) {
    const double v = features.importance(i), p = features.density(i);
    if (v > 0.0) importance = std::max(importance, std::ilogb(v));
    if (v > 0.0 && p > 0.0) product = std::max(product, std::ilogb(v) + std::ilogb(p));
  }
  if (importance == std::numeric_limits<int>::min()) return {features, 0};
  if (product == std::numeric_limits<int>::min()) return {times(-importance), importance};
  const auto within_range = [&](int exponent) { return std::max(exponent, importance - largest); };
  int exponent = within_range(product);
  const double zero = loss_of_zero_model(times(-exponent));
  if (zero > 0.0) exponent = within_range(exponent + std::ilogb(zero) + 1);
  return {times(-exponent), exponent};
}

}  // namespace skeleta
