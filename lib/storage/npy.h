#pragma once

#include <memory>
#include <string>

#include "storage/tensor_file.h"

namespace skeleta::storage {

/// What stands before the numbers of an array that NumPy saved.
struct NpyHeader {
  Tensor tensor;
  std::uint64_t size = 0;  ///< Its bytes: the numbers begin behind them.
};

/// Reads the header of format 1, 2 or 3 from the beginning of `stream`, which has `size` bytes in
/// all. Throws FileError, whose sentence begins with `name`, if it is damaged, if the array has
/// other numbers than floats of 2, 4 or 8 bytes, or not as many bytes as its shape says.
NpyHeader read_npy_header(ByteStream& stream, std::uint64_t size, const std::string& name,
                          const std::filesystem::path& file);

/// A file of one array, whose name is "the array".
std::unique_ptr<TensorFile> open_npy(std::unique_ptr<InputBytes> bytes);

}  // namespace skeleta::storage
