// Model files of whatever bytes, read as the program does: HDF5's own parser works in a child,
// which it may bring down or hang, and of whose coverage libFuzzer learns nothing.
#include "skeleta/storage/model_file.h"
#include "target.h"

void consume(std::span<const char> bytes) {
  skeleta::storage::read_models(file_of(bytes));
}
