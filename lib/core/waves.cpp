#include "core/waves.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/shared_loop.h"
#include "skeleta/core/cancellation.h"
#include "skeleta/core/clock.h"
#include "skeleta/core/exchange.h"

namespace skeleta {
namespace {

class WaveSize {
 public:
  explicit WaveSize(const Pace& pace) : pace_(pace), now_(pace.least) {}

  std::size_t now() const { return now_; }
  /// Was the last wave long enough?
  bool settled() const { return settled_; }
  /// To be called after each wave, of so many items. Waves that are much too short grow fast, since
  /// each is a meeting of all.
  void learn(std::size_t count) {
    const double before = std::exchange(last_, monotonic_seconds()), seconds = last_ - before;
    settled_ = seconds >= pace_.shortest || count >= pace_.most;
    if (seconds < pace_.shortest) {
      const double factor = std::clamp(pace_.shortest / std::max(seconds, 1e-9), 2.0, 16.0);
      now_ = std::min(static_cast<std::size_t>(factor) * count, pace_.most);
    }
    if (seconds > pace_.longest) now_ = std::max(count / 2, pace_.least);
  }

 private:
  const Pace& pace_;
  std::size_t now_;
  bool settled_ = false;
  double last_ = monotonic_seconds();
};

struct Wave {
  std::size_t first = 0;
  std::vector<char> finished{};  // by item
  std::optional<SharedLoop> loop{};

  std::size_t end() const { return first + finished.size(); }
};

}  // namespace

void for_each_in_waves(std::size_t count, const Pace& pace, int threads,
                       FunctionRef<void(std::size_t)> compute, FunctionRef<bool(std::size_t)> merge,
                       FunctionRef<void(Parcel&, std::size_t)> pass) {
  const bool ahead = Ranks::current() != nullptr;
  WaveSize size(pace);
  Wave now, next;
  const auto begin = [&](Wave& wave, std::size_t first) {
    wave = {first, std::vector<char>(std::min(size.now(), count - first), 0)};
    wave.loop.emplace(wave.finished.size(), threads, [&](std::size_t k, std::size_t) {
      compute(first + k);
      wave.finished[k] = 1;
    });
  };
  const auto pass_item = [&](Parcel& parcel, std::size_t k) {
    parcel(now.finished[k]);
    pass(parcel, now.first + k);
  };
  for (std::size_t first = 0; first < count;) {
    try {
      if (!now.loop) begin(now, first);
      now.loop->post(pass_item);
      if (ahead && size.settled() && now.end() < count) begin(next, now.end());
      now.loop->finish(pass_item);
    } catch (const Interrupted&) {
      for (const char one : now.finished) {
        if (one == 0 || !merge(first++)) break;
      }
      throw;
    }
    for (; first < now.end(); ++first) {
      if (!merge(first)) return;
    }
    size.learn(now.finished.size());
    now = std::exchange(next, {});
  }
}

}  // namespace skeleta
