// Runs commands of the program one after the other, each in a fork of this process, which has all
// libraries loaded: a process for each, at a tenth of what starting the program costs.
//   many_commands SECONDS
// Each line of standard input is a command, its words between tabs. What it prints goes to the
// files `out` and `err` in the working folder. It is answered by a line: its exit code, minus the
// number of the signal that ended it, or "hang" if it was killed after so many seconds.
#include <fcntl.h>
#include <hdf5.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "program.h"

namespace {

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words(1);
  for (const char c : line) {
    c == '\t' ? (void)words.emplace_back() : words.back().push_back(c);
  }
  return words;
}

void redirect(int descriptor, const char* file) {
  ::unlink(file);  // what takes the place of another's bytes is written to the disk at once
  const int to = ::open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (to < 0 || ::dup2(to, descriptor) < 0) ::_exit(120);
}

// As main() does it.
[[noreturn]] void run(const std::vector<std::string>& words) {
  ::setpgid(0, 0);
  redirect(STDOUT_FILENO, "out");
  redirect(STDERR_FILENO, "err");
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(nothing, STDIN_FILENO);
  std::signal(SIGPIPE, SIG_IGN);
  std::exit(skeleta::program::run(words, std::cout, std::cerr));
}

std::string answer(pid_t child, int seconds) {
  const int ended = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  pollfd descriptor{ended, POLLIN, 0};
  const bool hangs = ::poll(&descriptor, 1, 1000 * seconds) == 0;
  ::close(ended);
  if (hangs) ::kill(-child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (hangs) return "hang";
  return std::to_string(WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status));
}

}  // namespace

int main(int count, char** words) {
  H5open();  // once, not in each of them
  const int seconds = count > 1 ? std::atoi(words[1]) : 20;
  for (std::string line; std::getline(std::cin, line);) {
    const pid_t child = ::fork();
    if (child < 0) return 1;
    if (child == 0) run(words_of(line));
    std::puts(answer(child, seconds).c_str());
    std::fflush(stdout);
  }
}
