#pragma once

#include "exact/output.h"

namespace skeleta::exact {

/// What the difference between the law of η and its Gauss points (fine_law.h) can hide beyond the
/// last node: estimates, in units of row.mass.
///
/// Where a closed form is a polynomial in b of degree ≤ 5 over the whole range of η, the difference
/// integrates to 0. Where one of its kinks lies within that range it does not, and what it amounts
/// to sits at |s| ~ 1/η, where no node may be. A kink A (b₀ − b)₊^r then contributes at most about
/// 2 A E|η − Eη|^r; these are added up over the kinks (0, G_ik, …) that are that near.
struct FineError {
  double square = 0.0;       ///< Of E(x_i − x̂_i)².
  double derivatives = 0.0;  ///< Of E[(x_i − x̂_i) 1{z > b}].
};

FineError fine_error(const Row& row);

}  // namespace skeleta::exact
