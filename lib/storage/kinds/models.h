#pragma once

#include <vector>

#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"
#include "storage/fields.h"

namespace skeleta::storage {

/// /model, along [instance], all of one shape.
void put_models(Results& results, const std::vector<const Autoencoder*>& models);

/// /data
void put_features(Results& results, const Features& features);

}  // namespace skeleta::storage
