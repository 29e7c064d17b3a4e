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

// Steps that are no loop over so many items (shared_loop.cpp has one more).
enum Step : std::int64_t { meeting = -1, threads_told = -2, first_told = -3, sameness = -4 };

double seconds_here() {
  using std::chrono::steady_clock;
  return std::chrono::duration<double>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace

OutOfStep::OutOfStep() : std::logic_error("the ranks are out of step: one of them went on alone") {}

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
  if (outer_ == nullptr) return;
  outer_->traffic_.exchanges += traffic_.exchanges;
  outer_->traffic_.sent += traffic_.sent;
  outer_->traffic_.received += traffic_.received;
  outer_->traffic_.waited += traffic_.waited;
}

Ranks* Ranks::current() {
  return ranks_of_this_thread;
}

std::vector<Exchange::Bytes> Ranks::gather(std::span<const std::byte> mine, std::int64_t step) {
  post(mine, step);
  return *collect();
}

void Ranks::post(std::span<const std::byte> mine, std::int64_t step) {
  Parcel message;
  Heading heading{seconds_here(), wish(), step};
  message(heading);
  Exchange::Bytes bytes = message.bytes();
  bytes.insert(bytes.end(), mine.begin(), mine.end());
  exchange_.post(bytes);
  step_ = step;
  ++traffic_.exchanges;
  traffic_.sent += bytes.size();
}

std::optional<std::vector<Exchange::Bytes>> Ranks::collect(bool patient) {
  const double begin = seconds_here();
  auto all = exchange_.collect(patient);
  traffic_.waited += seconds_here() - begin;
  if (!all) return all;
  Heading heading;
  std::int64_t first_wish = 0;
  bool in_step = true;
  for (std::size_t r = 0; r < all->size(); ++r) {
    Exchange::Bytes& bytes = (*all)[r];
    traffic_.received += bytes.size();
    Parcel theirs(bytes);
    theirs(heading);
    if (r == 0) seconds_ = heading.seconds;
    if (first_wish == 0) first_wish = heading.wish;
    in_step = in_step && heading.step == step_;
    bytes.erase(bytes.begin(), bytes.begin() + sizeof heading);
  }
  if (agreed_ == 0) agreed_ = static_cast<int>(first_wish);
  if (!in_step) throw OutOfStep();
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

// How much there is to be told comes first, so that all are there and have room for it.
void Ranks::told_by_first(FunctionRef<void()> work, FunctionRef<void(Parcel&)> pass) {
  Failure failure;
  Parcel mine;
  if (first()) {
    const Alone alone;
    try {
      work();
      failure.travel(mine);
      pass(mine);
    } catch (...) {
      failure = Failure::caught();
      mine = {};
      failure.travel(mine);
    }
  }
  Exchange::Bytes bytes = mine.release();
  std::uint64_t count = bytes.size();
  Parcel length;
  length(count);
  const auto all = gather(length.bytes(), Step::first_told);
  Parcel(all.front())(count);
  bytes.resize(count);
  exchange_.broadcast(bytes);
  if (!first()) {
    traffic_.received += count;
    Parcel told(bytes);
    failure.travel(told);
    if (!failure) pass(told);
  }
  if (failure) failure.raise();
}

bool Ranks::told_by_first(FunctionRef<bool()> work) {
  bool result = false;
  told_by_first([&] { result = work(); }, [&](Parcel& parcel) { parcel(result); });
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
