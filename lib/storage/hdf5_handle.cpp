#include "storage/hdf5_handle.h"

#include <fmt/format.h>
#include <pthread.h>

#include <chrono>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "skeleta/storage/file_error.h"
#include "storage/schema_table.h"

namespace skeleta::storage {
namespace {

std::mutex in_use;
// Sessions within a session of the same thread. Not a recursive mutex, whose owner a child process
// is not, although its thread is a copy of the one that forked.
thread_local int depth = 0;

// A fork waits until no other thread is within HDF5, whose lock and ours it would have locked for
// ever; but not for ever itself, lest that thread waits for what the one has that forks. And the
// table of datasets is set up: a fork would wait for a thread that is at it, and which it has not.
thread_local bool taken_for_fork = false;

void before_fork() {
  try {
    dataset_entries();
  } catch (const std::exception&) {  // no memory: told where the table is used
  }
  constexpr int most_milliseconds = 10'000;
  for (int k = 0; depth == 0 && !taken_for_fork && k < most_milliseconds; ++k) {
    taken_for_fork = in_use.try_lock();
    if (!taken_for_fork) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void after_fork() {
  if (std::exchange(taken_for_fork, false)) in_use.unlock();
}

[[maybe_unused]] const int watched = ::pthread_atfork(before_fork, after_fork, after_fork);

herr_t take_first(unsigned, const H5E_error2_t* error, void* text) {
  *static_cast<std::string*>(text) = error->desc;
  return 1;  // ends the walk
}

}  // namespace

Hdf5Session::Hdf5Session() {
  if (depth++ == 0) in_use.lock();
  H5Eget_auto2(H5E_DEFAULT, &print_, &data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Hdf5Session::~Hdf5Session() {
  H5Eset_auto2(H5E_DEFAULT, print_, data_);
  if (--depth == 0) in_use.unlock();
}

std::string hdf5_cause() {
  std::string text = "unknown HDF5 error";
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, &text);
  return text;
}

void throw_hdf5_error(const std::filesystem::path& file, const std::string& action,
                      const std::string& object) {
  throw FileError(file, fmt::format("cannot {} {}: {}", action, object, hdf5_cause()));
}

}  // namespace skeleta::storage
