#pragma once

#include <Eigen/Core>
#include <span>

/// The moments that one output's loss and its first two derivatives are made of, if it reads a few
/// features only: sums over the supports, the sets of active features.
///
/// Of one and two features they are closed forms (closed_forms.h). Seen from one feature more they
/// are polynomials in its value, of degree l + 1 for l features in all, between the places where
/// the threshold meets a corner of the others' cube: Gauss's rule on these pieces is exact. All its
/// weights are positive, so nothing cancels, however small entries are or near corners lie. Cost:
/// 15, 405 and 27 540 closed forms for 3, 4 and 5 features.
namespace skeleta::exact {

/// Most features whose supports are summed.
constexpr int most_supported = 5;

/// (1 + features)²; no memory of its own on the heap.
using SmallMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, 0, most_supported + 1,
                                  most_supported + 1>;

/// E[X Xᵀ u] and E[x_i X Xᵀ δ(z − b)], u = 1{z > b}, with X = (1, x), x in the order of the
/// entries.
struct SupportMoments {
  SmallMatrix step, line;
};

/// Means over the cube of one support, whose features are all active: entries with the largest
/// first, but for that of feature i, which is the first of all if it is one of them (`with_line`:
/// or else `line` is 0). At most most_supported of them.
SupportMoments cube_moments(std::span<const double> entries, double threshold, bool with_line);

/// Of an output with the entries a of row i of A: that of feature i first, then the others with the
/// largest first. At most most_supported of them. `with_line`: or else `line` is 0.
SupportMoments support_moments(std::span<const double> entries, std::span<const double> densities,
                               double threshold, bool with_line);

}  // namespace skeleta::exact
