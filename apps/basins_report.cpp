#include "basins_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "errors.h"
#include "print.h"
#include "result_report.h"
#include "skeleta/training/basins.h"

namespace skeleta::program {
namespace {

using BasinsJson = nlohmann::ordered_json;

// "all", "none", "0 3", "14 of 20"; which ones says nothing if features are alike, since ends that
// differ by their names are one minimum.
std::string represented_features(const BasinsJson& flags, bool alike) {
  std::string which;
  std::size_t count = 0;
  for (std::size_t i = 0; i < flags.size(); ++i) {
    if (flags[i] == 0) continue;
    which += fmt::format("{}{}", count > 0 ? " " : "", i);
    ++count;
  }
  if (count == flags.size()) return "all";
  if (count == 0) return "none";
  return which.size() <= 14 && !alike ? which : fmt::format("{} of {}", count, flags.size());
}

bool equal(const std::vector<double>& values) {
  return std::ranges::adjacent_find(values, std::ranges::not_equal_to()) == values.end();
}

}  // namespace

nlohmann::ordered_json basins_json(nlohmann::ordered_json rows, const storage::ResultFile& file) {
  rows["features_alike"] =
      equal(file.values<double>("/data/density")) && equal(file.values<double>("/data/importance"));
  return rows;
}

void print_basins(std::ostream& out, const nlohmann::ordered_json& run) {
  const std::uint64_t done = at(run, "done"), planned = at(run, "planned"),
                      lost = at(run, "not_converged");
  if (lost > done) {
    throw UsageError(
        fmt::format("the file has {} starts, of which {} did not converge: another program has "
                    "changed it",
                    done, lost));
  }
  print_to(out, "{} random start{}", done, done == 1 ? "" : "s");
  if (done < planned) print_to(out, " of {} wanted", planned);
  print_to(out, "\n\n{:>11}  {:>20}  {:>12}  {:<14}  {}\n", "probability", "95 % interval", "value",
           "represented", "dimensionalities");
  const bool alike = at(run, "features_alike");
  std::vector<BasinsJson> minima;
  if (run.contains("minima")) minima = at(run, "minima").get<std::vector<BasinsJson>>();
  std::ranges::stable_sort(minima, std::ranges::greater(), [](const BasinsJson& one) {
    return at(one, "count").get<std::uint64_t>();
  });
  for (const BasinsJson& one : minima) {
    print_to(out, "{:>11.6f}  {:>8.6f} to {:>8.6f}  {:>12.8g}  {:<14}  {}\n",
             number(at(one, "probability")), number(at(one, "lower")), number(at(one, "upper")),
             number(at(one, "value")), represented_features(at(one, "represented"), alike),
             text(at(one, "label")));
  }
  if (lost > 0) {
    const auto interval = training::probability_interval(lost, done);
    print_to(out, "{:>11.6f}  {:>8.6f} to {:>8.6f}  {:>12}\n",
             static_cast<double>(lost) / static_cast<double>(done), interval.lower, interval.upper,
             "did not converge");
  }
  print_to(out, "\nseed {}, {:.3g} s\n", at(run, "seed").get<std::uint64_t>(),
           number(at(run, "seconds")));
}

}  // namespace skeleta::program
