#include "identity.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <bit>
#include <sstream>
#include <string_view>

namespace skeleta::program {
namespace {

std::string described(const BuildInfo& build) {
  return fmt::format("skeleta {}, commit {}, {} ({})", build.version, build.git_sha1.substr(0, 12),
                     build.compiler, build.build);
}

constexpr const char* not_given = "not given";

std::string text_of(const toml::table& table, std::string_view key) {
  const toml::node_view<const toml::node> node = table[key];
  if (!node) return not_given;
  if (const auto number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto text = node.as_string()) return text->get();
  std::ostringstream text;
  text << node;
  return text.str();
}

// What the two options say, if they differ.
std::string clause(std::string_view name, const std::string& a, const std::string& b) {
  constexpr std::size_t much = 80;
  if (a == b) return "";
  if (a.size() + b.size() > much) return fmt::format("its {} is another one", name);
  if (b == not_given) return fmt::format("its {} is {}, and none is given now", name, a);
  return fmt::format("its {} is {}, not {}", name, a, b);
}

std::string options_difference(const std::string& earlier, const std::string& now,
                               const std::vector<std::string>& free) {
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
    const std::string found = clause(name, text_of(before, name), text_of(after, name));
    if (!found.empty() && name == "labels") return "its features have other names, or none";
    if (!found.empty()) return found;
  }
  // Last, since an option that differs says more.
  if (text_of(before, "inputs") != text_of(after, "inputs")) {
    return "its inputs differ in content: another model, density, importance or law";
  }
  return "";
}

}  // namespace

void Fingerprint::add(double number) {
  const auto bits = std::bit_cast<std::uint64_t>(number);
  for (int shift = 0; shift < 64; shift += 8) {
    hash_ = (hash_ ^ ((bits >> shift) & 0xff)) * 0x100000001b3;
  }
}

// The sizes too: the same numbers in another shape are something else.
Fingerprint& Fingerprint::add(const Matrix& numbers) {
  add(static_cast<double>(numbers.rows()));
  add(static_cast<double>(numbers.cols()));
  for (const double number : numbers.reshaped()) add(number);
  return *this;
}

Fingerprint& Fingerprint::add(const Vector& numbers) {
  return add(Matrix(numbers));
}

Fingerprint& Fingerprint::add(const FloatMatrix& numbers) {
  add(static_cast<double>(numbers.rows()));
  add(static_cast<double>(numbers.cols()));
  for (const float number : numbers.reshaped()) {
    hash_ = (hash_ ^ std::bit_cast<std::uint32_t>(number)) * 0x100000001b3;
  }
  return *this;
}

Fingerprint& Fingerprint::add(const Features& features) {
  add(Matrix(features.density)).add(Matrix(features.importance));
  if (features.plain()) return *this;
  for (const ValueLaw& value : features.law->values) {
    add(static_cast<double>(value.kind()));
    add(value.first());
    add(value.second());
  }
  for (const ActivityNode& node : features.law->activity.nodes()) {
    add(static_cast<double>(node.kind));
    add(static_cast<double>(node.parent));
    add(static_cast<double>(node.feature));
    add(node.probability);
  }
  return *this;
}

Fingerprint& Fingerprint::add(const Autoencoder& model) {
  add(model.W).add(Matrix(model.b));
  if (model.tied_relu()) return *this;
  add(static_cast<double>(model.activation));
  add(model.noise);
  return add(model.W_out).add(Matrix(model.jump));
}

Fingerprint& Fingerprint::add(const std::vector<Autoencoder>& models) {
  for (const Autoencoder& model : models) add(model);
  return *this;
}

Fingerprint& Fingerprint::add(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    add(static_cast<double>(text.size()));
    for (const char c : text) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return *this;
}

std::string Fingerprint::text() const {
  return fmt::format("{:016x}", hash_);
}

std::string identity_difference(const BuildInfo& build, const storage::Provenance& provenance,
                                const std::string& now, const std::vector<std::string>& free) {
  const std::string ours = described(build_info()), theirs = described(build);
  if (ours != theirs) return fmt::format("it was written by {}, and this is {}", theirs, ours);
  const std::string difference = options_difference(provenance.options_toml, now, free);
  if (!difference.empty() || provenance.sealed) return difference;
  return "it has no checksum, so another program has changed it since";
}

}  // namespace skeleta::program
