#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "skeleta/core/exchange.h"

/// Ranks that a launcher of MPI started (mpirun, srun --mpi). The only part of the project that
/// sees MPI; it is built where that is installed (SKELETA_MPI).
namespace skeleta::cluster {

/// A rank has ended, so that nobody can go on: thrown where its answer was waited for. No
/// std::exception, since nothing but the end of the program can come of it.
struct PeerEnded {};

/// All processes of an MPI job. One of it, made and used by the main thread.
class World final : public Exchange {
 public:
  /// Joins the others.
  World();
  ~World() override;
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  /// In pieces, none of which is more than 64 MiB of all ranks together. Throws PeerEnded.
  std::vector<Bytes> all_gather(std::span<const std::byte> mine) override;

  /// The end of this rank: waits for the others, and returns the code of all, the first that is not
  /// 0. `complain` is called on the rank whose code that is. No code: PeerEnded was caught. Whoever
  /// fails (1 or 2) does not wait for long: if the others are at work it complains and ends them
  /// all.
  int end(std::optional<int> code, const std::function<void()>& complain);

 private:
  using Sizes = std::vector<long long>;
  bool gather_sizes(long long mine, Sizes& all, double limit);

  int rank_ = 0, size_ = 1;
  int ended_ = 0;  // with this code, another rank
};

}  // namespace skeleta::cluster
