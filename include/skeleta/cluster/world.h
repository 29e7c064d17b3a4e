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

class Communicator;

/// All processes of an MPI job. One of it, made and used by the main thread. Messages go in pieces,
/// none of which is more than 64 MiB of all ranks together.
class World final : public Exchange {
 public:
  /// Joins the others.
  World();
  ~World() override;
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  int rank() const override;
  int size() const override;
  void post(std::span<const std::byte> mine) override;
  void advance() override;
  /// Throws PeerEnded.
  std::optional<std::vector<Bytes>> collect(bool patient) override;
  void broadcast(std::span<std::byte> bytes) override;
  std::unique_ptr<Exchange> group(int number) override;

  /// The end of this rank: waits for the others, and returns the code of all, the first that is not
  /// 0. `complain` is called on the rank whose code that is. No code: PeerEnded was caught. Whoever
  /// fails (1 or 2) does not wait for long: if the others are at work it complains and ends them
  /// all.
  int end(std::optional<int> code, const std::function<void()>& complain);

 private:
  std::unique_ptr<Communicator> all_;
};

}  // namespace skeleta::cluster
