#pragma once

#include <cstdint>

#include "skeleta/core/function_ref.h"
#include "skeleta/core/types.h"

namespace skeleta::optimize {

/// What is minimised: returns f(x) and writes ∇f(x) to `gradient`, which has the size of x. Where f
/// is not defined it returns NaN or infinity; it need not write the gradient then.
using Objective = FunctionRef<double(const Vector& x, Vector& gradient)>;

/// Writes ∇²f(x), n × n and symmetric; it is resized if need be.
using HessianAt = FunctionRef<void(const Vector& x, Matrix& hessian)>;

/// An unbiased estimate of f(x) and ∇f(x) that belongs to step k = 0, 1, …: the same bits for the
/// same k and x.
using StochasticObjective =
    FunctionRef<double(std::uint64_t step, const Vector& x, Vector& gradient)>;

}  // namespace skeleta::optimize
