#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/array.h"
#include "storage/input_bytes.h"

namespace skeleta::storage {

/// The floating-point numbers that tensors are read from.
enum class NumberType : std::uint8_t { float16, bfloat16, float32, float64 };

std::size_t number_size(NumberType type);

/// What a file says of one of its tensors.
struct Tensor {
  std::string name;
  Shape shape{};
  NumberType type = NumberType::float32;
  bool column_major = false;  ///< The first axis runs fastest in the file, not the last.
  bool big_endian = false;
  std::string refusal{};  ///< Why it cannot be read, a sentence that names it; empty if it can be.
};

/// The bytes that shape and type say; nothing if that is more than can be counted.
std::optional<std::uint64_t> byte_count(const Shape& shape, std::size_t number_size);

/// Bytes that are read one after the other.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// Fills `bytes` with the next ones. Throws FileError if there are fewer, or if they are damaged.
  virtual void read(std::span<char> bytes) = 0;
};

/// A file of named tensors. It is looked through when it is opened; numbers are only read when they
/// are asked for.
class TensorFile {
 public:
  explicit TensorFile(const std::filesystem::path& file) : file_(file) {}
  virtual ~TensorFile() = default;

  const std::filesystem::path& file() const { return file_; }
  const std::vector<Tensor>& tensors() const { return tensors_; }
  /// "a, b, c", the first 20 and the number of others.
  std::string names() const;
  /// The numbers of a tensor without refusal, in the order of the file.
  virtual std::unique_ptr<ByteStream> open(const Tensor& tensor) const = 0;

  /// Throws FileError about this file.
  [[noreturn]] void refuse(const std::string& sentence) const;

 protected:
  std::vector<Tensor> tensors_;

 private:
  std::filesystem::path file_;
};

/// Opens an HDF5, safetensors, npz or npy file: its first bytes say which it is, never its name.
/// Throws FileError if it is none of these, or damaged.
std::unique_ptr<TensorFile> open_tensors(const std::filesystem::path& file);

/// The bytes [first, first + count) of a file.
class RangeStream : public ByteStream {
 public:
  RangeStream(const InputBytes& bytes, std::uint64_t first, std::uint64_t count)
      : bytes_(bytes), next_(first), left_(count) {}
  void read(std::span<char> bytes) override;
  std::uint64_t left() const { return left_; }

 private:
  const InputBytes& bytes_;
  std::uint64_t next_, left_;
};

/// A name of a hostile file, fit for a sentence: short, and without control characters.
std::string printable(std::string_view name);

}  // namespace skeleta::storage
