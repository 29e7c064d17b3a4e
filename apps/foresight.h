#pragma once

#include <iosfwd>
#include <string>

namespace skeleta::program {

/// "40 s", "3:05 h", "12 days", "4e+03 years"
std::string duration_text(double seconds);

constexpr double minute = 60.0, hour = 3600.0, century = 100.0 * 365.25 * 24.0 * hour;

/// Work whose time can be told beforehand, roughly.
struct Foresight {
  std::string work;      ///< "1e+15 samples"
  double seconds = 0.0;  ///< On the threads that there are.
  std::string remedy;    ///< "ask for less, or give --max-seconds T"
  bool limited = false;  ///< Will it be stopped before, as the user asked?
};

/// Throws UsageError for what would take more than a century and is not limited; else, from a
/// minute on, a note on `err`, unless quiet.
void announce(const Foresight& foresight, bool quiet, std::ostream& err);

/// Throws UsageError if so many results of so many numbers each, which are kept in memory, are more
/// than 2^40 bytes.
void refuse_more_than_memory(const char* flag, double count, double numbers);

}  // namespace skeleta::program
