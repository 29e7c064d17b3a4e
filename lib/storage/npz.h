#pragma once

#include <memory>

#include "storage/tensor_file.h"

namespace skeleta::storage {

/// A zip archive of NumPy arrays, as numpy.savez and savez_compressed write it: array NAME is its
/// entry NAME.npy, stored or deflated. Throws FileError if it is anything else.
std::unique_ptr<TensorFile> open_npz(std::unique_ptr<InputBytes> bytes);

}  // namespace skeleta::storage
