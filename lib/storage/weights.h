#pragma once

#include <string>
#include <vector>

#include "skeleta/model/autoencoder.h"
#include "skeleta/storage/model_file.h"
#include "storage/hdf5_reader.h"

namespace skeleta::storage {

/// The models of a file without their data, as read_models says.
struct Weights {
  std::vector<Autoencoder> models;
  std::string path;                ///< Of the encoder.
  Shape shape;                     ///< [instance, hidden, feature] or [hidden, feature].
  std::vector<std::string> notes;  ///< What was transposed.
};

/// `group` is "" or "/model".
Weights read_weights(const Hdf5Reader& reader, const std::string& group, ReadOptions options);

}  // namespace skeleta::storage
