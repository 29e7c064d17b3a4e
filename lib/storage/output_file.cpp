#include "skeleta/storage/output_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "skeleta/storage/file_error.h"
#include "storage/replace_file.h"

namespace skeleta::storage {
namespace {

namespace fs = std::filesystem;

void check_target(const fs::path& target, bool overwrite) {
  std::error_code ignored;
  const fs::file_status status = fs::status(target, ignored);
  if (fs::is_directory(status) || !target.has_filename()) {
    throw FileError(target, "is a folder: name a file in it");
  }
  if (!fs::exists(status)) return;
  // A rename would put a file in the place of a device such as /dev/null.
  if (!fs::is_regular_file(status)) {
    throw FileError(target, "is not a regular file, so it cannot be replaced: name another file");
  }
  if (!overwrite) {
    throw FileError(target, "already exists: name another file, or replace it with --force");
  }
}

void check_folder(const fs::path& target, const fs::path& folder) {
  std::error_code ignored;
  const fs::file_status status = fs::status(folder, ignored);
  if (!fs::exists(status)) {
    throw FileError(target,
                    fmt::format("the folder {} does not exist: make it first", folder.string()));
  }
  if (!fs::is_directory(status)) {
    throw FileError(target, fmt::format("{} is not a folder", folder.string()));
  }
}

void try_to_create(const fs::path& target, const fs::path& folder) {
  const bool allowed = ::access(folder.c_str(), W_OK | X_OK) == 0;
  if (allowed && TemporaryFile(target).is_open()) return;
  throw FileError(target, fmt::format("cannot be created in the folder {}: {}", folder.string(),
                                      std::generic_category().message(errno)));
}

}  // namespace

void check_output(const fs::path& target, bool overwrite) {
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  check_target(target, overwrite);
  check_folder(target, folder);
  remove_abandoned(target);
  try_to_create(target, folder);
}

void write_output(const fs::path& target, std::span<const char> bytes, bool overwrite) {
  replace_file(target, bytes, overwrite);
}

}  // namespace skeleta::storage
