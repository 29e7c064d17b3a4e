#include "skeleta/core/parallel.h"

#include <fmt/format.h>
#include <pthread.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <latch>
#include <limits>
#include <mutex>
#include <new>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/no_fork.h"
#include "core/processors.h"
#include "skeleta/core/cancellation.h"
#include "skeleta/core/exchange.h"

#if defined(__SANITIZE_THREAD__)
#define SKELETA_WATCHED_THREADS
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SKELETA_WATCHED_THREADS
#endif
#endif

namespace skeleta {
namespace {

// How many of `wanted` threads could be started, all at once.
int started_at_once(int wanted) {
  std::latch go(1);
  std::vector<std::jthread> threads;
  threads.reserve(static_cast<std::size_t>(wanted));
  try {
    while (static_cast<int>(threads.size()) < wanted) threads.emplace_back([&] { go.wait(); });
  } catch (const std::system_error&) {
    // No more of them: the limit on processes, or on memory.
  }
  go.count_down();
  return static_cast<int>(threads.size());
}

using Body = FunctionRef<void(std::size_t, std::size_t)>;

constexpr int most_threads = 4096;

std::atomic<int> budget_of_process{0};  // 0: there is no ThreadBudget

// A loop that runs, of items that are handed out in order. It lives on its caller's stack.
class Loop {
 public:
  Loop(std::size_t count, int threads, int limit)
      : outer_(innermost),
        count_(count),
        workers_(std::min(count, static_cast<std::size_t>(threads))),
        limit_(limit),
        scope_(CancelScope::current()),
        in_arena_(workers_ > 1 || (outer_ != nullptr && outer_->in_arena_)) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// That this thread works at an item of; null outside of all.
  static const Loop* current() { return innermost; }

  std::size_t workers() const { return workers_; }
  bool in_arena() const { return in_arena_; }

  /// Threads for what one running item does.
  int share() const {
    const int all = outer_ != nullptr ? std::min(limit_, outer_->share()) : limit_;
    const auto running = static_cast<int>(std::clamp<std::size_t>(count_ - finished_, 1, workers_));
    return (all + running - 1) / running;
  }

  /// All items on this thread.
  void run_alone(Body body) {
    const At here(this);
    for (std::size_t i = 0; i < count_; ++i) {
      poll();
      body(i, 0);
      finished_.store(i + 1, std::memory_order_relaxed);
    }
  }

  /// Items on a thread that is lent, until none is left.
  void run(std::size_t worker, Body body) {
    const At here(this);
    const BorrowedScope borrowed(scope_);
    for (std::size_t i = next_++; i < count_; i = next_++) {
      try {
        poll();
        body(i, worker);
      } catch (...) {
        fail(i);
      }
      ++finished_;
    }
  }

  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  struct At {
    explicit At(const Loop* loop) : before(std::exchange(innermost, loop)) {}
    ~At() { innermost = before; }
    At(const At&) = delete;
    At& operator=(const At&) = delete;
    const Loop* before;
    const Alone alone{};  // an item is one rank's
  };

  // All items before i have begun, so that the least one that fails is always found.
  void fail(std::size_t i) {
    const std::scoped_lock lock(failing_);
    next_ = count_;
    if (error_ && failed_ < i) return;
    failed_ = i;
    error_ = std::current_exception();
  }

  static thread_local const Loop* innermost;

