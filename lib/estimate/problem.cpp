#include "estimate/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>

#include "estimate/methods.h"
#include "skeleta/sampling/point_sampler.h"

namespace skeleta::estimate {
namespace {

// Skeletons whose probability adds up to less are out of reach of any number of samples.
constexpr double negligible = 1e-18;

}  // namespace

Problem::Problem(const Task& task, const MethodRecord& method)
    : task_(task), method_(method), data_(task.features.data_law()), law_(data_.activity) {
  const Known& known = task.known;
  const bool anything = !known.parts.empty() || known.bound_outside || known.controls ||
                        !known.apart.empty() || known.largest || known.unseen_above != 0.0 ||
                        known.unseen_below != 0.0;
  if (anything && outputs() != 1) {
    throw std::invalid_argument(
        fmt::format("known parts, bounds and controls are for one output, not {}", outputs()));
  }
  if (known.controls) {
    const std::size_t count = known.controls->value.outputs();
    if (static_cast<std::size_t>(known.controls->mean.cols()) != count ||
        known.controls->coefficient.size() != count) {
      throw std::invalid_argument(
          fmt::format("{} controls with {} columns of means and {} coefficients", count,
                      known.controls->mean.cols(), known.controls->coefficient.size()));
    }
  }
  Index first = 0;
  for (const SkeletonPart& part : known.parts) {
    if (part.l != first++) {
      throw std::invalid_argument(
          fmt::format("known parts must be those of Q_0, Q_1, ...: Q_{} is out of place", part.l));
    }
    if (by_skeleton()) known_value_ += part.contribution;
  }
  for (Index l = 0; l <= law_.features(); ++l) known_value_ += apart(l);
  if (!by_skeleton()) first = 0;
  reachable_ = law_.bulk({first, law_.features()}, negligible);
}

bool Problem::by_skeleton() const {
  return method_.by_skeleton;
}

const std::optional<Controls>& Problem::controls() const {
  static const std::optional<Controls> none;
  return by_skeleton() ? known().controls : none;
}

double Problem::apart(Index l) const {
  return l < static_cast<Index>(known().apart.size()) ? known().apart[static_cast<std::size_t>(l)]
                                                      : 0.0;
}

double Problem::bound_outside(CountRange sampled) const {
  if (!bounded()) return 0.0;
  Index parts = by_skeleton() ? static_cast<Index>(known().parts.size()) : 0;
  while (parts < law_.features() && law_.probability(parts) == 0.0) ++parts;
  // Known skeletons that the sampled ones continue are not outside.
  return known().bound_outside({sampled.first <= parts ? 0 : sampled.first, sampled.last});
}

double Problem::target(double value) const {
  return std::max(options().relative_tolerance * std::abs(value), options().absolute_tolerance);
}

DrawFactory Problem::draw(const DataLaw& data) const {
  using sampling::PointSampler;
  const auto points =
      std::make_shared<const PointSampler>(data, std::max<Index>(reachable_.last, 0));
  return [points]() -> Draw {
    return [points, scratch = points->scratch()](
               Index l, const sampling::StreamKey& key, std::uint64_t first, std::size_t count,
               SparseBatch& batch) mutable { points->draw(l, key, first, count, batch, scratch); };
  };
}

StrataLoop Problem::loop(const DrawFactory& draw, const Integrand& integrand,
                         sampling::Purpose purpose) const {
  // A chunk should not take much more than some milliseconds, so that progress and Ctrl-C come
  // through at any size. It must not depend on a clock: it decides which points plain sampling
  // draws.
  std::size_t chunk = 16384;
  while (chunk > 64 && static_cast<double>(chunk) * known().nanoseconds > 3e7) chunk /= 2;
  return StrataLoop(draw, integrand, options().seed, purpose, chunk, options().threads);
}

}  // namespace skeleta::estimate
