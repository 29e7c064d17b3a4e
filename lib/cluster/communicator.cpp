#include "cluster/communicator.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <stdexcept>
#include <thread>
#include <utility>

#include "skeleta/cluster/world.h"

namespace skeleta::cluster {
namespace {

using Clock = std::chrono::steady_clock;

constexpr long long most_bytes = 1 << 26;  // of a piece, of all ranks together

// In naps, so that threads of this rank or of others can work meanwhile.
void nap(int already) {
  constexpr int short_ones = 200;
  if (already < short_ones) {
    std::this_thread::yield();
  } else {
    std::this_thread::sleep_for(std::chrono::microseconds(50));
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

Communicator::Communicator(MPI_Comm processes) : processes_(processes) {
  MPI_Comm_rank(processes, &rank_);
  MPI_Comm_size(processes, &size_);
  const auto count = static_cast<std::size_t>(size_);
  sizes_.resize(count);
  counts_.resize(count);
  places_.resize(count);
}

Communicator::~Communicator() {
  if (processes_ != MPI_COMM_WORLD && !under_way_) MPI_Comm_free(&processes_);
}

void Communicator::post(std::span<const std::byte> mine) {
  if (under_way_) throw std::logic_error("two messages at a time");
  mine_.assign(mine.begin(), mine.end());
  begin(static_cast<long long>(mine.size()));
}

void Communicator::post_end(int code) {
  begin(end_mark(code));
}

void Communicator::begin(long long size) {
  under_way_ = true;
  own_size_ = size;
  exchanged_ = -1;
  MPI_Iallgather(&own_size_, 1, MPI_LONG_LONG, sizes_.data(), 1, MPI_LONG_LONG, processes_,
                 &request_);
}

void Communicator::advance() {
  while (under_way_) {
    int done = 0;
    MPI_Test(&request_, &done, MPI_STATUS_IGNORE);
    if (done == 0) return;
    go_on();
  }
}

// After the sizes, or a piece.
void Communicator::go_on() {
  const auto [least, most] = std::ranges::minmax(sizes_);
  if (least < 0) {
    under_way_ = false;
    return;
  }
  if (exchanged_ < 0) {
    all_.resize(sizes_.size());
    for (std::size_t r = 0; r < all_.size(); ++r) {
      all_[r].resize(static_cast<std::size_t>(sizes_[r]));
    }
    exchanged_ = 0;
  } else {
    take_piece();
    exchanged_ += piece();
  }
  under_way_ = exchanged_ < most;
  if (under_way_) begin_piece();
}

long long Communicator::piece() const {
  return std::max(most_bytes / size_, 1LL);
}

void Communicator::begin_piece() {
  int total = 0;
  for (std::size_t r = 0; r < sizes_.size(); ++r) {
    counts_[r] = static_cast<int>(std::clamp(sizes_[r] - exchanged_, 0LL, piece()));
    places_[r] = std::exchange(total, total + counts_[r]);
  }
  buffer_.resize(static_cast<std::size_t>(total));
  const int own = counts_[static_cast<std::size_t>(rank_)];
  MPI_Iallgatherv(own > 0 ? mine_.data() + exchanged_ : nullptr, own, MPI_BYTE, buffer_.data(),
                  counts_.data(), places_.data(), MPI_BYTE, processes_, &request_);
}

void Communicator::take_piece() {
  for (std::size_t r = 0; r < all_.size(); ++r) {
    std::copy_n(buffer_.data() + places_[r], counts_[r],
                all_[r].data() + (counts_[r] > 0 ? exchanged_ : 0));
  }
}

// Several that fail do not all give up at the same time: one sentence is enough.
bool Communicator::wait(bool patient) {
  if (given_up_) return false;
  const double seconds = patient ? std::numeric_limits<double>::infinity()
                                 : 3.0 * (1.0 + static_cast<double>(rank_) / size_);
  const auto start = Clock::now();
  for (int naps = 0;; ++naps) {
    advance();
    if (!under_way_) return true;
    const std::chrono::duration<double> waited = Clock::now() - start;
    given_up_ = waited.count() > seconds;
    if (given_up_) return false;
    nap(naps);
  }
}

std::optional<std::vector<Exchange::Bytes>> Communicator::collect(bool patient) {
  if (!wait(patient)) return {};
  if (std::ranges::min(sizes_) < 0) throw PeerEnded();
  return std::move(all_);
}

void Communicator::broadcast(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const auto count = std::min(bytes.size(), static_cast<std::size_t>(most_bytes));
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Ibcast(bytes.data(), static_cast<int>(count), MPI_BYTE, 0, processes_, &request);
    for (int naps = 0, done = 0; done == 0; ++naps) {
      MPI_Test(&request, &done, MPI_STATUS_IGNORE);
      if (done == 0) nap(naps);
    }
    bytes = bytes.subspan(count);
  }
}

std::unique_ptr<Exchange> Communicator::group(int number) {
  post({});  // MPI waits for the last one without naps
  collect(true);
  MPI_Comm processes = MPI_COMM_NULL;
  MPI_Comm_split(processes_, number, rank_, &processes);
  return std::make_unique<Communicator>(processes);
}

std::vector<std::optional<int>> Communicator::ends() const {
  std::vector<std::optional<int>> codes;
  for (const long long size : sizes_) {
    codes.push_back(size < 0 ? std::optional(code_of(size)) : std::nullopt);
  }
  return codes;
}

}  // namespace skeleta::cluster
