#pragma once

#include <iosfwd>
#include <optional>
#include <string>

namespace skeleta::program {

/// Keeps a second process from writing the same file, for as long as it lives: `flock` on a hidden
/// file beside it, ".NAME.lock", which says who holds it and is removed at the end. The lock itself
/// ends with its process, however that ends.
class OutputLock {
 public:
  /// Throws UsageError, which names the process, if another one has the lock, or if the name of the
  /// lock is that of another file. Takes over what a process left that was killed, and says so on
  /// `notes` (none if null); also that a file system has no locks, where nothing is locked.
  OutputLock(const std::string& target, std::ostream* notes);
  ~OutputLock();
  OutputLock(const OutputLock&) = delete;
  OutputLock& operator=(const OutputLock&) = delete;

 private:
  std::string path_;
  int descriptor_ = -1;
};

/// Who is writing the file right now, as in "process 4242 on node7"; nothing if nobody is.
std::optional<std::string> writer_of(const std::string& target);

/// The file whose lock has this name, in the same folder; "" if it is no name of a lock.
std::string target_of_lock(const std::string& name);

}  // namespace skeleta::program
