#pragma once

#include "skeleta/core/types.h"
#include "skeleta/exact/loss.h"
#include "skeleta/measure/data_law.h"

namespace skeleta::exact {

/// The integral loss of loss.h for any law of the data: E Σ_i v_i (x_i − ReLU(Gx − b)_i)².
///
/// The same contour (lib/exact/contour.h): the generating function of z_i is that of the activity
/// tree at φ_j = E e^{s G_ij U_j}, and E x_i e^{s z_i} its tangent in direction of leaf i. Supports
/// of at most one feature are left out of it, so that nothing is subtracted, and added in closed
/// form (ValueLaw::ramp_moment). error_bound is rigorous but for rounding, which is counted to
/// first order: aliases by Chernoff's bound, truncation by majorants of the transforms
/// (|E U^k e^{aU}| ≤ total variation/|Im a|), whatever Options::error_control says.
///
/// Where values are constant, transforms do not decay and the bound falls only like 1/nodes; so it
/// does where few features of a support have G_ij ≠ 0. Then the target may be out of reach: the
/// result says so (stop_reason nodes) with the bound that was reached.
///
/// The law of independent uniform features goes to loss() of loss.h, bit for bit. Cost otherwise:
/// D² · nodes steps of about 0.1 µs (half-normal: 0.5 µs); memory O(D) for each thread.
///
/// Throws std::invalid_argument if model, law, importance (finite, not negative) or options are not
/// valid, or their sizes differ.
Loss loss(const Autoencoder& model, const DataLaw& law, const Vector& importance,
          const Options& options = {});

}  // namespace skeleta::exact
