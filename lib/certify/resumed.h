#pragma once

#include "certify/statement.h"

namespace skeleta::certify {

/// What can be derived again of a state must agree, or what comes out is no bound. That boxes are
/// missing shows only if all are. Throws std::invalid_argument, with losses times 2^exponent, in
/// the caller's unit.
void check_resumed(const CertifiedMinimum& state, const Statement& statement, int exponent);

}  // namespace skeleta::certify
