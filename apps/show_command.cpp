#include "show.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "errors.h"
#include "geometry_report.h"
#include "model_input.h"
#include "option_table.h"
#include "print.h"
#include "problem_words.h"
#include "program.h"
#include "report.h"
#include "result_report.h"
#include "shards.h"
#include "skeleta/certify/polygon.h"
#include "skeleta/storage/model_file.h"
#include "skeleta/storage/run_file.h"
#include "sweep_plan.h"
#include "sweep_report.h"
#include "training_report.h"

namespace skeleta::program {
namespace {

constexpr const char* show_examples = R"(What is in a model file or a run file, in words.

Examples:
  skeleta show model.h5
  skeleta show run.h5
  skeleta show run.h5 --json
  skeleta show shards/                 which of --shard are done, and which not
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

// The file need not have densities, of which the words say nothing.
Features features_of(const storage::ModelFile& file) {
  if (!file.density.empty()) return file.features(0);
  storage::ModelFile any = file;
  any.density.assign(1, Vector::Ones(file.models.front().features()));
  return any.features(0);
}

std::string law_of(const storage::ModelFile& file) {
  return law_words(features_of(file));
}

void print_model(std::ostream& out, const std::string& path, const storage::ModelFile& file) {
  const Autoencoder& model = file.models.front();
  const std::size_t count = file.models.size();
  print_to(out, "{}: model file, {} instance{}\n", path, count, count == 1 ? "" : "s");
  print_to(out, "features     {}\nhidden       {}\n", model.features(), model.hidden());
  print_to(out, "density      {}\n", described(file.density, "not given"));
  print_to(out, "importance   {}\n", described(file.importance, "not given: 1"));
  if (const std::string words = model_words(model); !words.empty()) {
    print_to(out, "model        {}\n", words);
  }
  if (const std::string words = law_of(file); !words.empty()) {
    print_to(out, "law          {}\n", words);
  }
  print_to(out, "\n{:>8}  {:>20}  {:>20}\n", "instance", "column norms", "thresholds b");
  for (std::size_t k = 0; k < count; ++k) {
    const Autoencoder& m = file.models[k];
    print_to(out, "{:>8}  {:>20}  {:>20}\n", k, one_or_range(m.W.colwise().norm().transpose()),
             one_or_range(m.b));
  }
}

void print_origin(std::ostream& out, const std::string& path, const std::string& filetype,
                  const storage::Provenance& from) {
  print_to(out, "{}: {}, {}\nmade by   {}\nseed      {}, {} thread{}\n", path, filetype,
           from.created_at, from.command_line, from.seed, from.threads,
           from.threads == 1 ? "" : "s");
  if (const Shards shards = shards_in(from.options_toml); !shards.all()) {
    print_to(out, "shard     {}, a part of the run\n", shards.text());
  }
}

void print_run(std::ostream& out, const std::string& path, const storage::RunFile& file) {
  print_origin(out, path, file.filetype, file.provenance);
  for (const storage::EstimateRun& run : file.estimates) {
    print_to(out, "\ninstance {}: {} features, {} hidden dimensions, density {}\n\n", run.instance,
             run.model.features(), run.model.hidden(), one_or_range(run.features.density));
    for (const std::string& words : {model_words(run.model), law_words(run.features)}) {
      if (!words.empty()) print_to(out, "{}\n", words);
    }
    print_estimate(out, run);
  }
}

nlohmann::ordered_json model_json(const storage::ModelFile& file) {
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
  add_model(json, file.models.front());
  add_law(json, features_of(file));
  return json;
}

void show_sweep(std::ostream& out, const std::string& path, bool json) {
  const storage::SweepFile file = read_sweep(path);
  const double threshold = represented_norm(file.provenance.options_toml);
  if (json) {
    return print_json(
        out, with_origin({{"filetype", "skeleta sweep"}, {"cells", to_json(file.cells, threshold)}},
                         file.provenance));
  }
  print_origin(out, path, "skeleta sweep", file.provenance);
  out << '\n';
  print_sweep(out, file.cells, threshold);
}

void show_training(std::ostream& out, const std::string& path, bool json) {
  storage::TrainingFile file = read_training(path);
  storage::TrainingRun& run = file.run;
  const std::string& options = file.provenance.options_toml;
  const nlohmann::ordered_json stored = stored_options(options);
  std::uint64_t asked = run.starts.size();
  if (!settled(run, stored_option(stored, "until-unseen", -1.0))) {
    asked = shards_in(options).items_of(stored_option(stored, "starts", asked));
  }
  // One that was killed has not come to look for minima: those of the starts that it has.
  if (run.minima.empty()) run.minima = training::minima_of(run.starts, run.features, {});
  if (json) {
    nlohmann::ordered_json object{{"filetype", "skeleta train"}};
    object.update(to_json(run, asked));
    return print_json(out, with_origin(object, file.provenance));
  }
  print_origin(out, path, "skeleta train", file.provenance);
  out << '\n';
  print_training(out, run, asked);
}

void show_result(std::ostream& out, const std::string& path, bool json) {
  const storage::ResultFile file = read_result(path);
  if (json) return print_json(out, result_json(file));
  print_origin(out, path, file.filetype, file.provenance);
  print_result(out, file);
}

void show_estimate(std::ostream& out, const std::string& path, bool json) {
  const storage::RunFile file = read_run(path);
  if (!json) return print_run(out, path, file);
  nlohmann::ordered_json runs = nlohmann::ordered_json::array();
  for (const storage::EstimateRun& run : file.estimates) {
    runs.push_back(to_json(run, file.provenance.seed, file.provenance.threads));
  }
  print_json(out, {{"filetype", file.filetype}, {"runs", runs}});
}

// A text is none of the files that are shown, but it may be one that another command reads.
void refuse_certificate(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string start(64, '\0');
  stream.read(start.data(), static_cast<std::streamsize>(start.size()));
  if (!certify::is_certificate(start)) return;
  throw UsageError(fmt::format(
      "{} is a certificate: skeleta certify --check {} checks it and says what it proves", path,
      path));
}

class Show : public Command {
 public:
  void declare(OptionTable& options) override {
    options.add("file", &file_, "FILE.h5",
                "Model file or run file; or a folder with those of shards");
    options.add("--geometry", &geometry_, "",
                "The columns of W instead: feature dimensionality, coherence and its bounds, "
                "congruence of the instances");
    options.add("--json", &json_, "", "Print one JSON value and nothing else");
  }

