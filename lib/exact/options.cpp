#include "skeleta/exact/options.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "skeleta/core/parallel.h"

namespace skeleta::exact {
namespace {

void require(bool holds, const std::string& message) {
  if (!holds) throw std::invalid_argument(message);
}

}  // namespace

void validate(const Options& options) {
  const auto target = [](const char* name, double value) {
    require(value >= 0.0 && std::isfinite(value),
            fmt::format("{} = {} must be finite and not negative", name, value));
  };
  target("relative_target", options.relative_target);
  target("absolute_target", options.absolute_target);
  require(options.gradient_target > 0.0 && std::isfinite(options.gradient_target),
          fmt::format("gradient_target = {} must be positive and finite", options.gradient_target));
  require(options.absolute_target > 0.0 || options.relative_target >= 1e-14,
          fmt::format("relative_target = {} is below 1e-14, what double precision can reach; ask "
                      "for 1e-12, or give an absolute_target",
                      options.relative_target));
  require(options.maximum_nodes >= 64,
          fmt::format("maximum_nodes = {} must be at least 64", options.maximum_nodes));
  require(options.probability_floor >= 0.0 && options.probability_floor < 1.0,
          fmt::format("probability_floor = {} must lie in [0, 1)", options.probability_floor));
  require(!options.skeletons || *options.skeletons >= 0,
          fmt::format("skeletons = {} must not be negative", options.skeletons.value_or(0)));
  resolve_threads(options.threads);
}

}  // namespace skeleta::exact
