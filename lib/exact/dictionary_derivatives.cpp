#include "exact/dictionary_derivatives.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "exact/loops.h"

namespace skeleta::exact {
namespace {

double tail_of(const std::vector<NodeSum>& blocks) {
  constexpr double caution = 12.0;  // twice that of losses: one power slower
  NodeTotal total;
  total.add(blocks);
  return total.estimated_tail(caution);
}

DerivativeScale scale_of(const DictionaryRow& row, const OutputResult& result, double mean,
                         bool closed) {
  DerivativeScale scale{.mean = mean, .closed = closed};
  if (result.contour) {
    const LeftAliases aliases{.period = result.period, .c = row.c};
    scale.unit = 2.0 / result.period;
    scale.constant = -aliases.of_ramp(1.0, 0.0);
    scale.slope = -aliases.of_ramp(0.0, 1.0);
    scale.step = -aliases.of_step(1.0);
  } else if (result.above) {
    scale.constant = -row.c;
    scale.slope = scale.step = 1.0;
  }
  return scale;
}

}  // namespace

OutputDerivatives differentiate_output(const DictionaryRow& row, const InterferenceMoments& moments,
                                       const OutputResult& result, double target,
                                       Index maximum_nodes, double odds_norm) {
  OutputDerivatives out;
  if (result.alone) {
    out.others = derivatives_when_alone(row);
    return out;
  }
  const bool closed = row.none > 0.1 * target || !result.contour;
  out.scale = scale_of(row, result, moments.first, closed);
  DerivativeSums sums;
  if (result.contour) {
    const Contour contour{result.period};
    const double tolerance = target * std::sqrt(std::max(result.figures.loss, 1e-6 * row.p));
    Index nodes = result.figures.nodes;
    double tiny = 0.0, rest = 0.0;
    while (true) {
      loops().derivatives(row, contour, nodes, closed, sums);
      tiny = out.scale.unit * tail_of(sums.tiny);
      rest = out.scale.unit * (tail_of(sums.owns) + tail_of(sums.thresholds));
      const bool enough = std::max(tiny, rest) <= tolerance;
      if (enough || 2 * nodes > maximum_nodes) break;
      nodes *= 2;
    }
    const double spread = out.scale.unit * sums.spread;
    out.excess = spread / tolerance;
    const double aliases = 4.0 * result.aliases;  // of both terms, on either side
    out.error = odds_norm * (tiny + spread + aliases) + rest + std::numbers::sqrt2 * aliases;
    loops().polynomials(row.grid, sums.grid, row.low, row.high, out.polynomials);
  }
  out.others = finish_others(row, out.scale, sums);
  return out;
}

}  // namespace skeleta::exact
