#pragma once

#include <cstdint>

#include "skeleta/training/train.h"
#include "storage/estimate_fields.h"

namespace skeleta::storage {

/// Along [start].
inline constexpr Field<exact::Loss, double> trained_loss_fields[] = {
    {"/training/loss", &exact::Loss::value},
    {"/training/error_bound", &exact::Loss::error_bound},
};
inline constexpr Field<training::TrainedModel, double> trained_fields[] = {
    {"/training/gradient_norm", &training::TrainedModel::loss_gradient_norm},
};
inline constexpr Field<optimize::Summary, double> summary_fields[] = {
    {"/training/objective_value", &optimize::Summary::value},
    {"/training/objective_gradient_norm", &optimize::Summary::gradient_norm},
};
inline constexpr Field<optimize::Summary, std::uint64_t> summary_counts[] = {
    {"/training/steps", &optimize::Summary::iterations},
    {"/training/evaluations", &optimize::Summary::evaluations},
};
inline constexpr Field<training::TrainedModel, std::uint64_t> trained_counts[] = {
    {"/training/unmet", &training::TrainedModel::unmet},
};

}  // namespace skeleta::storage
