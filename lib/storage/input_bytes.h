#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace skeleta::storage {

/// Throws FileError unless a regular file is there that may be read: what the file system knows is
/// clearer than what a library says of it, and a pipe would block. `needed` is "an HDF5 file".
void check_readable(const std::filesystem::path& file, const char* needed);

/// One open file, of which any bytes can be read: that another file takes its name meanwhile
/// changes nothing. Of several ranks the first one has it open, and hands over what is read.
class InputBytes {
 public:
  /// Throws FileError as check_readable.
  InputBytes(const std::filesystem::path& file, const char* needed);
  ~InputBytes();
  InputBytes(const InputBytes&) = delete;
  InputBytes& operator=(const InputBytes&) = delete;

  const std::filesystem::path& file() const { return file_; }
  std::uint64_t size() const { return size_; }

  /// Fills `bytes` from the place `first` on. Throws FileError if the file ends before.
  void read(std::uint64_t first, std::span<char> bytes) const;
  std::string text(std::uint64_t first, std::uint64_t count) const;

  /// Throws FileError about this file.
  [[noreturn]] void refuse(const std::string& sentence) const;

 private:
  void open(const char* needed);
  void read_here(std::uint64_t first, std::span<char> bytes) const;

  std::filesystem::path file_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

/// An unsigned number of `count` bytes, the lowest first.
std::uint64_t little_endian(const char* bytes, std::size_t count);

}  // namespace skeleta::storage
