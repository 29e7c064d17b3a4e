#include "storage/tensor_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "skeleta/storage/file_error.h"
#include "storage/hdf5_tensors.h"
#include "storage/npy.h"
#include "storage/npz.h"
#include "storage/safetensors.h"

namespace skeleta::storage {
namespace {

namespace fs = std::filesystem;
using namespace std::literals;

bool starts_with(const InputBytes& bytes, std::uint64_t first, std::string_view signature) {
  return first + signature.size() <= bytes.size() &&
         bytes.text(first, signature.size()) == signature;
}

// At the beginning, or behind a user block of 512, 1024, … bytes.
bool is_hdf5(const InputBytes& bytes) {
  constexpr std::uint64_t least_block = 512;
  for (std::uint64_t first = 0; first < bytes.size(); first = std::max(2 * first, least_block)) {
    if (starts_with(bytes, first, "\x89HDF\r\n\x1a\n"sv)) return true;
  }
  return false;
}

}  // namespace

std::size_t number_size(NumberType type) {
  switch (type) {
    case NumberType::float16:
    case NumberType::bfloat16:
      return 2;
    case NumberType::float32:
      return 4;
    default:
      return 8;
  }
}

std::optional<std::uint64_t> byte_count(const Shape& shape, std::size_t number_size) {
  std::uint64_t count = number_size;
  for (const std::size_t length : shape) {
    if (__builtin_mul_overflow(count, length, &count)) return {};
  }
  return count;
}

std::string TensorFile::names() const {
  constexpr std::size_t most = 20;
  std::vector<std::string> first;
  for (const Tensor& tensor : tensors_) {
    if (first.size() == most) break;
    first.push_back(printable(tensor.name));
  }
  const std::size_t others = tensors_.size() - first.size();
  return fmt::format("{}{}", fmt::join(first, ", "),
                     others > 0 ? fmt::format(" and {} more", others) : "");
}

void TensorFile::refuse(const std::string& sentence) const {
  throw FileError(file_, sentence);
}

void RangeStream::read(std::span<char> bytes) {
  if (bytes.size() > left_) bytes_.refuse("is damaged: a tensor ends too early");
  bytes_.read(next_, bytes);
  next_ += bytes.size();
  left_ -= bytes.size();
}

std::unique_ptr<TensorFile> open_tensors(const fs::path& file) {
  auto bytes = std::make_unique<InputBytes>(file, "a file of weights");
  if (starts_with(*bytes, 0, "\x93NUMPY"sv)) return open_npy(std::move(bytes));
  if (starts_with(*bytes, 0, "PK\3\4"sv) || starts_with(*bytes, 0, "PK\5\6"sv)) {
    return open_npz(std::move(bytes));
  }
  if (is_safetensors(*bytes)) return open_safetensors(std::move(bytes));
  if (is_hdf5(*bytes)) return open_hdf5(file, bytes->size());
  if (bytes->size() == 0) bytes->refuse("is empty");
  bytes->refuse(
      "is neither an HDF5 nor a safetensors, npz or npy file, or its beginning is damaged (a .pt, "
      ".pkl or .gguf file must be converted)");
}

std::string printable(std::string_view name) {
  constexpr std::size_t most = 80;
  std::string result(name.substr(0, most));
  if (name.size() > most) {  // not within a character of UTF-8
    while (!result.empty() && (result.back() & 0xC0) == 0x80) result.pop_back();
    if (!result.empty() && (result.back() & 0x80) != 0) result.pop_back();
    result += "…";
  }
  for (char& c : result) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return result;
}

}  // namespace skeleta::storage
