#include "dictionary_comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "skeleta/core/parallel.h"
#include "skeleta/geometry/coherence.h"
#include "skeleta/sampling/normal_stream.h"

namespace skeleta::program {
namespace {

using sampling::PointStream;
using sampling::Purpose;

// Outputs by number, the first `certain` of `order` for themselves, up to `count` at random.
struct Choice {
  std::vector<Index> order;
  Index certain = 0, count = 0;

  double weight(Index k) const {
    const auto rest = static_cast<double>(static_cast<Index>(order.size()) - certain);
    return k < certain ? 1.0 : rest / static_cast<double>(count - certain);
  }
};

Choice choose_outputs(const Features& features, Index count, std::uint64_t seed) {
  Choice choice;
  choice.order.resize(static_cast<std::size_t>(features.size()));
  std::iota(choice.order.begin(), choice.order.end(), Index{0});
  choice.count = std::min(count, features.size());
  // At least two at random, unless all are chosen: one alone has no standard error.
  choice.certain = choice.count == features.size()
                       ? choice.count
                       : std::clamp<Index>(choice.count - 2, 0, choice.count / 2);
  std::ranges::stable_sort(choice.order, [&](Index a, Index b) {
    return features.importance(a) * features.density(a) >
           features.importance(b) * features.density(b);
  });
  PointStream random({.seed = seed, .purpose = Purpose::pilot}, 0);
  for (Index k = choice.certain; k < choice.count; ++k) {
    const auto others = static_cast<std::uint64_t>(features.size() - k);
    const Index other = k + static_cast<Index>(random.below(others));
    std::swap(choice.order[static_cast<std::size_t>(k)],
              choice.order[static_cast<std::size_t>(other)]);
  }
  return choice;
}

Vector random_unit(sampling::NormalStream& normal, Index size) {
  Vector x(size);
  do {
    for (double& entry : x) entry = normal();
  } while (x.norm() == 0.0);
  return x.normalized();
}

// Of Σ v loss over all features: the certain ones and the mean of the others times their number.
void estimate_loss(const Features& features, const Choice& choice,
                   const std::vector<FeatureFigures>& figures, storage::DictionarySummary& whole) {
  double sum = 0.0, rest = 0.0, squares = 0.0;
  for (Index k = 0; k < choice.count; ++k) {
    const auto at = static_cast<std::size_t>(k);
    const double part = features.importance(choice.order[at]) * figures[at].loss;
    (k < choice.certain ? sum : rest) += part;
    if (k >= choice.certain) squares += part * part;
  }
  const auto sampled = static_cast<double>(choice.count - choice.certain);
  whole.random_loss = sum;
  whole.random_standard_error = 0.0;
  if (sampled == 0.0) return;
  const double all = static_cast<double>(features.size() - choice.certain), mean = rest / sampled;
  whole.random_loss += all * mean;
  whole.random_standard_error =
      sampled > 1.0 ? std::sqrt(all * (all - sampled) / sampled *
                                std::max(squares - sampled * mean * mean, 0.0) / (sampled - 1.0))
                    : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

Dictionary random_directions(const Dictionary& dictionary, std::span<const Index> order,
                             std::uint64_t seed, int threads) {
  const Index d = dictionary.hidden(), count = static_cast<Index>(order.size());
  Dictionary result{FloatMatrix(d, count),
                    FloatMatrix(d, dictionary.tied() ? 0 : count),
                    dictionary.b(order),
                    {}};
  if (dictionary.jump.size() > 0) result.jump = dictionary.jump(order);
  parallel_for(order.size(), threads, [&](std::size_t place) {
    const Index i = order[place], k = static_cast<Index>(place);
    PointStream random({.seed = seed, .purpose = Purpose::start}, static_cast<std::uint64_t>(i));
    sampling::NormalStream normal(random);
    const Vector w = dictionary.W.col(i).cast<double>(), u = random_unit(normal, d);
    const double length = w.norm();
    result.W.col(k) = (length * u).cast<float>();
    if (dictionary.tied()) return;
    // The part of o along w turns with it; what is across, to any direction at right angles to u.
    const Vector o = dictionary.W_out.col(i).cast<double>();
    if (length == 0.0) {
      result.W_out.col(k) = (o.norm() * u).cast<float>();
      return;
    }
    const double along = w.dot(o) / length;
    const double across = (o - along / length * w).norm();
    Vector turned = along * u;
    if (d > 1) {
      const Vector v = random_unit(normal, d);
      turned += across * (v - v.dot(u) * u).normalized();
    }
    result.W_out.col(k) = turned.cast<float>();
  });
  return result;
}

void compare_with_random(const Dictionary& dictionary, const Features& features, Index count,
                         std::uint64_t seed, const exact::DictionaryOptions& options,
                         storage::DictionaryRun& run) {
  const Choice choice = choose_outputs(features, count, seed);
  const std::vector<Index>& order = choice.order;
  const std::span chosen(order.data(), static_cast<std::size_t>(choice.count));
  const Vector nearest = geometry::nearest_cosines(dictionary.W, chosen, options.threads);
  // With those chosen first, since a range of outputs is what is evaluated together.
  const Dictionary random = random_directions(dictionary, order, seed, options.threads);
  const Features moved{features.density(order), features.importance(order)};
  std::vector<Index> first(static_cast<std::size_t>(choice.count));
  std::iota(first.begin(), first.end(), Index{0});
  const Vector random_nearest = geometry::nearest_cosines(random.W, first, options.threads);
  exact::DictionaryOptions plain = options;
  plain.neighbours = 0;
  plain.skeletons = -1;
  const exact::DictionaryEvaluator evaluator(random, moved, plain);
  const exact::OutputFigures found = evaluator.evaluate(0, choice.count);
  run.compared.clear();
  for (Index k = 0; k < choice.count; ++k) {
    const auto at = static_cast<std::size_t>(k);
    run.compared.push_back({order[at], choice.weight(k), features.density(order[at]), nearest(k),
                            random_nearest(k), found.figures[at]});
    double& largest = run.summary.largest_cosine;
    largest = std::fmax(largest, nearest(k));
    double& random_largest = run.summary.random_largest_cosine;
    random_largest = std::fmax(random_largest, random_nearest(k));
  }
  std::ranges::sort(run.compared, {}, &storage::ComparedOutput::feature);
  estimate_loss(features, choice, found.figures, run.summary);
}

}  // namespace skeleta::program
