#include "skeleta/cluster/world.h"

#include <mpi.h>

#include <algorithm>

#include "cluster/communicator.h"

namespace skeleta::cluster {
namespace {

// The first code of a rank that has ended otherwise than well, and whose it is.
struct End {
  std::size_t rank = 0;
  int code = 0;
};
End first_failure(const Communicator& all) {
  const auto ends = all.ends();
  for (std::size_t r = 0; r < ends.size(); ++r) {
    if (ends[r].value_or(0) != 0) return {r, *ends[r]};
  }
  return {};
}

}  // namespace

World::World() {
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
  all_ = std::make_unique<Communicator>(MPI_COMM_WORLD);
}

World::~World() {
  MPI_Finalize();
}

int World::rank() const {
  return all_->rank();
}
int World::size() const {
  return all_->size();
}
void World::post(std::span<const std::byte> mine) {
  all_->post(mine);
}
void World::advance() {
  all_->advance();
}
std::optional<std::vector<Exchange::Bytes>> World::collect(bool patient) {
  return all_->collect(patient);
}
void World::broadcast(std::span<std::byte> bytes) {
  all_->broadcast(bytes);
}
std::unique_ptr<Exchange> World::group(int number) {
  return all_->group(number);
}

// Other ranks are about to finish too, or are at work: then only MPI_Abort ends them soon. What
// this one had posted when it failed comes first; another may have ended there.
int World::end(std::optional<int> code, const std::function<void()>& complain) {
  if (!code)
    return std::max(first_failure(*all_).code, 1);  // also if that one thought all was well
  const bool patient = *code != 1 && *code != 2;
  bool met = all_->wait(patient);
  const bool alone =
      met && std::ranges::none_of(all_->ends(), [](const auto& end) { return !!end; });
  if (alone) {
    all_->post_end(*code);
    met = all_->wait(patient);
  }
  if (!met) {
    complain();
    MPI_Abort(MPI_COMM_WORLD, *code);
  }
  const End failure = first_failure(*all_);
  if (static_cast<int>(failure.rank) == rank() && failure.code != 0) complain();
  return failure.code;
}

}  // namespace skeleta::cluster
