#include "storage/file_header.h"

#include <fmt/format.h>

#include <ctime>
#include <optional>

#include "storage/layout.h"
#include "storage/schema_table.h"

namespace skeleta::storage {
namespace {

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm fields{};
  gmtime_r(&now, &fields);
  char text[sizeof "YYYY-MM-DDThh:mm:ssZ"];
  // Nothing for years of five digits, of which text would hold a part without an end.
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &fields)};
}

template <class Value>
Value required(const Hdf5Reader& file, const char* attribute, std::optional<Value> value) {
  if (!value) file.refuse(fmt::format("has no attribute {} of the right type", attribute));
  return *std::move(value);
}

std::string text(const Hdf5Reader& file, const char* attribute) {
  return required(file, attribute, file.text("/", attribute));
}

std::uint64_t number(const Hdf5Reader& file, const char* attribute) {
  const auto values = required(file, attribute, file.numbers<std::uint64_t>("/", attribute));
  if (values.size() != 1) file.refuse(fmt::format("attribute {} must be one number", attribute));
  return values.front();
}

}  // namespace

void write_header(Hdf5Writer& file, const char* filetype, const Provenance& provenance) {
  const BuildInfo build = build_info();
  file.attribute("filetype", std::string(filetype));
  file.attribute("version", format_version);
  file.attribute("skeleta_version", build.version);
  file.attribute("git_sha1", build.git_sha1);
  file.attribute("compiler", build.compiler);
  file.attribute("build", build.build);
  file.attribute("libraries", build.libraries);
  file.attribute("created_at", provenance.created_at.empty() ? utc_now() : provenance.created_at);
  file.attribute("command_line", provenance.command_line);
  file.attribute("options", provenance.options_toml);
  file.attribute("seed", provenance.seed);
  file.attribute("seed_hex", fmt::format("{:#018x}", provenance.seed));
  file.attribute("threads", std::int32_t{provenance.threads});
  file.attribute("seconds", provenance.seconds);
  file.attribute("Conventions", std::string("CF-1.10"));
}

void check_kind(const Hdf5Reader& file, const char* wanted) {
  const auto filetype = file.text("/", "filetype");
  if (filetype != wanted) {
    file.refuse(fmt::format("is {}, but a '{}' file is needed",
                            filetype ? fmt::format("a '{}' file", *filetype)
                                     : "no run file (it has no attribute filetype)",
                            wanted));
  }
  const auto version = file.numbers<std::int64_t>("/", "version");
  if (!version || version->size() != 2) {
    file.refuse("has no attribute version of two integers, major and minor");
  }
  if (version->front() != format_version.major) {
    file.refuse(
        fmt::format("is of layout version {}, but this program reads version {}.x: use a newer one",
                    fmt::join(*version, "."), format_version.major));
  }
  check_layout(file);
  check_relations(file);
}

Provenance read_provenance(const Hdf5Reader& file) {
  const auto seconds = file.numbers<double>("/", "seconds");
  return {text(file, "command_line"),
          text(file, "options"),
          text(file, "created_at"),
          number(file, "seed"),
          static_cast<int>(number(file, "threads")),
          file.sealed(),
          seconds && seconds->size() == 1 ? seconds->front() : Provenance{}.seconds};
}

BuildInfo read_build(const Hdf5Reader& file) {
  return {text(file, "skeleta_version"), text(file, "git_sha1"), text(file, "compiler"),
          text(file, "build"), text(file, "libraries")};
}

}  // namespace skeleta::storage
