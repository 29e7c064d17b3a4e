#pragma once

#include <span>

#include "exact/node_sum.h"
#include "exact/output.h"
#include "exact/phases.h"

namespace skeleta::exact {

/// Evaluates F of square_error (output.h) at the nodes first, …, first + 32·sums.size() − 1, one
/// entry of `sums` for each 32. `first` is a multiple of 32. In units of row.mass.
/// Cost: 32·sums.size()·row.count complex factors.
void sum_loss(const Row& row, const Output& output, Phases& phases, Index first,
              std::span<NodeSum> sums);

}  // namespace skeleta::exact
