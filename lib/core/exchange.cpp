#include "skeleta/core/exchange.h"

#include <fmt/format.h>

#include <chrono>
#include <stdexcept>
#include <utility>

#include "core/failure.h"

namespace skeleta {
namespace {

thread_local Ranks* ranks_of_this_thread = nullptr;

// What goes before every message.
struct Heading {
  double seconds = 0.0;
  std::int64_t wish = 0, step = 0;
};

// Steps that are no loop over so many items.
enum Step : std::int64_t { meeting = -1, threads_told = -2, first_told = -3, sameness = -4 };

double seconds_here() {
  using std::chrono::steady_clock;
  return std::chrono::duration<double>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Ranks::Ranks(Exchange& exchange, std::function<int()> wish)
    : exchange_(exchange),
      wish_(std::move(wish)),
      outer_(ranks_of_this_thread),
      workers_(static_cast<std::size_t>(exchange.size())) {
  meet();  // from here on there is a time
  ranks_of_this_thread = this;
}

Ranks::~Ranks() {
  ranks_of_this_thread = outer_;
}

Ranks* Ranks::current() {
  return ranks_of_this_thread;
}

std::vector<Exchange::Bytes> Ranks::gather(std::span<const std::byte> mine, std::int64_t step) {
  Parcel message;
  Heading heading{seconds_here(), wish(), step};
  message(heading);
  Exchange::Bytes bytes = message.bytes();
  bytes.insert(bytes.end(), mine.begin(), mine.end());
  std::vector<Exchange::Bytes> all = exchange_.all_gather(bytes);
  ++traffic_.exchanges;
  traffic_.sent += bytes.size();
  std::int64_t first_wish = 0;
  bool in_step = true;
  for (std::size_t r = 0; r < all.size(); ++r) {
    traffic_.received += all[r].size();
    Parcel theirs(all[r]);
    theirs(heading);
    if (r == 0) seconds_ = heading.seconds;
    if (first_wish == 0) first_wish = heading.wish;
    in_step = in_step && heading.step == step;
    all[r].erase(all[r].begin(), all[r].begin() + sizeof heading);
  }
  if (agreed_ == 0) agreed_ = static_cast<int>(first_wish);
  if (!in_step) throw std::logic_error("the ranks are out of step: one of them went on alone");
  return all;
}

void Ranks::tell_threads(int threads) {
  Parcel mine;
  mine(threads);
  workers_ = 0;
  for (const Exchange::Bytes& theirs : gather(mine.bytes(), Step::threads_told)) {
    Parcel parcel(theirs);
    parcel(threads);
    workers_ += static_cast<std::size_t>(threads);
  }
}

void Ranks::meet() {
  gather({}, Step::meeting);
}

bool Ranks::told_by_first(FunctionRef<bool()> work) {
  bool result = false;
  Failure failure;
  Parcel mine;
  if (first()) {
    const Alone alone;
    try {
      result = work();
    } catch (...) {
      failure = Failure::caught();
    }
    failure.travel(mine);
    mine(result);
  }
  const auto all = gather(mine.bytes(), Step::first_told);
  if (!first()) {
    Parcel told(all.front());
    failure.travel(told);
    told(result);
  }
  if (failure) failure.raise();
  return result;
}

void Ranks::require_same(const std::string& text, const std::string& what) {
  const std::span letters(text);
  const auto all = gather(std::as_bytes(letters), Step::sameness);
  for (std::size_t r = 1; r < all.size(); ++r) {
    if (all[r] == all.front()) continue;
    throw std::invalid_argument(fmt::format("rank {} has another {} than rank 0", r, what));
  }
}

Alone::Alone() : before_(std::exchange(ranks_of_this_thread, nullptr)) {}

Alone::~Alone() {
  ranks_of_this_thread = before_;
}

}  // namespace skeleta
