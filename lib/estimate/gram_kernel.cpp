#include "estimate/gram_kernel.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "core/registers.h"
#include "estimate/kernel_matrices.h"

namespace skeleta::estimate {
namespace {

// Numbers in one register.
template <class Real>
using Lanes [[gnu::vector_size(register_bytes), gnu::may_alias]] = Real;

template <class Real>
constexpr Index lanes = register_bytes / sizeof(Real);

// By reference: vectors that are passed by value have no one calling convention.
template <class Real>
const Lanes<Real>& load(const Real* p) {
  return *reinterpret_cast<const Lanes<Real>*>(p);
}

constexpr Index near_cache = 1 << 19;  // bytes of it that a table may fill
constexpr Index most_registers = 8;    // of a block: with as many thresholds they stay in place

// What all threads share: √v_i G_ij and √v_i b_i, in blocks of at most eight registers of rows. A
// block holds its part of all columns, one after the other, so that it stays in a near cache while
// all points of a batch pass by. Padded rows are zero: z = 0 adds nothing.
//
// The diagonal is kept apart, with −∞ in its place: x_j·(−∞) = −∞ keeps an active row j out of the
// sum Σ (z_i)₊² at no cost.
template <class Real>
struct GramTable {
  struct Block {
    Index first, registers;  // its rows
    Index begin;             // of its entries
    Index height() const { return registers * lanes<Real>; }
  };
  // What an active row i needs: the places of its entries in column j, begin + j·stride, and
  // √v_i, √v_i G_ii, √v_i b_i.
  struct Row {
    Index begin, stride;
    Real scale, diagonal, threshold;
  };

  GramTable(const Autoencoder& model, const Vector& scale) {
    const Index features = model.features();
    const Index registers = (features + lanes<Real> - 1) / lanes<Real>;
    const Index count = (registers + most_registers - 1) / most_registers;
    thresholds = Column::Zero(registers * lanes<Real>);
    thresholds.head(features) = scale.cwiseProduct(model.b).template cast<Real>();
    entries = Column::Zero(thresholds.size() * features);
    const Matrix G = scale.asDiagonal() * pre_activation_weights(model);
    for (Index k = 0, done = 0; k < count; ++k) {
      const Index more = (registers - done) / (count - k);  // nearly equal sizes
      blocks.push_back({done * lanes<Real>, more, done * lanes<Real> * features});
      done += more;
      fill(blocks.back(), G, scale);
    }
  }

  void fill(const Block& block, const Matrix& G, const Vector& scale) {
    const Index height = block.height();
    for (Index i = block.first; i < std::min(block.first + height, G.rows()); ++i) {
      Real* const row = entries.data() + block.begin + i - block.first;
      for (Index j = 0; j < G.cols(); ++j) row[j * height] = static_cast<Real>(G(i, j));
      row[i * height] = -std::numeric_limits<Real>::infinity();
      rows.push_back({row - entries.data(), height, static_cast<Real>(scale(i)),
                      static_cast<Real>(G(i, i)), thresholds(i)});
    }
  }

  using Column = Eigen::Matrix<Real, Eigen::Dynamic, 1>;
  Column thresholds, entries;
  std::vector<Block> blocks;
  std::vector<Row> rows;
};

// Adds Σ_i (Σ_k x_k G_ij_k − b_i)₊² over a block of rows to each point's lanes of `sums`.
template <class Real, Index Registers>
void add_block(const Real* columns, const Real* thresholds, const SparseBatch& batch, Real* sums) {
  constexpr Index height = Registers * lanes<Real>;
  const Lanes<Real> zero{};
  Lanes<Real> start[Registers];
  for (Index u = 0; u < Registers; ++u) start[u] = -load(thresholds + u * lanes<Real>);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const SparsePoint point = batch[i];
    Lanes<Real> z[Registers];
    for (Index u = 0; u < Registers; ++u) z[u] = start[u];
    for (std::size_t k = 0; k < point.count(); ++k) {
      const Real* const column = columns + point.active[k] * height;
      const auto x = static_cast<Real>(point.value[k]);
      for (Index u = 0; u < Registers; ++u) z[u] += x * load(column + u * lanes<Real>);
    }
    auto& sum = *reinterpret_cast<Lanes<Real>*>(sums + i * lanes<Real>);
    for (Index u = 0; u < Registers; ++u) {
      const Lanes<Real> positive = z[u] > zero ? z[u] : zero;
      sum += positive * positive;
    }
  }
}

// values[i] = sums[i] + Σ over the active rows of v_i (x_i − x̂_i)², for points of Count active
// features, whose loops then unroll and run over several points at once; any number if Count = 0.
template <class Real, std::size_t Count>
void add_active_rows(const GramTable<Real>& table, const SparseBatch& batch, const Real* sums,
                     double* values) {
  const std::size_t count = Count > 0 ? Count : batch.active_count();
  const std::int32_t* const features = batch.active().data();
  const double* const inputs = batch.value().data();
  const auto* const rows = table.rows.data();
  const Real* const entries = table.entries.data();
#pragma omp simd
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const std::int32_t* const j = features + i * count;
    const double* const x = inputs + i * count;
    Real errors = 0;
    for (std::size_t a = 0; a < count; ++a) {
      const auto& row = rows[j[a]];
      Real z = static_cast<Real>(x[a]) * row.diagonal - row.threshold;
      for (std::size_t k = 0; k < count; ++k) {
        if (k == a) continue;
        z += static_cast<Real>(x[k]) * entries[row.begin + j[k] * row.stride];
      }
      const Real error = row.scale * static_cast<Real>(x[a]) - (z > 0 ? z : 0);
      errors += error * error;
    }
    values[i] = static_cast<double>(sums[i] + errors);
  }
}

