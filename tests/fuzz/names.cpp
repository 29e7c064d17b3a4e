// Files of feature names.
#include "storage/feature_names.h"
#include "target.h"

void consume(std::span<const char> bytes) {
  skeleta::storage::read_feature_names(file_of(bytes), 3);
}
