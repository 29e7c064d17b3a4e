#include "storage/input_bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "skeleta/storage/file_error.h"
#include "storage/first_rank.h"

namespace skeleta::storage {

namespace fs = std::filesystem;

void check_readable(const fs::path& file, const char* needed) {
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (status.type() == fs::file_type::not_found) throw FileError(file, "no such file");
  if (error) throw FileError(file, "cannot be opened: " + error.message());
  if (fs::is_directory(status)) {
    throw FileError(file, std::string("is a folder, not ") + needed);
  }
  if (!fs::is_regular_file(status)) throw FileError(file, "is not a regular file");
  if (::access(file.c_str(), R_OK) != 0) {
    throw FileError(file, "cannot be read: " + std::generic_category().message(errno));
  }
}

InputBytes::InputBytes(const fs::path& file, const char* needed) : file_(file) {
  read_by_first(
      file, [&] { open(needed); }, [&](Parcel& parcel) { parcel(size_); });
}

void InputBytes::open(const char* needed) {
  check_readable(file_, needed);
  descriptor_ = ::open(file_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) {
    refuse("cannot be opened: " + std::generic_category().message(errno));
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

InputBytes::~InputBytes() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void InputBytes::read(std::uint64_t first, std::span<char> bytes) const {
  read_by_first(
      file_, [&] { read_here(first, bytes); },
      [&](Parcel& parcel) { parcel.block(bytes.data(), bytes.size()); });
}

void InputBytes::read_here(std::uint64_t first, std::span<char> bytes) const {
  while (!bytes.empty()) {
    const ssize_t got = ::pread(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(first));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuse("cannot be read: " + std::generic_category().message(errno));
    if (got == 0) refuse("is damaged: it ends too early");
    bytes = bytes.subspan(static_cast<std::size_t>(got));
    first += static_cast<std::uint64_t>(got);
  }
}

std::string InputBytes::text(std::uint64_t first, std::uint64_t count) const {
  if (first > size_ || count > size_ - first) refuse("is damaged: it ends too early");
  std::string result(count, '\0');
  read(first, result);
  return result;
}

void InputBytes::refuse(const std::string& sentence) const {
  throw FileError(file_, sentence);
}

std::uint64_t little_endian(const char* bytes, std::size_t count) {
  std::uint64_t value = 0;
  while (count-- > 0) value = value << 8 | static_cast<unsigned char>(bytes[count]);
  return value;
}

}  // namespace skeleta::storage
