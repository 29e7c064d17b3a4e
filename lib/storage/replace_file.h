#pragma once

#include <filesystem>
#include <span>

namespace skeleta::storage {

/// A file beside `target` that a write goes to first: "NAME.tmp-PID", or "NAME.tmp-PID-1", … if
/// that name is taken, as by a process of the same number in another container or on another host
/// that shares the folder. It is made anew, and locked as long as it is open. Removed at the end
/// unless it was renamed.
class TemporaryFile {
 public:
  /// errno is set if the file cannot be made; then is_open() is false.
  explicit TemporaryFile(const std::filesystem::path& target);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  bool is_open() const { return descriptor_ >= 0; }
  /// These return false, with errno, if they fail.
  bool write(std::span<const char> bytes);
  bool finish();  ///< The bytes are on the disk.
  bool rename(bool overwrite);

 private:
  bool open(const std::filesystem::path& path);

  std::filesystem::path target_, path_;
  int descriptor_ = -1;
  bool there_ = false;
};

/// Removes the temporary files of this target whose processes are gone: no process here has their
/// number, and nobody, also in another container or on another host, holds their lock.
void remove_abandoned(const std::filesystem::path& target);

/// Puts a file of these bytes under the name `target`, which at any moment, also after a crash, is
/// the previous file or the new one, whole.
/// Throws FileError if it exists and `overwrite` is false, or if writing fails (a full disk, a
/// limit of the file size); then the temporary file is gone and `target` untouched.
void replace_file(const std::filesystem::path& target, std::span<const char> bytes, bool overwrite);

}  // namespace skeleta::storage