  const Loop* const outer_;
  const std::size_t count_, workers_;
  const int limit_;
  const CancelScope* const scope_;
  const bool in_arena_;
  std::atomic<std::size_t> next_{0}, finished_{0};
  std::mutex failing_;
  std::size_t failed_ = 0;
  std::exception_ptr error_;
};

thread_local const Loop* Loop::innermost = nullptr;

// No guarded static: a fork that finds a thread within it would wait for it for ever.
std::atomic<int> known_processors{0};

int all_processors() {
  if (known_processors == 0) known_processors = std::min(usable_processors(), most_threads);
  return known_processors;
}

std::mutex setting_up;             // what a fork must not find half made
std::atomic<bool> holding{false};  // this process TBB, or its parent at the fork
std::atomic<bool> forked{false};   // this process, after its parent held TBB

#ifdef SKELETA_WATCHED_THREADS
// TBB's library is not built for the thread sanitizer, which cannot see how its threads wait for
// each other.
constexpr bool without_tbb() {
  return true;
}
#else
// Whether this process is a fork of one that has used TBB; to be asked before each use. A fork has
// none of TBB's threads, and its locks as they were: what a thread held stays locked for ever.
const bool watched = ::pthread_atfork([] { setting_up.lock(); }, [] { setting_up.unlock(); },
                                      [] {
                                        forked = holding.load();
                                        setting_up.unlock();
                                      }) == 0;

bool without_tbb() {
  return forked || !watched;
}
#endif

// TBB, and its allocator, wait at the exit of a process for locks of their threads. A fork has not
// those threads: it ends before it comes to that, with all done that was registered after this and
// nothing that was before, which is its parent's to do.
void end_fork(int status, void*) {
  if (!forked) return;
  for (std::ostream* const stream : {&std::cout, &std::clog}) stream->flush();
  for (std::wostream* const stream : {&std::wcout, &std::wclog}) stream->flush();
  std::fflush(nullptr);
  ::_exit(status);
}

// To be called before each use: TBB is there until the process ends, which waits for none of its
// threads.
void hold_tbb() {
  if (holding) return;
  const NoFork meanwhile;
  if (holding) return;
  static const tbb::task_scheduler_handle* held = nullptr;
  if (held == nullptr) held = new tbb::task_scheduler_handle(tbb::attach{});
  tbb::task_arena(1).execute([] {});  // loads the allocator, whose exit must come after end_fork
  if (::on_exit(end_fork, nullptr) != 0) throw std::bad_alloc();
  holding = true;
}

// TBB warns if it is asked for more than there are, which is the processors or a budget.
int lent_threads(int wanted) {
  using tbb::global_control;
  if (without_tbb()) {
    return possible_threads(budget_of_process > 0 ? wanted : std::min(wanted, all_processors()));
  }
  hold_tbb();
  const auto most = global_control::active_value(global_control::max_allowed_parallelism);
  return possible_threads(static_cast<int>(std::min(most, static_cast<std::size_t>(wanted))));
}

// work(k) for each k < workers, on this thread and new ones, or on fewer if there are no more.
void start(std::size_t workers, FunctionRef<void(std::size_t)> work) {
  std::vector<std::jthread> threads;
  try {
    for (std::size_t k = 1; k < workers; ++k) threads.emplace_back([&work, k] { work(k); });
  } catch (const std::system_error&) {
  }
  work(0);
}

// work(k) for each k < workers, on threads that are lent. Of a loop inside another one: who waits
// for it works for it alone, since an item of an outer loop could take hours.
void lend(std::size_t workers, int available, bool inside, FunctionRef<void(std::size_t)> work) {
  const auto run = [&] {
    tbb::parallel_for(
        std::size_t{0}, workers, [&](std::size_t worker) { work(worker); },
        tbb::simple_partitioner{});
  };
  if (without_tbb()) {
    start(workers, work);
  } else if (inside) {
    tbb::this_task_arena::isolate(run);
  } else {
    tbb::task_arena(available).execute(run);
  }
}

}  // namespace

NoFork::NoFork() {
  setting_up.lock();
}

NoFork::~NoFork() {
  setting_up.unlock();
}

int resolve_threads(int requested) {
  if (requested < 0 || requested > most_threads) {
    throw std::invalid_argument(fmt::format(
        "threads = {} must lie in 0..{} (0 means all there are)", requested, most_threads));
  }
  const Loop* const loop = Loop::current();
  const int budget = loop != nullptr ? loop->share() : budget_of_process.load();
  if (budget > 0) return requested > 0 ? std::min(requested, budget) : budget;
  return requested > 0 ? requested : all_processors();
}

// TBB ends the program where it cannot start a thread, so it is not asked for more than can be.
int possible_threads(int threads) {
  static std::atomic<int> most{1};
  static std::atomic<bool> limit_known{false};
  if (threads > most && !limit_known) {
    const int possible = 1 + started_at_once(threads - 1);
    if (possible < threads) limit_known = true;
    if (possible > most) most = possible;
  }
  return std::min<int>(threads, most);
}

int worthwhile_threads(double seconds, int requested) {
  return seconds < 1e-4 ? 1 : requested;
}

struct ThreadBudget::Control {
  // TBB has no more threads than processors unless told otherwise, and the least of all that is
  // told.
  tbb::global_control limit;
};

ThreadBudget::ThreadBudget(int threads) : outer_(budget_of_process) {
  const int possible = possible_threads(resolve_threads(threads));
  if (!without_tbb()) {
    hold_tbb();
    control_.reset(new Control{
        {tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(possible)}});
  }
  budget_of_process = possible;
}

ThreadBudget::~ThreadBudget() {
  if (forked) static_cast<void>(control_.release());  // whose lock another thread may have held
  budget_of_process = outer_;
}

void parallel_for(std::size_t count, int threads, Body body) {
  const Loop* const outer = Loop::current();
  const bool inside = outer != nullptr && outer->in_arena();
  int available = resolve_threads(threads);
  if (count > 1 && available > 1 && !inside) available = lent_threads(available);
  // Inside another loop it may be given more while it runs.
  const int asked = threads > 0 ? threads : std::numeric_limits<int>::max();
  Loop loop(count, available, outer != nullptr ? asked : available);
  if (loop.workers() <= 1) return loop.run_alone(body);
  lend(loop.workers(), available, inside, [&](std::size_t worker) { loop.run(worker, body); });
  loop.rethrow();
}

void parallel_for(std::size_t count, int threads, FunctionRef<void(std::size_t)> body) {
  parallel_for(count, threads, [&](std::size_t i, std::size_t) { body(i); });
}

}  // namespace skeleta
