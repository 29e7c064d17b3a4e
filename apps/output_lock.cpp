#include "output_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "errors.h"
#include "print.h"

namespace skeleta::program {
namespace {

constexpr std::string_view mark = "skeleta is writing: ";
constexpr std::string_view ending = ".lock";

std::string lock_of(const std::string& target) {
  const std::filesystem::path path(target);
  return path.parent_path() / fmt::format(".{}{}", path.filename().string(), ending);
}

std::string this_process() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return fmt::format("process {} on {}", ::getpid(), host.data());
}

std::string reason() {
  return std::generic_category().message(errno);
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

Descriptor open_lock(const std::string& path, int flags) {
  return Descriptor(
      ::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags, 0666));
}

// What stands in the file after the mark; "" of an empty one, nothing of one that is no lock.
std::optional<std::string> holder_in(int descriptor) {
  std::array<char, 512> bytes{};
  struct stat file {};
  const ssize_t count = ::pread(descriptor, bytes.data(), bytes.size(), 0);
  if (count < 0 || ::fstat(descriptor, &file) != 0 || !S_ISREG(file.st_mode)) return {};
  std::string text(bytes.data(), static_cast<std::size_t>(count));
  if (text.empty()) return text;
  if (!text.starts_with(mark)) return {};
  text = text.substr(mark.size());
  return text.substr(0, text.find('\n'));
}

// One who ends removes the file: a lock of a file that has no name any more is worth nothing.
bool still_named(int descriptor, const std::string& path) {
  struct stat opened {
  }, named{};
  return ::fstat(descriptor, &opened) == 0 && ::lstat(path.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

enum class Taken { yes, by_other, unknown };

Taken take(int descriptor) {
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    return errno == EWOULDBLOCK ? Taken::by_other : Taken::unknown;
  }
  return Taken::yes;
}

// writer_of() has a lock for a moment: it is not the last word that it is taken.
Taken take_patiently(int descriptor) {
  constexpr int attempts = 20, pause = 10'000;  // microseconds
  Taken taken = take(descriptor);
  for (int k = 0; taken == Taken::by_other && k < attempts; ++k) {
    ::usleep(pause);
    taken = take(descriptor);
  }
  return taken;
}

bool sign(int descriptor) {
  const std::string text = fmt::format("{}{}\n", mark, this_process());
  return ::ftruncate(descriptor, 0) == 0 &&
         ::pwrite(descriptor, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

void note_without(std::ostream* notes, const std::string& target, const std::string& why) {
  if (notes == nullptr) return;
  print_to(*notes,
           "note: {} cannot be locked ({}): nothing keeps a second process from writing it\n",
           target, why);
}

}  // namespace

OutputLock::OutputLock(const std::string& target, std::ostream* notes) : path_(lock_of(target)) {
  Descriptor file(-1);
  std::optional<std::string> before;
  do {
    file = open_lock(path_, O_CREAT);
    if (!file.is_open()) {
      note_without(notes, target, reason());
      return;
    }
    before = holder_in(file.number());
    if (!before) {
      throw UsageError(fmt::format(
          "{} is in the way: it is no lock of skeleta, so {} cannot be locked", path_, target));
    }
    const Taken taken = take_patiently(file.number());
    if (taken == Taken::unknown) {
      const std::string why = reason();
      if (before->empty()) ::unlink(path_.c_str());
      note_without(notes, target, why);
      return;
    }
    if (taken == Taken::by_other) {
      before = holder_in(file.number());  // who had not signed yet may have now
      throw UsageError(
          fmt::format("{} is being written by {}: wait for its end, or choose another "
                      "name",
                      target, before.value_or("").empty() ? "another process" : *before));
    }
  } while (!still_named(file.number(), path_));
  before = holder_in(file.number());
  if (!before.value_or("").empty() && notes != nullptr) {
    print_to(*notes, "note: {} ended without a word while it wrote {}, which is taken over\n",
             *before, target);
  }
  if (!sign(file.number())) note_without(notes, target, reason());
  descriptor_ = file.release();
}

// While the lock is held: whoever waits for it then finds that its file has no name.
OutputLock::~OutputLock() {
  if (descriptor_ < 0) return;
  if (still_named(descriptor_, path_)) ::unlink(path_.c_str());
  ::close(descriptor_);
}

std::optional<std::string> writer_of(const std::string& target) {
  const Descriptor file = open_lock(lock_of(target), 0);
  if (!file.is_open()) return {};
  const std::optional<std::string> holder = holder_in(file.number());
  if (!holder || take(file.number()) != Taken::by_other) return {};
  return holder->empty() ? "another process" : *holder;
}

std::string target_of_lock(const std::string& name) {
  if (!name.starts_with('.') || !name.ends_with(ending) || name.size() <= 1 + ending.size()) {
    return "";
  }
  return name.substr(1, name.size() - 1 - ending.size());
}

}  // namespace skeleta::program
