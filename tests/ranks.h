#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "skeleta/core/exchange.h"

namespace skeleta::testing {

/// Ranks that are threads of one process.
class ThreadRanks {
 public:
  explicit ThreadRanks(int size) : board_(std::make_shared<Board>(size)) {}

  /// work(rank) on all of them. `wish` as that of Ranks, of each rank. An exception leaves the
  /// others waiting: `work` catches what it expects.
  void run(
      const std::function<void(Ranks&)>& work,
      const std::function<int(int rank)>& wish = [](int) { return 0; }) {
    std::vector<std::jthread> threads;
    for (int r = 0; r < static_cast<int>(board_->size()); ++r) {
      threads.emplace_back([&, r] {
        One one(board_, r);
        Ranks ranks(one, [&, r] { return wish(r); });
        work(ranks);
      });
    }
  }

 private:
  // Messages of the present exchange and of the next one, which a rank may post before all others
  // have read the present ones.
  struct Board : std::enable_shared_from_this<Board> {
    explicit Board(int size) : posted(static_cast<std::size_t>(size), 0) {
      for (auto& one : messages) one.resize(posted.size());
    }
    std::size_t size() const { return posted.size(); }

    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::size_t> posted;  // how often, by rank
    std::array<std::vector<Exchange::Bytes>, 2> messages;
  };

  class One final : public Exchange {
   public:
    One(std::shared_ptr<Board> board, int rank)
        : board_(std::move(board)), rank_(static_cast<std::size_t>(rank)) {}
    int rank() const override { return static_cast<int>(rank_); }
    int size() const override { return static_cast<int>(board_->size()); }

    void post(std::span<const std::byte> mine) override {
      const std::scoped_lock lock(board_->mutex);
      const std::size_t k = board_->posted[rank_]++;
      board_->messages[k % 2][rank_].assign(mine.begin(), mine.end());
      board_->changed.notify_all();
    }

    std::optional<std::vector<Bytes>> collect(bool patient) override {
      std::unique_lock lock(board_->mutex);
      const std::size_t own = board_->posted[rank_];
      const auto here = [&] {
        return std::ranges::all_of(board_->posted, [&](std::size_t k) { return k >= own; });
      };
      if (patient) {
        board_->changed.wait(lock, here);
      } else if (!board_->changed.wait_for(lock, std::chrono::seconds(1), here)) {
        return {};
      }
      return board_->messages[(own - 1) % 2];
    }

    void broadcast(std::span<std::byte> bytes) override {
      post(rank_ == 0 ? std::span<const std::byte>(bytes) : std::span<const std::byte>());
      std::ranges::copy(collect(true)->front(), bytes.begin());
    }

    // The first of a group makes the board, whose place the others are told.
    std::unique_ptr<Exchange> group(int number) override {
      struct Told {
        int number;
        Board* board;
      } mine{number, nullptr};
      const auto told = [&] {
        post(std::as_bytes(std::span(&mine, 1)));
        const auto messages = collect(true);
        std::vector<Told> all;
        for (const Bytes& bytes : *messages) {
          std::memcpy(&all.emplace_back(), bytes.data(), sizeof(Told));
        }
        return all;
      };
      std::vector<std::size_t> members;
      const std::vector<Told> numbers = told();
      for (std::size_t r = 0; r < numbers.size(); ++r) {
        if (numbers[r].number == number) members.push_back(r);
      }
      std::shared_ptr<Board> board;
      if (members.front() == rank_) {
        board = std::make_shared<Board>(static_cast<int>(members.size()));
        mine.board = board.get();
      }
      const std::vector<Told> boards = told();
      // The first one waits until all own it.
      if (!board) board = boards[members.front()].board->shared_from_this();
      told();
      return std::make_unique<One>(
          board, static_cast<int>(std::ranges::find(members, rank_) - members.begin()));
    }

   private:
    std::shared_ptr<Board> board_;
    std::size_t rank_;
  };

  std::shared_ptr<Board> board_;
};

}  // namespace skeleta::testing
