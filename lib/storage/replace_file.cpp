#include "storage/replace_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <system_error>
#include <utility>

#include "skeleta/storage/file_error.h"

namespace skeleta::storage {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void throw_write_error(const fs::path& target, int error) {
  throw FileError(target, fmt::format("cannot be written: {}; nothing under that name has changed",
                                      std::generic_category().message(error)));
}

// A write past the limit of the file size raises SIGXFSZ, whose default ends the process. Held back
// on this thread, it leaves an ordinary error (EFBIG) behind.
class HeldFileSizeSignal {
 public:
  HeldFileSizeSignal() {
    sigemptyset(&signal_);
    sigaddset(&signal_, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &signal_, &before_);
  }
  ~HeldFileSizeSignal() {
    const timespec now{};
    while (sigtimedwait(&signal_, nullptr, &now) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  HeldFileSizeSignal(const HeldFileSizeSignal&) = delete;
  HeldFileSizeSignal& operator=(const HeldFileSizeSignal&) = delete;

 private:
  sigset_t signal_, before_;
};

// Removed at the end unless it was renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const fs::path& target) : target_(target), path_(temporary_path(target)) {
    descriptor_ =
        ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (descriptor_ < 0) throw_write_error(target_, errno);
  }
  ~TemporaryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!renamed_) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write(std::span<const char> bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw_write_error(target_, errno);
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
  }

  // The bytes reach the disk before the name does. Closing can fail too (NFS).
  void finish() {
    if (::fsync(descriptor_) != 0 && errno != EINVAL) throw_write_error(target_, errno);
    if (::close(std::exchange(descriptor_, -1)) != 0) throw_write_error(target_, errno);
  }

  void rename(bool overwrite) {
    const unsigned flags = overwrite ? 0 : RENAME_NOREPLACE;
    int result = ::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target_.c_str(), flags);
    // Some file systems know no flags; check_output has then looked before.
    if (result != 0 && (errno == EINVAL || errno == ENOSYS)) {
      result = ::rename(path_.c_str(), target_.c_str());
    }
    if (result != 0) throw_write_error(target_, errno);
    renamed_ = true;
  }

 private:
  fs::path target_, path_;
  int descriptor_ = -1;
  bool renamed_ = false;
};

// Makes the rename last. The file is whole either way, so a failure here is no error.
void sync_folder(const fs::path& target) {
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

fs::path temporary_path(const fs::path& target) {
  fs::path result = target;
  result += fmt::format(".tmp-{}", ::getpid());
  return result;
}

void replace_file(const fs::path& target, std::span<const char> bytes, bool overwrite) {
  const HeldFileSizeSignal held;
  TemporaryFile file(target);
  file.write(bytes);
  file.finish();
  file.rename(overwrite);
  sync_folder(target);
}

}  // namespace skeleta::storage
