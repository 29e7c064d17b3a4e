#include "skeleta/estimate/strata.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "skeleta/core/parallel.h"

namespace skeleta::estimate {
namespace {

constexpr std::size_t batch_size = 128;  // points that are drawn, then evaluated, together

// A chunk's result: non-finite count, then (count, mean, M2) for each skeleton of the stratum.
constexpr std::size_t width(std::size_t skeletons) {
  return 1 + 3 * skeletons;
}

// Two passes over the chunk's values: first means, then squared deviations from them.
void summarise(std::span<const double> values, std::span<const std::uint32_t> skeleton,
               std::span<double> result) {
  std::fill(result.begin(), result.end(), 0.0);
  double* const sums = result.data() + 1;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      result[0] += 1.0;
      continue;
    }
    sums[3 * skeleton[i]] += 1.0;
    sums[3 * skeleton[i] + 1] += values[i];
  }
  for (std::size_t k = 0; k < result.size() / 3; ++k) {
    if (sums[3 * k] > 0.0) sums[3 * k + 1] /= sums[3 * k];
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) continue;
    const double deviation = values[i] - sums[3 * skeleton[i] + 1];
    sums[3 * skeleton[i] + 2] += deviation * deviation;
  }
}

}  // namespace

Moments Stratum::pooled() const {
  Moments all;
  for (const Moments& part : by_count) all.merge(part);
  return all;
}

double Stratum::variance_of_mean() const {
  const Moments all = pooled();
  if (all.count < 2) return std::numeric_limits<double>::infinity();
  const double probability = counts.probability();
  return probability * probability * all.variance() / static_cast<double>(all.count);
}

struct StrataLoop::Piece {
  std::size_t stratum = 0;
  std::uint64_t first = 0, count = 0;
  double position = 0.0;  // where it begins, as a fraction of the stratum's new points
};

StrataLoop::StrataLoop(const Features& features, Index most, IntegrandFactory integrand,
                       std::uint64_t seed, sampling::Purpose purpose, std::size_t chunk,
                       int threads)
    : points_(features, most),
      integrand_(std::move(integrand)),
      seed_(seed),
      purpose_(purpose),
      chunk_(chunk),
      threads_(threads) {}

void StrataLoop::evaluate(const Stratum& stratum, const Piece& piece,
                          std::span<double> result) const {
  const CountRange range = stratum.counts.range();
  const sampling::StreamKey key{seed_, purpose_, 0, static_cast<std::uint64_t>(range.first)};
  const BatchIntegrand integrand = integrand_();
  sampling::PointSampler::Scratch scratch = points_.scratch();
  SparseBatch batch;
  std::vector<double> values(piece.count);
  std::vector<std::uint32_t> skeleton(piece.count);
  for (std::size_t done = 0; done < values.size(); done += batch_size) {
    const std::size_t count = std::min(batch_size, values.size() - done);
    points_.draw(stratum.counts, key, piece.first + done, count, batch, scratch);
    integrand(batch, std::span(values).subspan(done, count));
    for (std::size_t i = 0; i < count; ++i) {
      skeleton[done + i] =
          static_cast<std::uint32_t>(batch[i].count() - static_cast<std::size_t>(range.first));
    }
  }
  summarise(values, skeleton, result.first(width(stratum.by_count.size())));
}

bool StrataLoop::extend(std::span<Stratum> strata, std::span<const std::uint64_t> extra,
                        FunctionRef<bool()> go_on) const {
  std::vector<Piece> pieces;
  std::size_t widest = 0;
  for (std::size_t s = 0; s < strata.size(); ++s) {
    widest = std::max(widest, width(strata[s].by_count.size()));
    for (std::uint64_t done = 0; done < extra[s]; done += chunk_) {
      const std::uint64_t count = std::min<std::uint64_t>(chunk_, extra[s] - done);
      pieces.push_back({s, strata[s].points + done, count,
                        static_cast<double>(done) / static_cast<double>(extra[s])});
    }
  }
  // Each stratum's first piece comes first, then they advance side by side: an early stop leaves
  // all of them about equally complete.
  std::stable_sort(pieces.begin(), pieces.end(),
                   [](const Piece& a, const Piece& b) { return a.position < b.position; });

  bool completed = true;
  const auto compute = [&](std::size_t k, std::span<double> result) {
    evaluate(strata[pieces[k].stratum], pieces[k], result);
  };
  const auto merge = [&](std::size_t k, std::span<const double> result) {
    Stratum& stratum = strata[pieces[k].stratum];
    stratum.points += pieces[k].count;
    stratum.non_finite += static_cast<std::uint64_t>(result[0]);
    for (std::size_t l = 0; l < stratum.by_count.size(); ++l) {
      const auto part = result.subspan(1 + 3 * l, 3);
      stratum.by_count[l].merge({static_cast<std::uint64_t>(part[0]), part[1], part[2]});
    }
    completed = k + 1 == pieces.size() || go_on();
    return completed;
  };
  for_each_chunk(pieces.size(), widest, threads_, compute, merge);
  return completed;
}

}  // namespace skeleta::estimate
