#pragma once

#include <span>
#include <vector>

#include "exact/fine_law.h"
#include "skeleta/core/function_ref.h"
#include "skeleta/core/types.h"

/// One output's second derivatives from those of the few features that it really reads.
///
/// K = E[X Xᵀ (1{z > b} − x_i δ(z − b))], X = (x, −1). A contour resolves a small entry of z only
/// by nodes beyond its inverse, and near an antipodal pair most entries are tiny. Features are
/// "main" or "apart"; the sum η of the latter in z is replaced by the points of its Gauss rule
/// (fine_law.h), at which K of the main ones is that of the threshold b − η.
namespace skeleta::exact {

struct MainEntries {
  std::vector<Index> main;   ///< Feature i, then others by decreasing |entry|.
  std::vector<Index> apart;  ///< All others.
  FineLaw fine;              ///< Of η.
  bool closed = false;       ///< Are the main ones few enough for closed forms?
};

/// `row` is row i of A. All features that it reads are main if they are few; else entries up to
/// 1e-3 of the largest are apart if that leaves few, or those up to 1e-6.
MainEntries main_entries(const double* row, Index own, const Vector& density);

/// K of the main features in their order, −1 last, for one threshold.
using MainCurvature = FunctionRef<Matrix(double threshold)>;

/// In closed form: by supports.
Matrix closed_curvature(const double* row, const MainEntries& entries, const Vector& density,
                        double threshold);

/// K of all D features, −1 last. To first order in η for pairs of features apart, to second for
/// one. `error` is set to how far K is from a straight line in η, in norm: of the order of what the
/// rule leaves where K has a corner within the range of η, far above it elsewhere.
Matrix whole_curvature(const double* row, const MainEntries& entries, const Vector& density,
                       double threshold, MainCurvature curvature, double& error);

}  // namespace skeleta::exact
