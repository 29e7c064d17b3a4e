#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "skeleta/core/types.h"
#include "skeleta/model/relu_autoencoder.h"

namespace skeleta::storage {

/// What a model file, or a run file with its models under /model, holds.
struct ModelFile {
  std::vector<ReluAutoencoder> models;  ///< One for each instance, at least one, all of one shape.
  std::optional<Vector> density;        ///< D entries in [0, 1].
  std::optional<Vector> importance;     ///< D entries, finite and not negative.
  bool from_run_file = false;           ///< True if the models came from /model.
};

struct ReadOptions {
  bool allow_wide = false;  ///< Accept more hidden dimensions than features.
};

/// Reads the models of an HDF5 file: /W [hidden, feature] or [instance, hidden, feature], exactly
/// one of /b (subtracted before the ReLU) and /bias (added: b = −bias), [feature] or
/// [instance, feature], and optionally /density and /importance [feature]. Integers and floats of
/// any width are converted to float64. Nothing else is required of the file. A run file has W and b
/// under /model, density and importance under /data.
/// Throws FileError, naming dataset and index, if the file is missing, not HDF5, damaged, a skeleta
/// file of another major version, too large for the memory, or breaks a rule above.
/// Cost: one pass over the file; memory twice the size of the models as float64.
ModelFile read_models(const std::filesystem::path& file, ReadOptions options = {});

}  // namespace skeleta::storage
