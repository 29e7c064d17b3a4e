#pragma once

#include "certify/statement.h"

namespace skeleta::certify {

/// Cuts the open boxes with the lowest bounds in two, and keeps what may be below the target.
void bound_round(const Statement& statement, CertifiedMinimum& state);

}  // namespace skeleta::certify
