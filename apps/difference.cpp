#include "difference.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <sstream>
#include <string_view>

#include "errors.h"

namespace skeleta::program {
namespace {

std::string described(const BuildInfo& build) {
  return fmt::format("skeleta {}, commit {}, {} ({})", build.version, build.git_sha1.substr(0, 12),
                     build.compiler, build.build);
}

std::string text_of(const toml::table& table, std::string_view key) {
  const toml::node_view<const toml::node> node = table[key];
  if (!node) return "not given";
  if (const auto number = node.as_floating_point()) return fmt::format("{}", number->get());
  std::ostringstream text;
  text << node;
  return text.str();
}

}  // namespace

std::string build_difference(const BuildInfo& build) {
  if (described(build) == described(build_info())) return "";
  return fmt::format("it was written by {}, and this is {}", described(build),
                     described(build_info()));
}

std::string options_difference(const std::string& earlier, const std::string& now,
                               std::initializer_list<const char*> free) {
  toml::table before;
  try {
    before = toml::parse(earlier);
  } catch (const toml::parse_error&) {
    return "its options cannot be read";
  }
  const toml::table after = toml::parse(now);
  toml::table all = before;
  for (const auto& [key, node] : after) all.insert(key, node);
  for (const auto& [key, node] : all) {
    const std::string_view name = key.str();
    if (name == "inputs" || std::find(free.begin(), free.end(), name) != free.end()) continue;
    const std::string a = text_of(before, name), b = text_of(after, name);
    constexpr std::size_t much = 80;
    if (a != b && a.size() + b.size() > much) return fmt::format("its {} is another one", name);
    if (a != b) return fmt::format("its {} is {}, not {}", name, a, b);
  }
  // Last, since an option that differs says more.
  if (text_of(before, "inputs") != text_of(after, "inputs")) {
    return "its inputs differ in content: another model, density or importance";
  }
  return "";
}

std::string seal_difference(const storage::Provenance& provenance) {
  if (provenance.sealed) return "";
  return "it has no checksum, so another program has changed it since";
}

void refuse_to_continue(const std::string& output, const std::string& clause) {
  if (clause.empty()) return;
  throw UsageError(fmt::format(
      "{} is there already and cannot be continued: {}; choose another name, or --force", output,
      clause));
}

}  // namespace skeleta::program
