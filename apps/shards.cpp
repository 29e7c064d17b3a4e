#include "shards.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "errors.h"

namespace skeleta::program {
namespace {

constexpr std::string_view key = "shard = ";
constexpr std::uint64_t most = 1'000'000;

std::optional<std::uint64_t> whole(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number > most) return {};
  return number;
}

std::uint64_t of_environment(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) {
    throw UsageError(fmt::format(
        "--shard slurm: {} is not set: this is no task of a job array (sbatch --array=0-7)", name));
  }
  const auto number = whole(text);
  if (!number) throw UsageError(fmt::format("--shard slurm: {} is '{}'", name, text));
  return *number;
}

// An array that is submitted again has some of the tasks only, and does not know how many there
// were: its first number tells, since whole arrays begin with 0 or 1.
Shards slurm_task() {
  const std::uint64_t task = of_environment("SLURM_ARRAY_TASK_ID");
  const std::uint64_t count = of_environment("SLURM_ARRAY_TASK_COUNT");
  const std::uint64_t first = of_environment("SLURM_ARRAY_TASK_MIN");
  const std::uint64_t last = of_environment("SLURM_ARRAY_TASK_MAX");
  if (first > 1 || last - first + 1 != count || task < first || task > last) {
    throw UsageError(
        fmt::format("--shard slurm: the array has {} tasks from {} to {}, so it is not all of a "
                    "run: say of how many shards, as in --shard slurm/8",
                    count, first, last));
  }
  return {count, {task - first}};
}

}  // namespace

bool Shards::has(std::uint64_t item) const {
  return std::binary_search(which.begin(), which.end(), item % count);
}

std::uint64_t Shards::items_of(std::uint64_t total) const {
  std::uint64_t items = 0;
  for (const std::uint64_t shard : which) items += total / count + (shard < total % count);
  return items;
}

std::vector<std::uint64_t> Shards::missing() const {
  std::vector<std::uint64_t> others;
  for (std::uint64_t shard = 0; shard < count; ++shard) {
    if (!has(shard)) others.push_back(shard);
  }
  return others;
}

std::string Shards::text() const {
  return fmt::format("{}/{}", ranges(which), count);
}

std::string ranges(const std::vector<std::uint64_t>& numbers) {
  std::string text;
  for (std::size_t k = 0; k < numbers.size();) {
    std::size_t last = k;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    if (!text.empty()) text += ",";
    text +=
        last == k ? std::to_string(numbers[k]) : fmt::format("{}-{}", numbers[k], numbers[last]);
    k = last + 1;
  }
  return text;
}

Shards parse_shards(const std::string& text) {
  const auto refuse = [&]() -> UsageError {
    return UsageError(fmt::format(
        "--shard '{}' is no shard: give i/n, number i = 0, ..., n - 1 of n, such as 0/8", text));
  };
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) throw refuse();
  Shards shards{whole(std::string_view(text).substr(slash + 1)).value_or(0), {}};
  std::string_view list = std::string_view(text).substr(0, slash);
  while (true) {
    const std::string_view range = list.substr(0, list.find(','));
    const std::size_t dash = range.find('-');
    const auto first = whole(range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : whole(range.substr(dash + 1));
    const bool rising = shards.which.empty() || (first && *first > shards.which.back());
    if (!first || !last || *first > *last || *last >= shards.count || !rising) throw refuse();
    for (std::uint64_t shard = *first; shard <= *last; ++shard) shards.which.push_back(shard);
    if (range.size() == list.size()) return shards;
    list.remove_prefix(range.size() + 1);
  }
}

Shards shard_named(const std::string& text) {
  if (text == "slurm") return slurm_task();
  const std::string numbered = "slurm/";
  const bool slurm = text.starts_with(numbered);
  const Shards shards =
      parse_shards(slurm ? fmt::format("{}/{}", of_environment("SLURM_ARRAY_TASK_ID"),
                                       text.substr(numbered.size()))
                         : text);
  if (shards.which.size() > 1) {
    throw UsageError(fmt::format("--shard {} is more than one shard: a run computes one", text));
  }
  return shards;
}

// The last line, as with_shards writes it.
Shards shards_in(const std::string& options) {
  const std::string whole_run = without_shards(options);
  if (whole_run == options) return {};
  std::string value = options.substr(whole_run.size() + key.size());
  std::erase_if(value, [](char c) { return c == '"' || c == '\n'; });
  return parse_shards(value);
}

std::string without_shards(const std::string& options) {
  if (options.empty()) return options;
  const std::size_t end = options.rfind('\n', options.size() - 2);
  const std::size_t last = end == std::string::npos ? 0 : end + 1;
  return options.substr(last).starts_with(key) ? options.substr(0, last) : options;
}

std::string with_shards(const std::string& options, const Shards& shards) {
  const std::string whole_run = without_shards(options);
  return shards.all() ? whole_run : fmt::format("{}{}\"{}\"\n", whole_run, key, shards.text());
}

}  // namespace skeleta::program
