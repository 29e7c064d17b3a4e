// Rank 1 fails while the others are at work for a minute: they must not finish that.
#include <chrono>
#include <iostream>
#include <thread>

#include "skeleta/cluster/world.h"

int main() {
  skeleta::cluster::World world;
  if (world.rank() != 1) std::this_thread::sleep_for(std::chrono::minutes(1));
  return world.end(world.rank() == 1 ? 1 : 0, [] { std::cerr << "skeleta: rank 1 failed\n"; });
}
