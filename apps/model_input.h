#pragma once

#include <optional>
#include <string>
#include <vector>

#include "option_table.h"
#include "skeleta/core/function_ref.h"
#include "skeleta/measure/features.h"
#include "skeleta/storage/model_file.h"
#include "skeleta/storage/result_file.h"
#include "skeleta/storage/run_file.h"
#include "skeleta/storage/sweep_file.h"
#include "skeleta/storage/training_file.h"

namespace skeleta::program {

/// What `look` finds; of several ranks (core/exchange.h) the first one alone looks at files.
bool told_by_first(FunctionRef<bool()> look);
/// Is there a file, or folder, of this name? Of several ranks the first one looks.
bool is_there(const std::string& path);

/// Reads what a command works on. Throws UsageError where storage throws FileError: nothing has
/// been done yet. What a model file leaves open is noted on std::cerr.
storage::ModelFile read_models(const std::string& path, storage::ReadOptions options);
storage::RunFile read_run(const std::string& path);
std::string filetype_of(const std::string& path);
storage::TrainingFile read_training(const std::string& path);
storage::SweepFile read_sweep(const std::string& path);
storage::ResultFile read_result(const std::string& path);

/// Throws UsageError if `output` is the model itself, exists and may not be replaced, or cannot be
/// created.
void check_output(const std::string& output, const std::string& model, bool overwrite);

/// Where a file named `path` really is: symbolic links are followed, also to a file that does not
/// exist yet, so that the link itself is never replaced.
std::string resolve_links(const std::string& path);

/// The data of all features, as flags: the languages of measure/law_text.h.
struct DataOptions {
  std::optional<double> sparsity, importance;
  std::string density, values, groups;

  void declare(OptionTable& options);
  bool has_density() const { return sparsity || !density.empty(); }
};

/// A model file of which only the number of features is known.
storage::ModelFile sizes_alone(Index features);

/// The data of these instances: the flags override what the file says. Throws UsageError if a flag
/// does not fit, no density is given anywhere, one is given beside the file's groups, which have
/// their own, or the file has different ones for the instances.
Features resolve_features(const storage::ModelFile& file, const std::string& path,
                          const DataOptions& data, const std::vector<Index>& instances = {0});

/// Importance r^i of feature i, if there is an r. Throws UsageError unless it is positive and
/// finite.
void decay_importance(const std::optional<double>& r, Features& features);

/// The instances that "--instance" names: one number, or "all".
std::vector<Index> resolve_instances(const std::string& text, std::size_t available,
                                     const std::string& path);

}  // namespace skeleta::program
