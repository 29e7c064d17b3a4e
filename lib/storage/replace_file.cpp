#include "storage/replace_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string>
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

// Makes the rename last. The file is whole either way, so a failure here is no error.
void sync_folder(const fs::path& target) {
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

// The number in "NAME.tmp-PID" or "NAME.tmp-PID-1"; nothing if the name is not of this form.
std::optional<pid_t> process_of(const std::string& name, const std::string& target) {
  const std::string stem = target + ".tmp-";
  if (!name.starts_with(stem)) return {};
  const std::string rest = name.substr(stem.size());
  const std::size_t dash = rest.find('-');
  const auto digits = [](const std::string& text) {
    constexpr std::size_t most = 9;
    return !text.empty() && text.size() <= most &&
           text.find_first_not_of("0123456789") == std::string::npos;
  };
  if (!digits(rest.substr(0, dash))) return {};
  if (dash != std::string::npos && !digits(rest.substr(dash + 1))) return {};
  return static_cast<pid_t>(std::stol(rest.substr(0, dash)));
}

bool is_running(pid_t process) {
  return ::kill(process, 0) == 0 || errno == EPERM;
}

// A lock that cannot be had, or not be asked for, says that the file may be in use.
void remove_unless_locked(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return;
  struct stat opened {
  }, named{};
  const bool same = ::fstat(descriptor, &opened) == 0 && S_ISREG(opened.st_mode) &&
                    ::flock(descriptor, LOCK_EX | LOCK_NB) == 0 &&
                    ::lstat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino;
  if (same) ::unlink(path.c_str());
  ::close(descriptor);
}

}  // namespace

TemporaryFile::TemporaryFile(const fs::path& target) : target_(target) {
  constexpr int most = 100;
  const std::string first = fmt::format("{}.tmp-{}", target.string(), ::getpid());
  for (int k = 0; k < most && !is_open(); ++k) {
    if (!open(k == 0 ? first : fmt::format("{}-{}", first, k)) && errno != EEXIST) return;
  }
}

// Between making and locking it, remove_abandoned can take the file for one that was left.
bool TemporaryFile::open(const fs::path& path) {
  path_ = path;
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (descriptor_ < 0) return false;
  const bool lost = ::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  struct stat opened {};
  if (lost || (::fstat(descriptor_, &opened) == 0 && opened.st_nlink == 0)) {
    ::close(std::exchange(descriptor_, -1));
    errno = EEXIST;
    return false;
  }
  there_ = true;
  return true;
}

TemporaryFile::~TemporaryFile() {
  if (there_) ::unlink(path_.c_str());
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool TemporaryFile::write(std::span<const char> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

// Some file systems cannot sync.
bool TemporaryFile::finish() {
  return ::fsync(descriptor_) == 0 || errno == EINVAL;
}

// The lock is held until the name is the new one. Closing can fail too (NFS).
bool TemporaryFile::rename(bool overwrite) {
  const unsigned flags = overwrite ? 0 : RENAME_NOREPLACE;
  int result = ::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target_.c_str(), flags);
  // Some file systems know no flags; check_output has then looked before.
  if (result != 0 && (errno == EINVAL || errno == ENOSYS)) {
    result = ::rename(path_.c_str(), target_.c_str());
  }
  if (result != 0) return false;
  there_ = false;
  return ::close(std::exchange(descriptor_, -1)) == 0;
}

void remove_abandoned(const fs::path& target) {
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    const auto process = process_of(entry.path().filename().string(), target.filename().string());
    if (!process || (*process != ::getpid() && is_running(*process))) continue;
    remove_unless_locked(entry.path());
  }
}

void replace_file(const fs::path& target, std::span<const char> bytes, bool overwrite) {
  const HeldFileSizeSignal held;
  TemporaryFile file(target);
  if (!file.is_open() || !file.write(bytes) || !file.finish() || !file.rename(overwrite)) {
    throw_write_error(target, errno);
  }
  sync_folder(target);
}

}  // namespace skeleta::storage
