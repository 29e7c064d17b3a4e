#include "core/shared_loop.h"

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <thread>

#include "skeleta/core/cancellation.h"
#include "skeleta/core/parallel.h"

namespace skeleta {
namespace {

constexpr std::int64_t group_has_ended = -5;  // a step, beside those of exchange.cpp

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

}  // namespace

void SharedLoop::Report::travel(Parcel& parcel) {
  parcel(failed, finished);
  failure.travel(parcel);
}

// Of the exception that is being handled; work that was called off has not failed.
void SharedLoop::Report::note_failure(std::size_t item) {
  failure = Failure::caught();
  if (failure) failed = item;
}

SharedLoop::SharedLoop(Ranks* ranks, std::size_t count) : count_(count), ranks_(ranks) {
  if (ranks != nullptr) own_.finished.assign(Share(*ranks).of(count), 0);
}

SharedLoop::SharedLoop(std::size_t count, int threads,
                       FunctionRef<void(std::size_t, std::size_t)> body)
    : SharedLoop(Ranks::current(), count) {
  if (ranks_ != nullptr) {
    compute(threads, body);
  } else {
    parallel_for(count, threads, body);
  }
}

// A signal that came here may end this rank's items at once: all hear of it right after them.
// Between items the results of an earlier loop move on.
void SharedLoop::compute(int threads, FunctionRef<void(std::size_t, std::size_t)> body) {
  const Share share(*ranks_);
  const auto caller = std::this_thread::get_id();
  std::size_t failed = count_;
  std::mutex failing;
  try {
    const CancelScope scope([&] { return ranks_->wish() != 0; });
    parallel_for(own_.finished.size(), threads, [&](std::size_t k, std::size_t worker) {
      try {
        body(share.item(k), worker);
        own_.finished[k] = 1;
      } catch (...) {
        const std::scoped_lock lock(failing);
        failed = std::min(failed, share.item(k));
        throw;
      }
      if (std::this_thread::get_id() == caller) ranks_->advance();
    });
  } catch (...) {
    own_.note_failure(failed);
  }
}

SharedLoop SharedLoop::by_groups(Ranks& ranks, std::size_t count, int threads,
                                 FunctionRef<void(std::size_t)> body) {
  SharedLoop loop(&ranks, count);
  const std::size_t item = Share(ranks).rank % count;
  const auto exchange = ranks.group(static_cast<int>(item));
  Ranks group(*exchange, [&] { return ranks.wish(); });
  group.tell_threads(resolve_threads(threads));
  const CancelScope scope([&] { return group.agreed() != 0; });
  loop.compute_together(group, item, body);
  return loop;
}

// Who fails alone meets the others of its group out of step, so that none of them waits for it for
// ever: they have no result, and what it was all hear from that one.
void SharedLoop::compute_together(Ranks& group, std::size_t item,
                                  FunctionRef<void(std::size_t)> body) {
  bool done = false;
  try {
    try {
      body(item);
      done = true;
    } catch (const OutOfStep&) {
      throw;
    } catch (...) {
      own_.note_failure(item);
    }
    group.post({}, group_has_ended);
    group.collect(!own_.failure);
  } catch (const OutOfStep&) {
    if (!own_.failure) own_.note_failure(count_);
    return;
  }
  if (done) std::ranges::fill(own_.finished, 1);
}

void SharedLoop::post(FunctionRef<void(Parcel&, std::size_t)> pass) {
  if (ranks_ == nullptr) return;
  const Share share(*ranks_);
  Parcel mine;
  own_.travel(mine);
  for (std::size_t k = 0; k < own_.finished.size(); ++k) {
    if (own_.finished[k] != 0) pass(mine, share.item(k));
  }
  ranks_->post(mine.bytes(), static_cast<std::int64_t>(count_));
}

// Who has failed need not wait for others that compute for hours.
void SharedLoop::finish(FunctionRef<void(Parcel&, std::size_t)> pass) {
  if (ranks_ == nullptr) return;
  const auto messages = ranks_->collect(!own_.failure);
  if (!messages) own_.failure.raise();
  Share share(*ranks_);
  Report worst = own_;
  bool complete = true;
  for (share.rank = 0; share.rank < share.size; ++share.rank) {
    Report theirs = own_;
    if (share.rank != static_cast<std::size_t>(ranks_->rank())) {
      Parcel parcel((*messages)[share.rank]);
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

void for_each_shared(std::size_t count, int threads,
                     FunctionRef<void(std::size_t, std::size_t)> body,
                     FunctionRef<void(Parcel&, std::size_t)> pass) {
  SharedLoop loop(count, threads, body);
  loop.post(pass);
  loop.finish(pass);
}

}  // namespace skeleta
