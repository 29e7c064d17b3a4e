#pragma once

#include <memory>

#include "storage/tensor_file.h"

namespace skeleta::storage {

/// Whether the file may be one: the length of a header that fits, and its opening brace.
bool is_safetensors(const InputBytes& bytes);

/// A safetensors file: the length of the header in 8 bytes, little-endian; the header, in JSON, for
/// each name {"dtype", "shape", "data_offsets": [begin, end]}; the numbers, that lie one tensor
/// after the other, without gaps. Throws FileError if it is anything else.
std::unique_ptr<TensorFile> open_safetensors(std::unique_ptr<InputBytes> bytes);

}  // namespace skeleta::storage
