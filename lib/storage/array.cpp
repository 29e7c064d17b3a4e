#include "storage/array.h"

#include <fmt/format.h>

#include <functional>
#include <numeric>

namespace skeleta::storage {

std::size_t element_count(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>());
}

std::string shape_text(const Shape& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

std::string index_text(const Shape& shape, std::size_t position) {
  Shape index(shape.size());
  for (std::size_t k = shape.size(); k-- > 0; position /= shape[k]) index[k] = position % shape[k];
  return shape_text(index);
}

}  // namespace skeleta::storage
