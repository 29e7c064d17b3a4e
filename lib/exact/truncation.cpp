#include "exact/truncation.h"

#include <algorithm>
#include <cmath>

#include "exact/contour.h"
#include "exact/majorant.h"

namespace skeleta::exact {
namespace {

// Ω of the stretches, one in each lane, and Σ |s_k|⁻² and Σ |s_k|⁻³ over their nodes.
struct BeyondNodes {
  Lanes inverse_omega, squares, cubes;
};

BeyondNodes stretches_beyond(Index nodes, double spacing) {
  BeyondNodes result;
  double begin = static_cast<double>(nodes);
  for (int m = 0; m < lane_count; ++m) {
    const bool open = m + 1 == lane_count;
    const double end = std::ceil(static_cast<double>(nodes) * std::exp2(0.5 * (m + 1)));
    const double from = 1.0 / (begin - 0.5), to = open ? 0.0 : 1.0 / (end - 0.5);
    set(result.inverse_omega, m, 1.0 / (spacing * begin));
    set(result.squares, m, (from - to) / (spacing * spacing));
    set(result.cubes, m, 0.5 * (from * from - to * to) / (spacing * spacing * spacing));
    begin = end;
  }
  return result;
}

}  // namespace

double truncation_bound(const Row& row, const Output& output, Index nodes) {
  const Contour contour{output.period};
  const double abscissa = contour.abscissa();
  const BeyondNodes stretches = stretches_beyond(nodes, contour.spacing());
  const auto bound_of = [&](Index n) {
    const auto at = static_cast<std::size_t>(n);
    return majorant(row.g[at], std::expm1(abscissa * row.g[at]), abscissa, stretches.inverse_omega);
  };
  Lanes one = broadcast(0.0), rest = broadcast(0.0);
  double none = 1.0;
  for (Index n = 0; n < row.count; ++n) {
    const auto at = static_cast<std::size_t>(n);
    const Lanes x = row.w[at] * bound_of(n).h;
    rest = row.a[at] * rest + x * (rest + one);
    one = row.a[at] * one + none * x;
    none *= row.a[at];
  }
  const auto own = static_cast<std::size_t>(row.count);
  const Majorant h = bound_of(row.count);
  const Lanes h1 = majorant_of_x(h, row.g[own], stretches.inverse_omega);
  const Lanes squares = row.a[own] * rest + (row.w[own] * h.h) * (rest + one);
  const Lanes ramps = (row.w[own] * h1) * rest;
  const double scale = output.scale;
  const Lanes total = scale * squares * stretches.cubes + ramps * stretches.squares;
  return 2.0 * scale * std::exp(-abscissa * output.c) * sum(total);
}

Index nodes_for_bound(const Row& row, const Output& output, double tolerance, Index least,
                      Index most) {
  const auto in_blocks = [&](double nodes) {
    const double blocks = std::ceil(nodes / static_cast<double>(nodes_per_block));
    return std::min(static_cast<Index>(blocks) * nodes_per_block, most);
  };
  Index nodes = least;
  double bound = truncation_bound(row, output, nodes);
  while (bound > tolerance && nodes < most) {
    // The bound falls at least like n⁻¹ and in the end like n⁻⁴: this never overshoots by much.
    const double factor = std::clamp(std::pow(bound / tolerance, 0.25), 1.1, 4.0);
    nodes = std::max(in_blocks(static_cast<double>(nodes) * factor), nodes + nodes_per_block);
    nodes = std::min(nodes, most);
    bound = truncation_bound(row, output, nodes);
  }
  return nodes;
}

void NodeTotal::Stretch::add(const NodeSum& sum) {
  value += sum.value;
  imaginary += sum.imaginary;
  energy += sum.energy;
  total += sum.total;
  end += nodes_per_block;
}

void NodeTotal::add(std::span<const NodeSum> sums) {
  const bool first = nodes() == 0;
  if (first) amplitude_ = sums[0].amplitude;
  const std::size_t half = first ? sums.size() / 2 : 0;
  previous_ = first ? Stretch{} : last_;
  for (std::size_t n = 0; n < half; ++n) previous_.add(sums[n]);
  last_ = {};
  last_.begin = last_.end = previous_.end;
  for (std::size_t n = half; n < sums.size(); ++n) last_.add(sums[n]);
  for (const NodeSum& sum : sums) value_.add(sum.value);
  end_ = {};
  const std::size_t quarter = (sums.size() - half) / 4;
  if (quarter > 0) {
    end_.begin = end_.end = last_.end - static_cast<Index>(quarter) * nodes_per_block;
    for (std::size_t n = sums.size() - quarter; n < sums.size(); ++n) end_.add(sums[n]);
  } else {
    const NodeSum& block = sums.back();
    const double part = block.energy > 0.0 ? block.end_energy / block.energy : 0.0;
    end_ = {last_.end - lane_count, last_.end,        block.end_value,
            block.end_imaginary,    block.end_energy, part * block.total};
  }
}

// What follows if phases stay and |F| ~ k^{−q}: ∫_end^∞ k^{−q} dk relative to ∫_begin^end. Of all
// derivatives as of the one that is summed.
double NodeTotal::Stretch::coherent(double q) const {
  if (energy == 0.0) return 0.0;
  const double ratio = static_cast<double>(end) / static_cast<double>(begin);
  const double modulus = std::hypot(value, imaginary) * std::sqrt(total / energy);
  return modulus / (std::pow(ratio, q - 1.0) - 1.0);
}

// |Σ F|² ≤ n Σ|F|², with equality if all are equal.
bool NodeTotal::Stretch::steady() const {
  const double square = value * value + imaginary * imaginary;
  return square > 0.7 * static_cast<double>(end - begin) * energy;
}

double NodeTotal::estimated_tail(double caution) const {
  if (last_.total == 0.0) return 0.0;
  const double stretch = std::log(last_.middle() / previous_.middle());
  const double q =
      std::clamp(0.5 * std::log(previous_.density() / last_.density()) / stretch, 1.2, 4.0);
  const auto end = static_cast<double>(last_.end), begin = static_cast<double>(last_.begin);
  // ∫_end^∞ k^{−2q} dk relative to ∫_begin^end.
  const double energy = last_.total / (std::pow(end / begin, 2.0 * q - 1.0) - 1.0);
  const double of_end = end_.steady() ? end_.coherent(q) : 0.0;
  return caution * std::max({std::sqrt(energy), last_.coherent(q), of_end});
}

}  // namespace skeleta::exact
