#include "target.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <stdexcept>

#include "errors.h"
#include "skeleta/storage/file_error.h"

std::filesystem::path file_of(std::span<const char> bytes) {
  static const int descriptor = ::memfd_create("fuzz", MFD_CLOEXEC);
  if (::ftruncate(descriptor, 0) != 0 ||
      ::pwrite(descriptor, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw std::runtime_error("no memory for a file");
  }
  return fmt::format("/proc/self/fd/{}", descriptor);
}

// libFuzzer's entry.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    consume({reinterpret_cast<const char*>(data), size});
  } catch (const std::invalid_argument&) {
  } catch (const skeleta::storage::FileError&) {
  } catch (const skeleta::program::UsageError&) {
  }
  return 0;
}
