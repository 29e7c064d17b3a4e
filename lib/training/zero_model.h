#pragma once

#include "skeleta/measure/features.h"
#include "skeleta/training/train.h"

namespace skeleta::training {

/// What an objective, exact, one_sparse or k_sparse:k, is for the model that answers 0: E[Σ v x²]
/// on the skeletons that it has, of one_sparse given that one feature is active. The scale of its
/// values and gradients.
double value_of_zero_model(const Features& features, ObjectiveKind objective, Index k);

}  // namespace skeleta::training
