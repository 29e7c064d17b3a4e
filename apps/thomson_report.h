#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "skeleta/thomson/match.h"
#include "skeleta/thomson/solve.h"

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

/// Another model, and how far the unit columns are from its unit columns.
struct OtherModel {
  std::string path;
  Index instance = 0;
  geometry::Congruence match;
};

/// One instance of a model beside the configurations of as many points.
struct MatchedModel {
  Index instance = 0, features = 0, hidden = 0;
  thomson::ModelMatch match{};
  /// Energies that are infinite for any such configuration: too many points in one dimension.
  std::vector<thomson::PairEnergy> impossible{};
  std::vector<std::pair<Index, Index>> coincident{};  ///< Columns of one direction.
  std::optional<OtherModel> other{};
  double shortest = 0.0;  ///< As MatchOptions has it.
  double seconds = 0.0;
};

/// `path` is in the heading.
void print_match(std::ostream& out, const std::string& path, const MatchedModel& model);

/// The same as JSON, with stable keys.
nlohmann::ordered_json match_json(const std::string& path, const MatchedModel& model,
                                  const ThomsonRun& run);

}  // namespace skeleta::program
