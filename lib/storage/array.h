#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace skeleta::storage {

using Shape = std::vector<std::size_t>;

/// A dataset in memory, in the row-major order of HDF5: the last axis runs fastest.
template <class T>
struct Array {
  Shape shape;
  std::vector<T> values;
};

/// The product of the lengths; 1 of a scalar.
std::size_t element_count(const Shape& shape);

/// "[2, 5]"
std::string shape_text(const Shape& shape);

/// The place of a flat position, "[1, 0, 4]".
std::string index_text(const Shape& shape, std::size_t position);

}  // namespace skeleta::storage
