#pragma once

namespace skeleta {

/// While it lives this process is not forked: what is made once for all, by one thread for others,
/// a fork would find half made, and wait for a thread that it has not. Lives on the stack; not
/// within another one.
class NoFork {
 public:
  NoFork();
  ~NoFork();
  NoFork(const NoFork&) = delete;
  NoFork& operator=(const NoFork&) = delete;
};

}  // namespace skeleta
