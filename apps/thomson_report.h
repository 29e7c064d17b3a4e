#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "skeleta/storage/thomson_file.h"

namespace skeleta::program {

/// What both commands say of how they ran.
struct ThomsonRun {
  std::uint64_t seed = 1;
  int threads = 1;
  double seconds = 0.0;
};

/// A minimiser, for people; `asked` starts were wanted.
void print_solution(std::ostream& out, const thomson::Solution& solution, std::uint64_t asked,
                    const ThomsonRun& run);

/// The same as JSON, with stable keys. What is not known or not a number is null.
nlohmann::ordered_json solution_json(const thomson::Solution& solution, std::uint64_t asked,
                                     const ThomsonRun& run);

using storage::match_results;
using storage::MatchedModel;
using storage::OtherModel;
using storage::solution_results;

/// `path` is in the heading.
void print_match(std::ostream& out, const std::string& path, const MatchedModel& model);

/// The same as JSON, with stable keys.
nlohmann::ordered_json match_json(const std::string& path, const MatchedModel& model,
                                  const ThomsonRun& run);

}  // namespace skeleta::program
