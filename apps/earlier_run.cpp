#include "earlier_run.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>

#include "difference.h"
#include "model_input.h"

namespace skeleta::program {
namespace {

// Each difference in one clause, the first of which is told.
std::string difference(const storage::RunFile& file, const RunIdentity& now) {
  toml::table options;
  try {
    options = toml::parse(file.provenance.options_toml);
  } catch (const toml::parse_error&) {
    return "its options cannot be read";
  }
  const auto text = [&](const char* key, const char* absent) {
    return options[key].value_or(std::string(absent));
  };
  if (const std::string other = build_difference(file.build); !other.empty()) return other;
  if (text("method", "") != now.method) {
    return fmt::format("its method is {}, not {}", text("method", "unknown"), now.method);
  }
  if (text("precision", "float64") != now.precision) {
    return fmt::format("its precision is {}, not {}", text("precision", "float64"), now.precision);
  }
  if (file.provenance.seed != now.seed) {
    return fmt::format("its seed is {}, not {}", file.provenance.seed, now.seed);
  }
  const auto replicates = options["replicates"].value_or(std::int64_t{0});
  if (replicates != now.replicates) {
    return fmt::format("it has {} replicates, not {}", replicates, now.replicates);
  }
  for (const storage::EstimateRun& run : file.estimates) {
    if (std::find(now.instances.begin(), now.instances.end(), run.instance) ==
        now.instances.end()) {
      return fmt::format("it holds instance {}, which is not asked for", run.instance);
    }
    const ReluAutoencoder& model = (*now.models)[static_cast<std::size_t>(run.instance)];
    if (run.model.W.rows() != model.W.rows() || run.model.W.cols() != model.W.cols() ||
        run.model.W != model.W || run.model.b != model.b) {
      return fmt::format("it holds another model as instance {}", run.instance);
    }
    if (run.features.density != now.features.density) return "its density is another one";
    if (run.features.importance != now.features.importance) return "its importance is another one";
  }
  return seal_difference(file.provenance);
}

}  // namespace

EarlierRun::EarlierRun(const std::string& output, const RunIdentity& identity)
    : file_(read_earlier([&] { return read_run(output); })) {
  refuse_to_continue(output, difference(file_, identity));
}

const storage::EstimateRun* EarlierRun::find(Index instance) const {
  for (const storage::EstimateRun& run : file_.estimates) {
    if (run.instance == instance) return &run;
  }
  return nullptr;
}

}  // namespace skeleta::program
