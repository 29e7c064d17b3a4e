#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "skeleta/training/sweep.h"

namespace skeleta::program {

/// A plan, and all that the bits of its sweep depend on, as TOML.
struct ReadPlan {
  training::SweepPlan plan;
  std::string toml;
};

/// Reads the TOML plan of a sweep. `seed`, if it is given, takes the place of the plan's; without
/// either it is 1. Throws UsageError, with the place, for a file that cannot be read or parsed, a
/// key that no plan has, or a value of the wrong type or range.
ReadPlan read_plan(const std::string& path, std::optional<std::uint64_t> seed);

/// The keys of a plan with what they mean and their defaults, for the help.
std::string plan_help();

/// The threshold of represented features in the TOML of a plan.
double represented_norm(const std::string& toml);

/// How many cells it has, of its TOML as JSON.
std::uint64_t cells_in(const nlohmann::ordered_json& plan);

}  // namespace skeleta::program
