#include "skeleta/measure/features.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

namespace skeleta {

Features Features::uniform(Index count, double density, double importance) {
  return {Vector::Constant(count, density), Vector::Constant(count, importance)};
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
}

void validate(const Features& features, Index expected) {
  validate(features);
  if (features.size() != expected) {
    throw std::invalid_argument(fmt::format("density has {} entries, but the model has {} features",
                                            features.size(), expected));
  }
}

}  // namespace skeleta
