#include "storage/array.h"

#include <fmt/format.h>

namespace skeleta::storage {

std::string shape_text(const Shape& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

std::string index_text(const Shape& shape, std::size_t position) {
  Shape index(shape.size());
  for (std::size_t k = shape.size(); k-- > 0; position /= shape[k]) index[k] = position % shape[k];
  return shape_text(index);
}

}  // namespace skeleta::storage
