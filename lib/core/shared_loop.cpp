#include "core/shared_loop.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <mutex>
#include <vector>

#include "core/failure.h"
#include "skeleta/core/cancellation.h"
#include "skeleta/core/exchange.h"
#include "skeleta/core/parallel.h"

namespace skeleta {
namespace {

// What one rank tells the others of its items, apart from their results.
struct Report {
  std::size_t failed = std::numeric_limits<std::size_t>::max();  // the least item that threw
  Failure failure{};
  std::vector<char> finished{};

  void travel(Parcel& parcel) {
    parcel(failed, finished);
    failure.travel(parcel);
  }
};

// A rank's items: rank, rank + size, …
struct Share {
  std::size_t rank, size;

  explicit Share(const Ranks& ranks)
      : rank(static_cast<std::size_t>(ranks.rank())),
        size(static_cast<std::size_t>(ranks.size())) {}
  std::size_t of(std::size_t count) const {
    return rank < count ? (count - rank + size - 1) / size : 0;
  }
  std::size_t item(std::size_t k) const { return rank + k * size; }
};

// A signal that came here may end this rank's items at once: all hear of it right after them.
Report compute(const Ranks& ranks, std::size_t count, int threads,
               FunctionRef<void(std::size_t, std::size_t)> body) {
  const Share share(ranks);
  Report report;
  report.finished.assign(share.of(count), 0);
  std::mutex failing;
  try {
    const CancelScope scope([&] { return ranks.wish() != 0; });
    parallel_for(share.of(count), threads, [&](std::size_t k, std::size_t worker) {
      try {
        body(share.item(k), worker);
        report.finished[k] = 1;
      } catch (...) {
        const std::scoped_lock lock(failing);
        report.failed = std::min(report.failed, share.item(k));
        throw;
      }
    });
  } catch (...) {
    report.failure = Failure::caught();
    if (!report.failure) report.failed = Report{}.failed;
  }
  return report;
}

}  // namespace

void for_each_shared(std::size_t count, int threads,
                     FunctionRef<void(std::size_t, std::size_t)> body,
                     FunctionRef<void(Parcel&, std::size_t)> pass) {
  Ranks* const ranks = Ranks::current();
  if (ranks == nullptr) return parallel_for(count, threads, body);
  Report own = compute(*ranks, count, threads, body);
  Share share(*ranks);
  Parcel mine;
  own.travel(mine);
  for (std::size_t k = 0; k < own.finished.size(); ++k) {
    if (own.finished[k] != 0) pass(mine, share.item(k));
  }
  const auto messages = ranks->gather(mine.bytes(), static_cast<std::int64_t>(count));
  Report worst = own;
  bool complete = true;
  for (share.rank = 0; share.rank < share.size; ++share.rank) {
    Report theirs = own;
    if (share.rank != static_cast<std::size_t>(ranks->rank())) {
      Parcel parcel(messages[share.rank]);
      theirs = {};
      theirs.travel(parcel);
      for (std::size_t k = 0; k < theirs.finished.size(); ++k) {
        if (theirs.finished[k] != 0) pass(parcel, share.item(k));
      }
    }
    for (const char finished : theirs.finished) complete = complete && finished != 0;
    if (theirs.failed < worst.failed) worst = theirs;
  }
  if (worst.failure) worst.failure.raise();
  if (!complete) throw Interrupted();
}

}  // namespace skeleta
