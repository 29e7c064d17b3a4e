#pragma once

#include "certify/statement.h"

namespace skeleta::certify {

/// Two features of one density, not too rare, in one dimension, and the whole loss: what
/// PhaseProblem is about.
bool is_pair(const Statement& statement);

/// Proves the bounds of a finished search again, every number an interval that is rounded outwards:
/// no other bound of rounding is left. Where they are not proven so, `lower` is the largest that is
/// of lower − n·gap, n = 1, 2, 4, …, and the reason to stop `rounding`.
void round_outwards(const Statement& statement, CertifiedMinimum& state);

}  // namespace skeleta::certify
