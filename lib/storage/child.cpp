#include "storage/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "skeleta/storage/file_error.h"
#include "skeleta/storage/other_users.h"
#include "storage/hdf5_handle.h"
#include "storage/physical_memory.h"
#include "storage/watched_memory.h"

namespace skeleta::storage {
namespace {

namespace fs = std::filesystem;

// What the child says: one letter, the number of bytes that follow, and these.
namespace word {
constexpr char result = 'R', refusal = 'F', no_memory = 'M';
}

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int value() const { return value_; }
  void close() {
    if (value_ >= 0) ::close(value_);
    value_ = -1;
  }

 private:
  int value_;
};

bool write_all(int descriptor, const char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t written = ::write(descriptor, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes += written;
    count -= static_cast<std::size_t>(written);
  }
  return true;
}

bool read_all(int descriptor, char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t got = ::read(descriptor, bytes, count);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    bytes += got;
    count -= static_cast<std::size_t>(got);
  }
  return true;
}

void say(int descriptor, char word, const char* bytes, std::uint64_t count) {
  write_all(descriptor, &word, 1) &&
      write_all(descriptor, reinterpret_cast<const char*>(&count), sizeof count) &&
      write_all(descriptor, bytes, count);
}

struct Limits {
  explicit Limits(std::uintmax_t file_size)
      : processor(1 + file_size / 1'000'000), time(60 + file_size / 1'000'000) {}
  std::uintmax_t processor, time;  // seconds
};

void set_limit(int resource, std::uintmax_t most) {
  rlimit limit{};
  getrlimit(static_cast<__rlimit_resource>(resource), &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, static_cast<rlim_t>(most));
  setrlimit(static_cast<__rlimit_resource>(resource), &limit);
}

// What the parent made of signals is not for the child, which must die quietly.
void prepare_child(const Limits& limits) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT,
                           SIGALRM, SIGXCPU, SIGPIPE}) {
    ::signal(number, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int nowhere = ::open("/dev/null", O_WRONLY);
  if (nowhere >= 0) ::dup2(nowhere, STDERR_FILENO);
  set_limit(RLIMIT_CORE, 0);
  set_limit(RLIMIT_CPU, limits.processor);
#ifndef SKELETA_WATCHED_MEMORY
  set_limit(RLIMIT_DATA, static_cast<std::uintmax_t>(physical_memory()));
#endif
  ::alarm(static_cast<unsigned>(limits.time));
}

[[noreturn]] void run_child(int descriptor, const Limits& limits,
                            FunctionRef<std::vector<char>()> work) {
  prepare_child(limits);
  try {
    const std::vector<char> bytes = work();
    say(descriptor, word::result, bytes.data(), bytes.size());
  } catch (const std::bad_alloc&) {
    say(descriptor, word::no_memory, nullptr, 0);
  } catch (const FileError& error) {
    say(descriptor, word::refusal, error.sentence().data(), error.sentence().size());
  } catch (const std::exception& error) {
    say(descriptor, word::refusal, error.what(), std::strlen(error.what()));
  }
  ::_exit(0);
}

// A parent that ignores SIGCHLD gets no status: 0.
int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

std::string cause_of_death(int status, const Limits& limits) {
  if (!WIFSIGNALED(status)) return "is damaged: reading it fails without a reason";
  const int number = WTERMSIG(status);
  if (number == SIGXCPU || number == SIGALRM) {
    return fmt::format(
        "cannot be read within {} s of processor and {} s of time: it is damaged, or its storage "
        "does not answer",
        limits.processor, limits.time);
  }
  const bool crash = number == SIGSEGV || number == SIGBUS || number == SIGABRT ||
                     number == SIGFPE || number == SIGILL;
  if (crash) {
    return fmt::format("is damaged: the HDF5 library crashes on it ({})", ::strsignal(number));
  }
  return fmt::format("cannot be read: the process that reads it was ended ({})",
                     ::strsignal(number));
}

std::function<std::shared_ptr<void>()>& keeping_out() {
  static std::function<std::shared_ptr<void>()> function;
  return function;
}

}  // namespace

void keep_out_of_hdf5(std::function<std::shared_ptr<void>()> keep_out) {
  keeping_out() = std::move(keep_out);
}

std::vector<char> in_child(const fs::path& file, std::uintmax_t file_size,
                           FunctionRef<std::vector<char>()> work) {
  const std::shared_ptr<void> others = keeping_out() ? keeping_out()() : nullptr;
  const Hdf5Session session;
  const Limits limits(file_size);
  const auto refuse_to_start = [&] {
    throw FileError(file, fmt::format("cannot be read: a process that reads it safely cannot be "
                                      "started: {}",
                                      std::generic_category().message(errno)));
  };
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) refuse_to_start();
  Descriptor from(ends[0]), to(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) refuse_to_start();
  if (child == 0) run_child(to.value(), limits, work);
  to.close();

  char said = 0;
  std::uint64_t count = 0;
  std::vector<char> bytes;
  bool whole = read_all(from.value(), &said, 1) &&
               read_all(from.value(), reinterpret_cast<char*>(&count), sizeof count);
  std::optional<std::bad_alloc> too_large;
  try {
    if (whole) bytes.resize(count);
  } catch (const std::bad_alloc& error) {
    too_large = error;
  }
  whole = whole && !too_large && read_all(from.value(), bytes.data(), bytes.size());
  from.close();
  const int status = wait_for(child);
  if (too_large || (whole && said == word::no_memory)) throw std::bad_alloc();
  if (!whole) throw FileError(file, cause_of_death(status, limits));
  if (said == word::refusal) throw FileError(file, std::string(bytes.begin(), bytes.end()));
  return bytes;
}

}  // namespace skeleta::storage
