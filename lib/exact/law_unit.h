#pragma once

#include <memory>

#include "exact/law_kernel.h"

/// The kernels s⁻³, s⁻² and s⁻¹ of law_kernel.h, and their nodes, are of the size of powers of z −
/// c: far from 1 they leave the range of double.
namespace skeleta::exact {

/// A row with x, z, c, θ and √v in a unit, a power of two, of the size of z − c where that is far
/// from 1. Then V is unit² times that of the row, its derivatives by g unit², by c unit, by v once.
struct RowInUnit {
  std::shared_ptr<const DataLaw> law{};  ///< In the unit; null if that is 1.
  LawRow row;
  double unit = 1.0;
  bool in_range = true;  ///< Else x and z, or x_i and x_j, differ too much for any unit.
};
RowInUnit in_unit(const LawRow& row);

/// Is it its own unit?
inline bool of_usual_size(const LawRow& row) {
  const RowInUnit in = in_unit(row);
  return in.in_range && in.unit == 1.0;
}

}  // namespace skeleta::exact
