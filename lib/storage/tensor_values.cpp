#include "storage/tensor_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "skeleta/storage/file_error.h"
#include "storage/physical_memory.h"

namespace skeleta::storage {
namespace {

constexpr std::size_t block_numbers = 1 << 21;  // 8 MB as float32

using FloatRows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class Bits>
Bits swapped(Bits bits) {
  char bytes[sizeof bits];
  std::memcpy(bytes, &bits, sizeof bits);
  std::reverse(std::begin(bytes), std::end(bytes));
  std::memcpy(&bits, bytes, sizeof bits);
  return bits;
}

float from_float16(std::uint16_t bits) {
  return static_cast<float>(std::bit_cast<Eigen::half>(bits));
}
float from_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

template <class Bits, class To, class Convert>
void convert_all(std::span<const char> bytes, bool swap, To* to, Convert convert) {
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(Bits)) {
    Bits bits;
    std::memcpy(&bits, bytes.data() + at, sizeof bits);
    if (swap) bits = swapped(bits);
    *to++ = static_cast<To>(convert(bits));
  }
}

// The numbers of `bytes` as float or double.
template <class To>
void decode(const Tensor& tensor, std::span<const char> bytes, To* to) {
  const bool swap = tensor.big_endian;  // x86-64 and ARM as it is used are little-endian
  static_assert(std::endian::native == std::endian::little);
  switch (tensor.type) {
    case NumberType::float16:
      return convert_all<std::uint16_t>(bytes, swap, to, from_float16);
    case NumberType::bfloat16:
      return convert_all<std::uint16_t>(bytes, swap, to, from_bfloat16);
    case NumberType::float32:
      return convert_all<std::uint32_t>(bytes, swap, to, std::bit_cast<float, std::uint32_t>);
    case NumberType::float64:
      return convert_all<std::uint64_t>(bytes, swap, to, std::bit_cast<double, std::uint64_t>);
  }
}

// Before anything of it is allocated.
void check_tensor(const TensorFile& file, const Tensor& tensor, std::size_t number_size) {
  if (!tensor.refusal.empty()) file.refuse(tensor.refusal);
  const auto bytes = byte_count(tensor.shape, number_size);
  const std::string shape =
      fmt::format("{} has shape {}", printable(tensor.name), shape_text(tensor.shape));
  if (bytes == 0U) file.refuse(shape + ": no axis may be empty");
  if (!bytes || 2.0 * static_cast<double>(*bytes) > physical_memory()) {
    file.refuse(fmt::format("{}: that is more than half of this machine's {:.3g} GB of memory",
                            shape, 1e-9 * physical_memory()));
  }
}

[[noreturn]] void refuse_number(const TensorFile& file, const Tensor& tensor, const Shape& index,
                                double value) {
  const bool large = std::isfinite(value);
  file.refuse(
      fmt::format("{}{} is {}: {}", printable(tensor.name), shape_text(index), value,
                  large ? "too large for single precision" : "every number must be finite"));
}

// The first number of a block of `columns` columns that is not finite as float, if any.
void require_finite_block(const TensorFile& file, const Tensor& tensor, std::span<const char> bytes,
                          const std::vector<float>& block, std::size_t row, std::size_t column,
                          std::size_t columns) {
  const std::size_t count = bytes.size() / number_size(tensor.type);
  bool finite = true;
  for (std::size_t k = 0; k < count; ++k) finite &= std::isfinite(block[k]);
  if (finite) return;
  const auto at =
      std::find_if_not(block.begin(), block.end(), [](float x) { return std::isfinite(x); });
  const auto k = static_cast<std::size_t>(at - block.begin());
  double value = 0.0;
  const std::size_t size = number_size(tensor.type);
  decode(tensor, bytes.subspan(k * size, size), &value);
  Shape index{row + k / columns, column + k % columns};
  if (tensor.column_major) std::swap(index[0], index[1]);
  refuse_number(file, tensor, index, value);
}

}  // namespace

Shape matrix_shape(const TensorFile& file, const Tensor& tensor) {
  check_tensor(file, tensor, sizeof(float));
  const Shape& shape = tensor.shape;
  if (shape.size() == 2) return shape;
  if (shape.size() == 3 && shape.front() == 1) return {shape[1], shape[2]};
  file.refuse(fmt::format("{} has shape {}: it must have two axes, features and dimensions{}",
                          printable(tensor.name), shape_text(shape),
                          shape.size() == 3 ? ", of one model" : ""));
}

Vector read_vector(const TensorFile& file, const Tensor& tensor) {
  check_tensor(file, tensor, sizeof(double));
  Shape long_axes = tensor.shape;
  std::erase(long_axes, 1U);
  if (long_axes.size() > 1) {
    file.refuse(fmt::format("{} has shape {}: it must have one axis", printable(tensor.name),
                            shape_text(tensor.shape)));
  }
  const std::size_t count = element_count(tensor.shape);
  std::vector<char> bytes(count * number_size(tensor.type));
  file.open(tensor)->read(bytes);
  Vector values(static_cast<Index>(count));
  decode(tensor, bytes, values.data());
  return values;
}

FloatMatrix read_features(const TensorFile& file, const Tensor& tensor, FeatureAxis axis) {
  Shape stored = matrix_shape(file, tensor);
  if (tensor.column_major) std::reverse(stored.begin(), stored.end());
  const bool by_row = (axis == FeatureAxis::first) != tensor.column_major;
  const std::size_t rows = stored[0], columns = stored[1];
  const std::size_t width = std::min(columns, block_numbers);
  const std::size_t height =
      width < columns ? 1 : std::clamp(block_numbers / columns, std::size_t{1}, rows);
  std::vector<char> bytes(height * width * number_size(tensor.type));
  std::vector<float> block(height * width);
  const auto stream = file.open(tensor);
  FloatMatrix result(static_cast<Index>(by_row ? columns : rows),
                     static_cast<Index>(by_row ? rows : columns));
  for (std::size_t row = 0; row < rows; row += height) {
    const std::size_t h = std::min(height, rows - row);
    for (std::size_t column = 0; column < columns; column += width) {
      const std::size_t w = std::min(width, columns - column);
      const std::span<char> part(bytes.data(), h * w * number_size(tensor.type));
      stream->read(part);
      decode(tensor, part, block.data());
      require_finite_block(file, tensor, part, block, row, column, w);
      const Eigen::Map<const FloatRows> numbers(block.data(), static_cast<Index>(h),
                                                static_cast<Index>(w));
      const auto i = static_cast<Index>(row), j = static_cast<Index>(column);
      if (by_row) {
        result.block(j, i, numbers.cols(), numbers.rows()) = numbers.transpose();
      } else {
        result.block(i, j, numbers.rows(), numbers.cols()) = numbers;
      }
    }
  }
  return result;
}

void require_finite(const TensorFile& file, const Tensor& tensor, const Vector& values) {
  for (Index k = 0; k < values.size(); ++k) {
    if (!std::isfinite(values(k)))
      refuse_number(file, tensor, {static_cast<std::size_t>(k)}, values(k));
  }
}

}  // namespace skeleta::storage
