#include "skeleta/linear/sparse_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "skeleta/core/cancellation.h"
#include "skeleta/core/parallel.h"

namespace skeleta::linear {
namespace {

using sampling::Purpose;
using sampling::SparseBatch;
using sampling::StreamKey;

constexpr std::uint64_t least_block = 1u << 17;
constexpr std::uint64_t most_numbers = 1u << 27;  // 1 GiB of second moments at once
constexpr std::uint64_t points_at_once = 1024;    // their supports and values fit into the cache

const Vector& checked(const Vector& density) {
  if (density.size() == 0) throw std::invalid_argument("density is empty");
  for (Index j = 0; j < density.size(); ++j) {
    if (density(j) >= 0.0 && density(j) <= 1.0) continue;
    throw std::invalid_argument(fmt::format("density[{}] = {} must lie in [0, 1]", j, density(j)));
  }
  return density;
}

// As many blocks as their second moments fit into the memory, so that all threads have work.
std::uint64_t block_size_for(Index features, std::uint64_t samples) {
  const auto D = static_cast<std::uint64_t>(features);
  const std::uint64_t blocks =
      std::max<std::uint64_t>(most_numbers / std::max<std::uint64_t>(D * D, 1), 4);
  return std::max(least_block, (samples + blocks - 1) / blocks);
}

ActiveCount count_of(const Features& features) {
  validate(features);
  return features.plain() ? ActiveCount(features.density) : ActiveCount(features.law->activity);
}

sampling::PointSampler sampler_of(const Features& features, Index most) {
  return features.plain() ? sampling::PointSampler(features.density, most)
                          : sampling::PointSampler(*features.law, most);
}

CountRange possible(const ActiveCount& law) {
  CountRange range{0, law.features()};
  while (range.first < range.last && law.probability(range.first) == 0.0) ++range.first;
  while (range.first < range.last && law.probability(range.last) == 0.0) --range.last;
  return range;
}

void add(const SparseBatch& batch, Eigen::Map<Matrix>& sum) {
  for (std::size_t p = 0; p < batch.size(); ++p) {
    const sampling::SparsePoint x = batch[p];
    for (std::size_t a = 0; a < x.count(); ++a) {
      for (std::size_t b = 0; b <= a; ++b) sum(x.active[a], x.active[b]) += x.value[a] * x.value[b];
    }
  }
}

}  // namespace

SparseData::SparseData(const Vector& density, std::uint64_t samples, std::uint64_t seed)
    : SparseData(Features{checked(density), Vector::Ones(density.size())}, samples, seed) {}

SparseData::SparseData(const Features& features, std::uint64_t samples, std::uint64_t seed)
    : samples_(samples),
      seed_(seed),
      block_(block_size_for(features.size(), samples)),
      law_(count_of(features)),
      splitter_(law_, possible(law_)),
      sampler_(sampler_of(features, splitter_.range().last)) {
  if (samples == 0) throw std::invalid_argument("samples = 0 must be at least 1");
}

std::size_t SparseData::blocks() const {
  return static_cast<std::size_t>((samples_ + block_ - 1) / block_);
}

std::uint64_t SparseData::block_size(std::size_t k) const {
  return std::min(block_, samples_ - k * block_);
}

// The words of the counts are those of Q_0, whose points take none.
void SparseData::block(std::size_t k, Receiver receive) const {
  const CountRange range = splitter_.range();
  std::vector<std::uint64_t> counts(static_cast<std::size_t>(range.size()));
  splitter_.draw({seed_, Purpose::data, 0, 0}, k, block_size(k), counts);
  auto scratch = sampler_.scratch();
  SparseBatch batch;
  for (Index l = std::max<Index>(range.first, 1); l <= range.last; ++l) {
    const std::uint64_t points = counts[static_cast<std::size_t>(l - range.first)];
    const StreamKey key{seed_, Purpose::data, 0, static_cast<std::uint64_t>(l)};
    for (std::uint64_t done = 0, count = 0; done < points; done += count) {
      count = std::min(points_at_once, points - done);
      poll();
      sampler_.draw(l, key, k * block_ + done, count, batch, scratch);
      receive(batch);
    }
  }
}

Matrix SparseData::matrix() const {
  constexpr double most = 1e9;
  const double entries = static_cast<double>(features()) * static_cast<double>(samples_);
  if (entries > most) {
    throw std::invalid_argument(fmt::format(
        "a matrix of {} x {} is {:.3g} numbers, more than {:.0e}: take the data block by block",
        features(), samples_, entries, most));
  }
  Matrix X = Matrix::Zero(features(), static_cast<Index>(samples_));
  for (std::size_t k = 0; k < blocks(); ++k) {
    auto column = static_cast<Index>(k * block_);
    block(k, [&](const SparseBatch& batch) {
      for (std::size_t p = 0; p < batch.size(); ++p, ++column) {
        const auto x = batch[p];
        for (std::size_t a = 0; a < x.count(); ++a) X(x.active[a], column) = x.value[a];
      }
    });
  }
  return X;
}

Matrix second_moment(const SparseData& data, int threads, const ProgressCallback& callback) {
  const Index D = data.features();
  const auto width = static_cast<std::size_t>(D * D);
  Matrix sum = Matrix::Zero(D, D);  // each pair at one of its two places
  Progress progress{.done = 0, .planned = data.blocks()};
  for_each_chunk(
      data.blocks(), width, threads,
      [&](std::size_t k, std::span<double> result) {
        Eigen::Map<Matrix> part(result.data(), D, D);
        part.setZero();
        data.block(k, [&](const SparseBatch& batch) { add(batch, part); });
      },
      [&](std::size_t, std::span<const double> result) {
        sum += Eigen::Map<const Matrix>(result.data(), D, D);
        ++progress.done;
        return !callback || callback(progress);
      });
  if (progress.done < progress.planned) return {};
  const Vector diagonal = sum.diagonal();
  Matrix Sigma = sum + sum.transpose();
  Sigma.diagonal() = diagonal;
  return Sigma;
}

}  // namespace skeleta::linear
