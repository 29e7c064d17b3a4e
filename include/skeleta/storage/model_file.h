#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "skeleta/core/types.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::storage {

/// What a model file, or a run file with its models under /model, holds.
struct ModelFile {
  std::vector<Autoencoder> models;  ///< One for each instance, at least one, all of one shape.
  std::vector<Vector> density;      ///< Of each model D entries in [0, 1]; empty if not given.
  std::vector<Vector> importance;   ///< Likewise, finite and not negative.
  bool from_run_file = false;       ///< True if the models came from /model.
  std::vector<ValueLaw> values;     ///< Of each feature; empty if not given: uniform on [0, 1].
  std::optional<ActivityTree> activity;  ///< Groups of features, if given: they have the densities.
  std::vector<std::string> notes;        ///< What was understood that the file does not say.

  /// The data of an instance, which must have densities; importances are 1 if not given.
  Features features(std::size_t instance) const;
};

/// What else than the usual shapes to accept.
struct ReadOptions {
  bool allow_wide = false;  ///< Accept more hidden dimensions than features.
};

/// Reads the models of an HDF5 file: /W [hidden, feature] or [instance, hidden, feature], exactly
/// one of /b (subtracted before the ReLU) and /bias (added: b = −bias), [feature] or
/// [instance, feature], and optionally /density and /importance [feature], [instance, feature] or
/// one number. Integers and floats of any width are converted to float64; numbers that are packed
/// by the CF conventions (scale_factor, add_offset) are unpacked. Nothing else is required of the
/// file. A run file has W and b under /model, density and importance under /data.
///
/// Other models: /W_in (or /W) [hidden, feature] and /W_out [feature, hidden], with the axis
/// instance before both if there are several; one of them that is transposed is told by the number
/// of thresholds, and noted. /activation (numbers of Activation), /noise: one number, or
/// [instance]; /jump as /density. Other laws: /value_law (numbers of ValueKind), /value_first,
/// /value_second: [feature] or one number; /node_kind (of ActivityKind), /node_parent,
/// /node_feature, /node_probability: [node], as in ActivityNode; they give the densities.
///
/// A file that this program did not write, or that was changed since, is parsed by a child process
/// with limits (lib/storage/child.h): one that HDF5 crashes or hangs on is an ordinary error.
/// Throws FileError, naming dataset and index, if the file is missing, not HDF5, damaged, a skeleta
/// file of another major version, too large for the memory, or breaks a rule above; if what it
/// holds lies in other files or was never written, if an entry is a fill value, if both /W and
/// /model/W are there.
/// Cost: one pass over the file; memory three times the size of the models as float64, and as much
/// again in the child.
ModelFile read_models(const std::filesystem::path& file, ReadOptions options = {});

}  // namespace skeleta::storage
