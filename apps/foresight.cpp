#include "foresight.h"

#include <fmt/format.h>

#include <ostream>

#include "errors.h"
#include "print.h"

namespace skeleta::program {

std::string duration_text(double seconds) {
  if (!(seconds < 1e300)) return "more than 1e292 years";
  constexpr double day = 24.0 * hour, year = century / 100.0;
  if (seconds < 10.0) return fmt::format("{:.2g} s", seconds);
  if (seconds < 120.0) return fmt::format("{:.0f} s", seconds);
  if (seconds < 2.0 * day) {
    const auto minutes = static_cast<long>(seconds / minute + 0.5);
    return fmt::format("{}:{:02} h", minutes / 60, minutes % 60);
  }
  if (seconds < year) return fmt::format("{:.0f} days", seconds / day);
  return fmt::format("{:.3g} years", seconds / year);
}

void announce(const Foresight& foresight, bool quiet, std::ostream& err) {
  if (foresight.seconds > century && !foresight.limited) {
    throw UsageError(fmt::format("{} would take some {}: {}", foresight.work,
                                 duration_text(foresight.seconds), foresight.remedy));
  }
  if (quiet || !(foresight.seconds > minute)) return;
  print_to(err, "note: {} take some {}{}\n", foresight.work, duration_text(foresight.seconds),
           foresight.limited ? ", and are stopped before" : "");
}

void refuse_more_than_memory(const char* flag, double count, double numbers) {
  constexpr double most = 1099511627776.0;
  const double bytes = count * numbers * 8.0;
  if (bytes <= most) return;
  throw UsageError(
      fmt::format("{} {:g}: all ends are kept in memory, {:.3g} TiB of them: ask for "
                  "fewer",
                  flag, count, bytes / most));
}

}  // namespace skeleta::program
