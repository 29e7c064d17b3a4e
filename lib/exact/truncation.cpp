#include "exact/truncation.h"

#include <algorithm>
#include <cmath>

#include "exact/contour.h"
#include "exact/majorant.h"

namespace skeleta::exact {
namespace {

// Ω of the stretches, one in each lane, and Σ |s_k|⁻² and Σ |s_k|⁻³ over their nodes.
struct Stretches {
  Lanes inverse_omega, squares, cubes;
};

Stretches stretches_beyond(Index nodes, double spacing) {
  Stretches result;
  double begin = static_cast<double>(nodes);
  for (int m = 0; m < lane_count; ++m) {
    const bool open = m + 1 == lane_count;
    const double end = std::ceil(static_cast<double>(nodes) * std::exp2(0.5 * (m + 1)));
    const double from = 1.0 / (begin - 0.5), to = open ? 0.0 : 1.0 / (end - 0.5);
    result.inverse_omega[m] = 1.0 / (spacing * begin);
    result.squares[m] = (from - to) / (spacing * spacing);
    result.cubes[m] = 0.5 * (from * from - to * to) / (spacing * spacing * spacing);
    begin = end;
  }
  return result;
}

}  // namespace

double truncation_bound(const Row& row, const Output& output, Index nodes) {
  const Contour contour{output.period};
  const double abscissa = contour.abscissa();
  const Stretches stretches = stretches_beyond(nodes, contour.spacing());
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
  for (const NodeSum& sum : sums) value_ += sum.value;
}

// Of all derivatives as of the one that is summed.
double NodeTotal::Stretch::coherent() const {
  const double modulus = std::hypot(value, imaginary);
  return energy > 0.0 ? modulus * std::sqrt(total / energy) : 0.0;
}

double NodeTotal::estimated_tail(double caution) const {
  if (last_.total == 0.0) return 0.0;
  const double stretch = std::log(last_.middle() / previous_.middle());
  const double q =
      std::clamp(0.5 * std::log(previous_.density() / last_.density()) / stretch, 1.2, 4.0);
  const auto end = static_cast<double>(last_.end), begin = static_cast<double>(last_.begin);
  // ∫_end^∞ k^{−2q} dk relative to ∫_begin^end, and the same for k^{−q}.
  const double energy = last_.total / (std::pow(end / begin, 2.0 * q - 1.0) - 1.0);
  const double ratio = 1.0 / (std::pow(end / begin, q - 1.0) - 1.0);
  return caution * std::max(std::sqrt(energy), last_.coherent() * ratio);
}

}  // namespace skeleta::exact
