#include "model_input.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "errors.h"
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

}  // namespace

storage::ModelFile read_models(const std::string& path, storage::ReadOptions options) {
  return before_work([&] { return storage::read_models(path, options); });
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
  options.add("--density", &density, "p", "Density p of all features");
  options.add("--importance", &importance, "V", "Importance of all features");
}

storage::ModelFile sizes_alone(Index features) {
  storage::ModelFile file;
  file.models.push_back({Matrix::Zero(1, features), Vector::Zero(features)});
  return file;
}

Features resolve_features(const storage::ModelFile& file, const std::string& path,
                          const DataOptions& data, const std::vector<Index>& instances) {
  Features features = Features::uniform(file.models.front().features(), 0.0);
  if (data.sparsity) {
    features.density.setConstant(1.0 - checked_share("--sparsity", *data.sparsity));
  } else if (data.density) {
    features.density.setConstant(checked_share("--density", *data.density));
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
  return features;
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