template <class Real>
class GramKernel {
 public:
  explicit GramKernel(std::shared_ptr<const GramTable<Real>> table) : table_(std::move(table)) {}

  void operator()(const SparseBatch& batch, std::span<double> values) {
    const std::size_t size = batch.size() * static_cast<std::size_t>(lanes<Real>);
    if (sums_.size() < static_cast<Index>(size)) sums_.resize(static_cast<Index>(size));
    std::fill_n(sums_.data(), size, Real{0});
    for (const auto& block : table_->blocks) {
      block_passes[static_cast<std::size_t>(block.registers)](
          table_->entries.data() + block.begin, table_->thresholds.data() + block.first, batch,
          sums_.data());
    }
    add_lanes(batch.size());
    const std::size_t l = batch.active_count();
    active_passes[l < active_passes.size() ? l : 0](*table_, batch, sums_.data(), values.data());
  }

 private:
  // Each point's lanes are added in pairs, for all points at once.
  void add_lanes(std::size_t count) {
    Real* const sums = sums_.data();
    for (std::size_t width = lanes<Real> / 2; width > 0; width /= 2) {
#pragma omp simd
      for (std::size_t i = 0; i < count * width; ++i) sums[i] = sums[2 * i] + sums[2 * i + 1];
    }
  }

  using BlockPass = void (*)(const Real*, const Real*, const SparseBatch&, Real*);
  static constexpr std::array<BlockPass, most_registers + 1> block_passes{nullptr,
                                                                          add_block<Real, 1>,
                                                                          add_block<Real, 2>,
                                                                          add_block<Real, 3>,
                                                                          add_block<Real, 4>,
                                                                          add_block<Real, 5>,
                                                                          add_block<Real, 6>,
                                                                          add_block<Real, 7>,
                                                                          add_block<Real, 8>};
  using ActivePass = void (*)(const GramTable<Real>&, const SparseBatch&, const Real*, double*);
  template <std::size_t... Count>
  static constexpr std::array<ActivePass, sizeof...(Count)> passes_for(
      std::index_sequence<Count...>) {
    return {add_active_rows<Real, Count>...};
  }
  static constexpr auto active_passes = passes_for(std::make_index_sequence<13>());

  std::shared_ptr<const GramTable<Real>> table_;
  Eigen::Matrix<Real, Eigen::Dynamic, 1> sums_;  // the lanes of all points of a batch
};

template <class Real>
Integrand integrand_of(std::shared_ptr<const GramTable<Real>> table) {
  // A table that is too large for a near cache is fetched anew, block by block, for each batch.
  const bool large = table->entries.size() * static_cast<Index>(sizeof(Real)) > near_cache;
  const std::size_t points = large ? 2048 : 256;
  return Integrand::of_batches(
      1, [table]() -> BatchIntegrand { return GramKernel<Real>(table); }, points);
}

}  // namespace

template <class Real>
Integrand gram_kernel(const Autoencoder& model, const Vector& scale) {
  return integrand_of(std::make_shared<const GramTable<Real>>(model, scale));
}

template Integrand gram_kernel<float>(const Autoencoder&, const Vector&);
template Integrand gram_kernel<double>(const Autoencoder&, const Vector&);

}  // namespace skeleta::estimate
