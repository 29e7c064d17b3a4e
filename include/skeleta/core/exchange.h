#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "skeleta/core/function_ref.h"
#include "skeleta/core/parcel.h"

namespace skeleta {

/// How processes that run the same program, its ranks, hear of each other. The only thing that is
/// asked of it: nothing is ever added up on the way, since sums of doubles depend on their order.
/// All ranks call its functions in the same order, each from one thread.
class Exchange {
 public:
  using Bytes = std::vector<std::byte>;  ///< A message.

  virtual ~Exchange() = default;
  /// Which of them this process is, 0, …, size() − 1.
  virtual int rank() const = 0;
  /// How many there are, ≥ 1.
  virtual int size() const = 0;
  /// Begins to tell all a message, of which it takes a copy. collect() follows before anything else
  /// but advance().
  virtual void post(std::span<const std::byte> mine) = 0;
  /// Lets the messages on their way make progress; without any it does nothing. To be called now
  /// and then by a thread that computes meanwhile, the one that posted.
  virtual void advance() {}
  /// The messages that all have posted, in the order of the ranks. Waits for them; if not
  /// `patient`, for some seconds, and has nothing if they have not come: then this rank is on its
  /// way to its end, and exchanges nothing any more.
  virtual std::optional<std::vector<Bytes>> collect(bool patient) = 0;
  /// Sets `bytes`, as many on all ranks, to those of rank 0.
  virtual void broadcast(std::span<std::byte> bytes) = 0;
  /// Those of the ranks that give the same number, in their order.
  virtual std::unique_ptr<Exchange> group(int number) = 0;
};

/// The ranks do not exchange the same thing: one of them went on alone.
class OutOfStep : public std::logic_error {
 public:
  OutOfStep();  ///< With a sentence that says so.
};

/// While it lives, the outermost parallel loops of this thread are shared among the ranks: each
/// computes the items ≡ its number, and hears of all others, so that all go on with the same bits.
/// What lies between the loops every rank does for itself, with the same result. For that the ranks
/// agree on what a process could decide otherwise: the time is rank 0's at the last exchange
/// (monotonic_seconds), and a wish to stop counts from the exchange on in which all hear of it.
/// Lives on the stack of one thread.
class Ranks {
 public:
  /// `exchange` outlives it; all ranks make one at the same time. `wish` is asked, from any thread,
  /// what this rank would have all do: a signal that came, or 0.
  explicit Ranks(Exchange& exchange, std::function<int()> wish = {});
  ~Ranks();
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  /// Those that share what this thread does next; null where it works for itself: without ranks,
  /// and within an item of a loop.
  static Ranks* current();

  int rank() const { return exchange_.rank(); }  ///< Of this process.
  int size() const { return exchange_.size(); }  ///< How many.
  bool first() const { return rank() == 0; }     ///< Is this the one that reads and writes files?
  double seconds() const { return seconds_; }    ///< Rank 0's clock at the last exchange.
  int agreed() const { return agreed_; }         ///< The first wish that all have heard of, or 0.
  int wish() const { return wish_ ? wish_() : 0; }  ///< Of this rank alone.

  /// Threads of all ranks together; one of each until they have been told.
  std::size_t workers() const { return workers_; }
  /// Tells all of this rank's threads.
  void tell_threads(int threads);

  /// Everybody's bytes, in order of rank. `step` is the same number on all of them; throws
  /// OutOfStep if it was not.
  std::vector<Exchange::Bytes> gather(std::span<const std::byte> mine, std::int64_t step);
  /// In two halves, as those of Exchange.
  void post(std::span<const std::byte> mine, std::int64_t step);
  std::optional<std::vector<Exchange::Bytes>> collect(bool patient = true);  ///< The other half.
  void advance() { exchange_.advance(); }  ///< As Exchange::advance.
  /// Ends when all have called it.
  void meet();
  /// Calls `work` on rank 0 alone. What pass(parcel) packs there, the others unpack; what it
  /// throws, all do.
  void told_by_first(FunctionRef<void()> work, FunctionRef<void(Parcel&)> pass);
  /// Likewise; all return what it does.
  bool told_by_first(FunctionRef<bool()> work);
  /// The ranks that give the same number, as Exchange::group.
  std::unique_ptr<Exchange> group(int number) { return exchange_.group(number); }
  /// Throws std::invalid_argument, "rank 2 has another WHAT than rank 0", on all ranks unless they
  /// have the same text.
  void require_same(const std::string& text, const std::string& what);

  /// What went through so far.
  struct Traffic {
    std::uint64_t exchanges = 0;  ///< Times that all met.
    std::uint64_t sent = 0;       ///< Bytes of this rank,
    std::uint64_t received = 0;   ///< and of all.
    double waited = 0.0;          ///< Seconds that this rank waited for them.
  };
  /// Of this process, with that of groups that have ended.
  const Traffic& traffic() const { return traffic_; }

 private:
  Exchange& exchange_;
  std::function<int()> wish_;
  Ranks* outer_;
  double seconds_ = 0.0;
  std::atomic<int> agreed_{0};
  std::size_t workers_;
  std::int64_t step_ = 0;  // of what was posted last
  Traffic traffic_;
};

/// While it lives, this thread shares nothing: what it does, it does for this rank alone.
class Alone {
 public:
  Alone();
  ~Alone();
  Alone(const Alone&) = delete;
  Alone& operator=(const Alone&) = delete;

 private:
  Ranks* before_;
};

}  // namespace skeleta
