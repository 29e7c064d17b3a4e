#pragma once

#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"
#include "storage/fields.h"

namespace skeleta::storage {

/// Along [instance] of /model.
const Fields<Autoencoder>& model_fields();

/// /data
void put_features(Results& results, const Features& features);

}  // namespace skeleta::storage
