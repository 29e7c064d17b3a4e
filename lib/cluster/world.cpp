#include "skeleta/cluster/world.h"

#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <thread>
#include <utility>

namespace skeleta::cluster {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr double forever = std::numeric_limits<double>::infinity();

// In naps, so that threads of this rank or of others can work meanwhile; false if it takes longer
// than `limit` seconds.
bool wait(MPI_Request& request, double limit = forever) {
  constexpr int short_ones = 200;
  const auto start = std::chrono::steady_clock::now();
  for (int naps = 0;; ++naps) {
    int done = 0;
    MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (done != 0) return true;
    if (Seconds(std::chrono::steady_clock::now() - start).count() > limit) return false;
    if (naps < short_ones) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }
}

// What is sent in place of a size by who has ended, and back.
long long end_mark(int code) {
  return -1 - static_cast<long long>(code);
}
int code_of(long long mark) {
  return static_cast<int>(-1 - mark);
}

}  // namespace

World::World() {
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
  MPI_Comm_size(MPI_COMM_WORLD, &size_);
}

World::~World() {
  MPI_Finalize();
}

bool World::gather_sizes(long long mine, Sizes& all, double limit) {
  all.resize(static_cast<std::size_t>(size_));
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Iallgather(&mine, 1, MPI_LONG_LONG, all.data(), 1, MPI_LONG_LONG, MPI_COMM_WORLD, &request);
  return wait(request, limit);
}

std::vector<Exchange::Bytes> World::all_gather(std::span<const std::byte> mine) {
  constexpr long long most = 1 << 26;
  Sizes sizes;
  gather_sizes(static_cast<long long>(mine.size()), sizes, forever);
  for (const long long size : sizes) {
    if (size < 0 && ended_ == 0) ended_ = code_of(size);
  }
  if (std::ranges::any_of(sizes, [](long long size) { return size < 0; })) {
    ended_ = std::max(ended_, 1);  // also if it thought that all was well
    throw PeerEnded();
  }
  std::vector<Bytes> all(sizes.size());
  for (std::size_t r = 0; r < all.size(); ++r) all[r].resize(static_cast<std::size_t>(sizes[r]));
  const long long piece = std::max(most / size_, 1LL), longest = *std::ranges::max_element(sizes);
  Bytes buffer;
  std::vector<int> counts(sizes.size()), places(sizes.size());
  for (long long begin = 0; begin < longest; begin += piece) {
    int total = 0;
    for (std::size_t r = 0; r < all.size(); ++r) {
      counts[r] = static_cast<int>(std::clamp(sizes[r] - begin, 0LL, piece));
      places[r] = std::exchange(total, total + counts[r]);
    }
    buffer.resize(static_cast<std::size_t>(total));
    const int own = counts[static_cast<std::size_t>(rank_)];
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Iallgatherv(own > 0 ? mine.data() + begin : nullptr, own, MPI_BYTE, buffer.data(),
                    counts.data(), places.data(), MPI_BYTE, MPI_COMM_WORLD, &request);
    wait(request);
    for (std::size_t r = 0; r < all.size(); ++r) {
      std::copy_n(buffer.data() + places[r], counts[r],
                  all[r].data() + (counts[r] > 0 ? begin : 0));
    }
  }
  return all;
}

// Other ranks are about to finish too, or are at work: then only MPI_Abort ends them soon.
int World::end(std::optional<int> code, const std::function<void()>& complain) {
  if (!code) return ended_;
  constexpr double patience = 3.0;
  const bool failed = *code == 1 || *code == 2;
  Sizes marks;
  if (!gather_sizes(end_mark(*code), marks, failed ? patience : forever)) {
    complain();
    MPI_Abort(MPI_COMM_WORLD, *code);
  }
  for (std::size_t r = 0; r < marks.size(); ++r) {
    if (marks[r] >= 0 || code_of(marks[r]) == 0) continue;
    if (static_cast<int>(r) == rank_) complain();
    return code_of(marks[r]);
  }
  return 0;
}

}  // namespace skeleta::cluster
