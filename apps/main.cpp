#include <csignal>
#include <cstdio>
#include <iostream>
#include <new>

#include "launcher.h"
#include "program.h"

#ifdef SKELETA_MPI
#include <optional>
#include <streambuf>

#include "interrupt.h"
#include "skeleta/cluster/world.h"
#endif

namespace {

using Arguments = std::vector<std::string>;

#ifdef SKELETA_MPI

// Takes all and keeps nothing.
class Nowhere : public std::streambuf {
  int overflow(int letter) override { return letter == EOF ? 0 : letter; }
  std::streamsize xsputn(const char*, std::streamsize count) override { return count; }
};

// While it lives, the stream leads nowhere, if `silent`.
class Silence {
 public:
  Silence(std::ostream& stream, bool silent) : stream_(stream), before_(stream.rdbuf()) {
    if (silent) stream.rdbuf(&nowhere_);
  }
  ~Silence() { stream_.rdbuf(before_); }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  std::ostream& stream_;
  std::streambuf* before_;
  Nowhere nowhere_;
};

// One of the ranks that mpirun or srun has started; only the first one prints.
int run_as_rank(const Arguments& arguments) {
  using namespace skeleta;
  cluster::World world;
  std::optional<program::Ending> ending;
  try {
    const bool silent = world.rank() > 0;
    const Silence no_output(std::cout, silent), no_notes(std::cerr, silent);
    const Ranks ranks(world, &program::InterruptGuard::caught);
    ending = program::run_to_end(arguments, std::cout, std::cerr);
  } catch (const cluster::PeerEnded&) {
    // That one tells why.
  }
  const auto code = ending ? std::optional(ending->code) : std::nullopt;
  return world.end(code, [&] { program::complain(std::cerr, *ending); });
}

#endif

int run(const Arguments& arguments) {
  using namespace skeleta::program;
  if (launched_ranks() == 1) return skeleta::program::run(arguments, std::cout, std::cerr);
#ifdef SKELETA_MPI
  if (can_join_ranks()) return run_as_rank(arguments);
#endif
  complain(std::cerr, {ExitCode::usage, refusal_of_ranks()});
  return ExitCode::usage;
}

}  // namespace

int main(int argc, char** argv) try {
  // Whoever reads may leave (`| head -1`): that is seen where it is written, and told.
  std::signal(SIGPIPE, SIG_IGN);
  return run({argv + 1, argv + argc});
} catch (const std::bad_alloc&) {  // before the program could say it better
  std::fputs("skeleta: out of memory\n", stderr);
  return skeleta::program::ExitCode::failed;
}
