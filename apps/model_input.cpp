#include "model_input.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "errors.h"
#include "print.h"
#include "skeleta/core/exchange.h"
#include "skeleta/measure/law_text.h"
#include "skeleta/storage/file_error.h"
#include "skeleta/storage/output_file.h"

namespace skeleta::program {
namespace {

double checked_share(const char* flag, double value) {
  if (!(value >= 0.0 && value <= 1.0)) {
    throw UsageError(fmt::format("{} {} must lie in [0, 1]", flag, value));
  }
  return value;
}

// What is wrong with the text of a flag.
template <class Parse>
auto parsed(const char* flag, Parse&& parse) {
  try {
    return parse();
  } catch (const std::invalid_argument& error) {
    throw UsageError(fmt::format("{}: {}", flag, error.what()));
  }
}

const Vector& common_list(const std::vector<Vector>& lists, const std::vector<Index>& instances,
                          const std::string& path, const char* name) {
  const auto of = [&](Index k) -> const Vector& { return lists[static_cast<std::size_t>(k)]; };
  const Vector& first = of(instances.front());
  for (const Index k : instances) {
    if (of(k) == first) continue;
    throw UsageError(
        fmt::format("{} has another {} for instance {} than for instance {}: take one of them "
                    "with --instance, or give one {} for all with --{}",
                    path, name, k, instances.front(), name, name));
  }
  return first;
}

// What goes wrong with files before any work is a matter of usage.
template <class F>
auto before_work(F&& work) {
  try {
    return work();
  } catch (const storage::FileError& error) {
    throw UsageError(error.what());
  }
}

// Of a file that could not be read: some kinds of run files have none.
void refuse_without_models(const std::string& path) {
  const std::string kind = storage::filetype_of(path);
  for (const char* without : {"basins", "spectrum", "dictionary", "linear flow",
                              "linear critical-points", "linear moments", "thomson solve"}) {
    if (kind != fmt::format("skeleta {}", without)) continue;
    throw UsageError(fmt::format(
        "{} is a '{}' file, which holds no models: give the model file itself, or the file of "
        "train or estimate{}",
        path, kind,
        kind == "skeleta basins" ? " (the ends of flows are minima that train finds too)" : ""));
  }
}

}  // namespace

bool told_by_first(FunctionRef<bool()> look) {
  Ranks* const ranks = Ranks::current();
  return ranks != nullptr ? ranks->told_by_first(look) : look();
}

bool is_there(const std::string& path) {
  return told_by_first([&] { return std::filesystem::exists(path); });
}

storage::ModelFile read_models(const std::string& path, storage::ReadOptions options) {
  storage::ModelFile file = before_work([&] {
    try {
      return storage::read_models(path, options);
    } catch (const storage::FileError&) {
      refuse_without_models(path);
      throw;
    }
  });
  for (const std::string& note : file.notes) print_to(std::cerr, "note: {}: {}\n", path, note);
  return file;
}

storage::RunFile read_run(const std::string& path) {
  return before_work([&] { return storage::read_run(path); });
}

std::string filetype_of(const std::string& path) {
  return before_work([&] { return storage::filetype_of(path); });
}

storage::TrainingFile read_training(const std::string& path) {
  return before_work([&] { return storage::read_training(path); });
}

storage::SweepFile read_sweep(const std::string& path) {
  return before_work([&] { return storage::read_sweep(path); });
}

storage::ResultFile read_result(const std::string& path) {
  return before_work([&] { return storage::read_result(path); });
}

void check_output(const std::string& output, const std::string& model, bool overwrite) {
  std::error_code ignored;
  if (std::filesystem::equivalent(model, output, ignored)) {
    throw UsageError(fmt::format("-o {} is the model itself: choose another name", output));
  }
  before_work([&] { storage::check_output(output, overwrite); });
}

std::string resolve_links(const std::string& path) {
  std::filesystem::path resolved = path;
  std::error_code ignored;
  constexpr int most = 40;  // as the kernel
  for (int k = 0; k < most && std::filesystem::is_symlink(resolved, ignored); ++k) {
    resolved = resolved.parent_path() / std::filesystem::read_symlink(resolved);
  }
  return resolved;
}

void DataOptions::declare(OptionTable& options) {
  options.add("--sparsity", &sparsity, "S", "Sparsity S of all features, density p = 1 - S")
      .not_with({"--density"});
  options.add("--density", &density, "p",
              "Density p of all features: a number, a list p,p,..., or zipf:EXPONENT[:FIRST], "
              "FIRST (j+1)^-EXPONENT for feature j");
  options.add("--importance", &importance, "V", "Importance of all features");
  options
      .add("--values", &values, "LAW",
           "Law of an active feature's value: uniform:LEAST,MOST, constant:VALUE, "
           "exponential:MEAN, half-normal:SCALE or normal:MEAN,DEVIATION; or LAW;LAW;..., one for "
           "each feature")
      .default_is("the file's, or uniform:0,1");
  options
      .add("--groups", &groups, "GROUPS",
           "Features that are not independent: together(0,1), exclusive(2,3), parent(4,5,6) with "
           "the parent first, one in the other, separated by commas; \"name:P(...)\" and "
           "\"feature:P\" set probabilities. Densities are those while the group is on, of a child "
           "while its parent is active")
      .default_is("the file's, or independent");
}

storage::ModelFile sizes_alone(Index features) {
  storage::ModelFile file;
  file.models.push_back({Matrix::Zero(1, features), Vector::Zero(features)});
  return file;
}

Features resolve_features(const storage::ModelFile& file, const std::string& path,
                          const DataOptions& data, const std::vector<Index>& instances) {
  Features features = Features::uniform(file.models.front().features(), 0.0);
  const Index count = features.size();
  if (data.has_density() && file.activity && data.groups.empty()) {
    throw UsageError(
        fmt::format("{} has groups of features with their own densities: leave --density and "
                    "--sparsity away, or give --groups too",
                    path));
  }
  if (data.sparsity) {
    features.density.setConstant(1.0 - checked_share("--sparsity", *data.sparsity));
  } else if (!data.density.empty()) {
    features.density = parsed("--density", [&] { return parse_density(data.density, count); });
  } else if (!file.density.empty()) {
    features.density = common_list(file.density, instances, path, "density");
  } else {
    throw UsageError(path.empty()
                         ? "say how sparse the features are with --sparsity S or --density p"
                         : fmt::format("{} holds no /density: say how sparse the features are with "
                                       "--sparsity S or --density p",
                                       path));
  }
  if (data.importance) {
    if (!(*data.importance >= 0.0 && std::isfinite(*data.importance))) {
      throw UsageError(
          fmt::format("--importance {} must be finite and not negative", *data.importance));
    }
    features.importance.setConstant(*data.importance);
  } else if (!file.importance.empty()) {
    features.importance = common_list(file.importance, instances, path, "importance");
  }
  std::vector<ValueLaw> values = file.values;
  if (!data.values.empty()) {
    values = parsed("--values", [&] { return parse_value_laws(data.values, count); });
  }
  std::optional<ActivityTree> activity = file.activity;
  if (!data.groups.empty()) {
    activity = parsed("--groups", [&] { return parse_groups(data.groups, features.density); });
  }
  if (values.empty() && !activity) return features;
  values.resize(static_cast<std::size_t>(count));
  if (!activity) activity = ActivityTree::independent(features.density);
  return Features::of({*activity, std::move(values)}, features.importance);
}

void decay_importance(const std::optional<double>& r, Features& features) {
  if (!r) return;
  if (!(*r > 0.0 && std::isfinite(*r))) {
    throw UsageError(fmt::format("--importance-decay {} must be a positive number", *r));
  }
  for (Index i = 0; i < features.size(); ++i) {
    features.importance(i) = std::pow(*r, static_cast<double>(i));
  }
}

std::vector<Index> resolve_instances(const std::string& text, std::size_t available,
                                     const std::string& path) {
  std::vector<Index> instances;
  if (text == "all") {
    instances.resize(available);
    std::iota(instances.begin(), instances.end(), Index{0});
    return instances;
  }
  Index instance = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), instance);
  if (error != std::errc() || end != text.data() + text.size() || instance < 0 ||
      instance >= static_cast<Index>(available)) {
    throw UsageError(
        fmt::format("--instance {}: {} holds {} instance{}, so give a number from 0 "
                    "to {}, or 'all'",
                    text, path, available, available == 1 ? "" : "s", available - 1));
  }
  return {instance};
}

}  // namespace skeleta::program
