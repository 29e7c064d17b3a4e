#pragma once

#include <cstdint>

#include "skeleta/geometry/column_geometry.h"
#include "skeleta/measure/integral_by_skeleton.h"

namespace skeleta::storage {

/// A member of a result struct and the dataset that holds it. One list each serves both writing and
/// reading, so that the two can't disagree.
template <class Struct, class Value>
struct Field {
  const char* path;
  Value Struct::*member;
};

/// Along [instance].
inline constexpr Field<IntegralBySkeleton, double> loss_fields[] = {
    {"/loss/value", &IntegralBySkeleton::value},
    {"/loss/value_standard_error", &IntegralBySkeleton::standard_error},
    {"/loss/confidence", &IntegralBySkeleton::confidence},
    {"/loss/low", &IntegralBySkeleton::low},
    {"/loss/high", &IntegralBySkeleton::high},
    {"/loss/error_bound", &IntegralBySkeleton::error_bound},
};
/// Since version 1.2.
inline constexpr Field<IntegralBySkeleton, double> error_shape_fields[] = {
    {"/loss/skewness", &IntegralBySkeleton::skewness},
    {"/loss/kurtosis", &IntegralBySkeleton::kurtosis},
    {"/loss/effective_samples", &IntegralBySkeleton::effective_samples},
    {"/loss/variance_ratio", &IntegralBySkeleton::variance_ratio},
};
inline constexpr Field<IntegralBySkeleton, std::uint64_t> loss_counts[] = {
    {"/loss/value_samples", &IntegralBySkeleton::samples},
    {"/loss/non_finite", &IntegralBySkeleton::non_finite},
};
inline constexpr Field<OneSparse, double> tail_fields[] = {
    {"/tail/one_sparse_contribution", &OneSparse::contribution},
    {"/tail/one_sparse_share", &OneSparse::share},
    {"/tail/rest", &OneSparse::rest},
    {"/tail/rest_standard_error", &OneSparse::rest_standard_error},
    {"/tail/rest_bound", &OneSparse::rest_bound},
    {"/tail/probability_of_rest", &OneSparse::probability_of_rest},
    {"/tail/union_bound", &OneSparse::union_bound},
    {"/tail/chernoff_bound", &OneSparse::chernoff_bound},
};

/// Along [instance, l]; NaN, or 0 for a count, where an instance did not evaluate Q_l.
inline constexpr Field<SkeletonPart, double> part_fields[] = {
    {"/loss/probability", &SkeletonPart::probability},
    {"/loss/mean", &SkeletonPart::mean},
    {"/loss/contribution", &SkeletonPart::contribution},
    {"/loss/standard_error", &SkeletonPart::standard_error},
};
inline constexpr Field<SkeletonPart, std::uint64_t> part_counts[] = {
    {"/loss/samples", &SkeletonPart::samples},
};

/// Along [instance].
inline constexpr Field<geometry::ColumnGeometry, double> geometry_fields[] = {
    {"/geometry/signed_bound", &geometry::ColumnGeometry::signed_bound},
    {"/geometry/welch_bound", &geometry::ColumnGeometry::welch_bound},
    {"/geometry/orthoplex_bound", &geometry::ColumnGeometry::orthoplex_bound},
    {"/geometry/dimensions_per_feature", &geometry::ColumnGeometry::dimensions_per_feature},
    {"/geometry/distance_to_first", &geometry::ColumnGeometry::distance_to_first},
};
inline constexpr Field<geometry::Coherence, double> coherence_fields[] = {
    {"/geometry/coherence_signed", &geometry::Coherence::signed_max},
    {"/geometry/coherence_absolute", &geometry::Coherence::absolute},
};

/// Along [instance, feature].
inline constexpr Field<geometry::ColumnGeometry, Vector> column_fields[] = {
    {"/geometry/norm", &geometry::ColumnGeometry::norm},
    {"/geometry/dimensionality", &geometry::ColumnGeometry::dimensionality},
};

}  // namespace skeleta::storage
