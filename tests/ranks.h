#pragma once

#include <barrier>
#include <exception>
#include <functional>
#include <thread>
#include <vector>

#include "skeleta/core/exchange.h"

namespace skeleta::testing {

/// Ranks that are threads of one process.
class ThreadRanks {
 public:
  explicit ThreadRanks(int size)
      : size_(size), slots_(static_cast<std::size_t>(size)), everybody_(size) {}

  /// work(rank) on all of them. `wish` as that of Ranks, of each rank. An exception leaves the
  /// others waiting: `work` catches what it expects.
  void run(
      const std::function<void(Ranks&)>& work,
      const std::function<int(int rank)>& wish = [](int) { return 0; }) {
    std::vector<std::jthread> threads;
    for (int r = 0; r < size_; ++r) {
      threads.emplace_back([&, r] {
        One one(*this, r);
        Ranks ranks(one, [&, r] { return wish(r); });
        work(ranks);
      });
    }
  }

 private:
  class One final : public Exchange {
   public:
    One(ThreadRanks& all, int rank) : all_(all), rank_(rank) {}
    int rank() const override { return rank_; }
    int size() const override { return all_.size_; }
    std::vector<Bytes> all_gather(std::span<const std::byte> mine) override {
      all_.slots_[static_cast<std::size_t>(rank_)].assign(mine.begin(), mine.end());
      all_.everybody_.arrive_and_wait();
      std::vector<Bytes> copy = all_.slots_;
      all_.everybody_.arrive_and_wait();
      return copy;
    }

   private:
    ThreadRanks& all_;
    int rank_;
  };

  int size_;
  std::vector<Exchange::Bytes> slots_;
  std::barrier<> everybody_;
};

}  // namespace skeleta::testing
