#pragma once

#include <mpi.h>

#include <vector>

#include "skeleta/core/exchange.h"

namespace skeleta::cluster {

/// The exchange of the processes of an MPI communicator.
class Communicator final : public Exchange {
 public:
  explicit Communicator(MPI_Comm processes);
  /// Frees the communicator, unless it is MPI's own.
  ~Communicator() override;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void post(std::span<const std::byte> mine) override;
  void advance() override;
  /// Throws PeerEnded.
  std::optional<std::vector<Bytes>> collect(bool patient) override;
  void broadcast(std::span<std::byte> bytes) override;
  std::unique_ptr<Exchange> group(int number) override;

  /// In place of a message: this rank has ended, with this code.
  void post_end(int code);
  /// Waits until what was posted has been exchanged; false if it takes longer than some seconds,
  /// and it is not `patient`. If some rank has ended nothing else is exchanged.
  bool wait(bool patient);
  /// The code of each rank that has ended, nothing for others; of what was exchanged last.
  std::vector<std::optional<int>> ends() const;
  /// Was wait() in vain?
  bool given_up() const { return given_up_; }

 private:
  void begin(long long size);
  void go_on();
  void begin_piece();
  void take_piece();
  long long piece() const;

  MPI_Comm processes_;
  int rank_ = 0, size_ = 1;
  MPI_Request request_ = MPI_REQUEST_NULL;
  bool under_way_ = false, given_up_ = false;
  Bytes mine_, buffer_;
  long long own_size_ = 0;
  std::vector<long long> sizes_;      // of all messages, or marks of ends
  long long exchanged_ = -1;          // bytes of each message so far; −1: sizes are under way
  std::vector<int> counts_, places_;  // of a piece
  std::vector<Bytes> all_;
};

}  // namespace skeleta::cluster
