#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace skeleta::program {

/// Bad input or usage, found before any work: exit code 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What the library refuses before any work is a matter of usage.
template <class Work>
auto as_usage(Work&& work) {
  try {
    return work();
  } catch (const std::invalid_argument& error) {
    throw UsageError(error.what());
  }
}

/// Runs an extra, which must not take the main result along when it fails: what went wrong, or "".
/// `work` that is called off fails too.
std::string failure_of(const std::function<void()>& work);

/// The word among `candidates` that `word` was probably meant to be, or "" if none is near.
std::string suggestion(const std::string& word, const std::vector<std::string>& candidates);

/// ", did you mean 'near'?", or "" without such a word.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace skeleta::program