  int run(Run& run) override {
    if (file_.empty()) throw UsageError("show needs a file: skeleta show FILE.h5");
    if (std::filesystem::is_directory(file_) && !geometry_) {
      show_folder(run.out(), file_, json_);
    } else {
      show_file(run.out(), file_, geometry_, json_);
    }
    return ExitCode::done;
  }

 private:
  std::string file_;
  bool geometry_ = false, json_ = false;
};

}  // namespace

CommandEntry show_command() {
  return {"show", show_examples, make_command<Show>, false};
}

void show_file(std::ostream& out, const std::string& path, bool geometry, bool json) {
  refuse_certificate(path);
  const std::string filetype = filetype_of(path);
  const std::vector<std::string> kinds = storage::filetypes();
  const bool run = std::find(kinds.begin(), kinds.end(), filetype) != kinds.end();
  const bool typed = filetype == "skeleta train" || filetype == "skeleta estimate";
  const bool result = run && !typed && filetype != "skeleta sweep";
  if (geometry && result) {
    throw UsageError(fmt::format("{} is a '{}' file: it has no model", path, filetype));
  }
  if (geometry && filetype == "skeleta sweep") {
    throw UsageError(path + " is a sweep, whose cells have no common geometry");
  }
  if (result) return show_result(out, path, json);
  if (filetype == "skeleta sweep") return show_sweep(out, path, json);
  const storage::ModelFile models = read_models(path, {.allow_wide = true});
  if (geometry) {
    return json ? print_json(out, geometry_json(models.models))
                : print_geometry(out, path, models.models);
  }
  if (!models.from_run_file) {
    return json ? print_json(out, model_json(models)) : print_model(out, path, models);
  }
  if (filetype == "skeleta train") return show_training(out, path, json);
  show_estimate(out, path, json);
}

}  // namespace skeleta::program
