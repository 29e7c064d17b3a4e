#pragma once

#include "certify/statement.h"

namespace skeleta::certify {

/// Makes the first box of `state`, which holds every model with a loss below the target: none if it
/// would be unbounded, or if the callback said stop. state.radius says which.
void open_domain(const Statement& statement, const CertifyCallback& callback,
                 CertifiedMinimum& state);

}  // namespace skeleta::certify
