#include "show_command.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "errors.h"
#include "geometry_report.h"
#include "model_input.h"
#include "program.h"
#include "report.h"
#include "result_report.h"
#include "skeleta/storage/model_file.h"
#include "skeleta/storage/run_file.h"
#include "sweep_plan.h"
#include "sweep_report.h"
#include "training_report.h"

namespace skeleta::program {
namespace {

constexpr const char* examples = R"(What is in a model file or a run file, in words.

Examples:
  skeleta show model.h5
  skeleta show run.h5
  skeleta show run.h5 --json
  skeleta show --geometry model.h5     which polytopes the columns of W form
)";

// Of all instances together.
std::string described(const std::vector<Vector>& lists, const char* absent) {
  if (lists.empty()) return absent;
  Vector all(static_cast<Index>(lists.size()) * lists.front().size());
  for (std::size_t k = 0; k < lists.size(); ++k) {
    all.segment(static_cast<Index>(k) * lists[k].size(), lists[k].size()) = lists[k];
  }
  return one_or_range(all);
}

void print_model(std::ostream& out, const std::string& path, const storage::ModelFile& file) {
  const ReluAutoencoder& model = file.models.front();
  const std::size_t count = file.models.size();
  fmt::print(out, "{}: model file, {} instance{}\n", path, count, count == 1 ? "" : "s");
  fmt::print(out, "features     {}\nhidden       {}\n", model.features(), model.hidden());
  fmt::print(out, "density      {}\n", described(file.density, "not given"));
  fmt::print(out, "importance   {}\n", described(file.importance, "not given: 1"));
  fmt::print(out, "\n{:>8}  {:>20}  {:>20}\n", "instance", "column norms", "thresholds b");
  for (std::size_t k = 0; k < count; ++k) {
    const ReluAutoencoder& m = file.models[k];
    fmt::print(out, "{:>8}  {:>20}  {:>20}\n", k, one_or_range(m.W.colwise().norm().transpose()),
               one_or_range(m.b));
  }
}

void print_origin(std::ostream& out, const std::string& path, const std::string& filetype,
                  const storage::Provenance& from) {
  fmt::print(out, "{}: {}, {}\nmade by   {}\nseed      {}, {} thread{}\n", path, filetype,
             from.created_at, from.command_line, from.seed, from.threads,
             from.threads == 1 ? "" : "s");
}

void print_run(std::ostream& out, const std::string& path, const storage::RunFile& file) {
  print_origin(out, path, file.filetype, file.provenance);
  for (const storage::EstimateRun& run : file.estimates) {
    fmt::print(out, "\ninstance {}: {} features, {} hidden dimensions, density {}\n\n",
               run.instance, run.model.features(), run.model.hidden(),
               one_or_range(run.features.density));
    print_estimate(out, run);
  }
}

nlohmann::ordered_json to_json(const storage::ModelFile& file) {
  nlohmann::ordered_json json{{"filetype", "model"},
                              {"features", file.models.front().features()},
                              {"hidden", file.models.front().hidden()},
                              {"instances", file.models.size()}};
  // One list for all instances, or a list of lists if they differ.
  const auto list = [](const std::vector<Vector>& lists) -> nlohmann::ordered_json {
    if (lists.empty()) return nullptr;
    nlohmann::ordered_json each = nlohmann::ordered_json::array();
    bool same = true;
    for (const Vector& v : lists) {
      each.push_back(std::vector<double>(v.begin(), v.end()));
      same = same && v == lists.front();
    }
    return same ? each.front() : each;
  };
  json["density"] = list(file.density);
  json["importance"] = list(file.importance);
  return json;
}

}  // namespace

ShowCommand::ShowCommand(CLI::App& program) : command_(program.add_subcommand("show", examples)) {
  command_->add_option("file", file_, "Model file or run file")->type_name("FILE.h5");
  command_->add_flag("--geometry", geometry_,
                     "The columns of W instead: feature dimensionality, coherence and its bounds, "
                     "congruence of the instances");
  command_->add_flag("--json", json_, "Print one JSON value and nothing else");
}

int ShowCommand::show_sweep(std::ostream& out) const {
  const storage::SweepFile file = read_sweep(file_);
  const double threshold = represented_norm(file.provenance.options_toml);
  if (json_) {
    const nlohmann::ordered_json json{{"filetype", "skeleta sweep"},
                                      {"cells", program::to_json(file.cells, threshold)}};
    out << json.dump(1) << '\n';
    return ExitCode::done;
  }
  print_origin(out, file_, "skeleta sweep", file.provenance);
  out << '\n';
  print_sweep(out, file.cells, threshold);
  return ExitCode::done;
}

int ShowCommand::show_training(std::ostream& out) const {
  const storage::TrainingFile file = read_training(file_);
  if (json_) {
    nlohmann::ordered_json json{{"filetype", "skeleta train"}};
    json.update(program::to_json(file.run));
    out << json.dump(1) << '\n';
    return ExitCode::done;
  }
  print_origin(out, file_, "skeleta train", file.provenance);
  out << '\n';
  print_training(out, file.run);
  return ExitCode::done;
}

int ShowCommand::show_result(std::ostream& out) const {
  const storage::ResultFile file = read_result(file_);
  if (json_) {
    out << result_json(file).dump(1) << '\n';
    return ExitCode::done;
  }
  print_origin(out, file_, file.filetype, file.provenance);
  print_result(out, file);
  return ExitCode::done;
}

int ShowCommand::run(std::ostream& out) {
  if (file_.empty()) throw UsageError("show needs a file: skeleta show FILE.h5");
  const std::string filetype = program::filetype_of(file_);
  const auto& results = storage::result_filetypes();
  if (std::find(results.begin(), results.end(), filetype) != results.end()) {
    if (geometry_)
      throw UsageError(fmt::format("{} is a '{}' file: it has no model", file_, filetype));
    return show_result(out);
  }
  if (filetype == "skeleta sweep") {
    if (geometry_) throw UsageError(file_ + " is a sweep, whose cells have no common geometry");
    return show_sweep(out);
  }
  const storage::ModelFile models = read_models(file_, {.allow_wide = true});
  if (geometry_) {
    if (json_) {
      out << geometry_json(models.models).dump(1) << '\n';
    } else {
      print_geometry(out, file_, models.models);
    }
    return ExitCode::done;
  }
  if (!models.from_run_file) {
    if (json_) {
      out << to_json(models).dump(1) << '\n';
    } else {
      print_model(out, file_, models);
    }
    return ExitCode::done;
  }
  if (filetype == "skeleta train") return show_training(out);
  const storage::RunFile file = read_run(file_);
  if (!json_) {
    print_run(out, file_, file);
    return ExitCode::done;
  }
  nlohmann::ordered_json runs = nlohmann::ordered_json::array();
  for (const storage::EstimateRun& run : file.estimates) {
    runs.push_back(program::to_json(run, file.provenance.seed, file.provenance.threads));
  }
  out << nlohmann::ordered_json{{"filetype", file.filetype}, {"runs", runs}}.dump(1) << '\n';
  return ExitCode::done;
}

}  // namespace skeleta::program
