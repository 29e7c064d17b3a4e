#pragma once

#include <optional>
#include <string>
#include <vector>

#include "skeleta/storage/dictionary_input.h"
#include "storage/tensor_values.h"

namespace skeleta::storage {

/// A vector that has one entry for each feature, or for each dimension.
struct LengthClaim {
  std::string name;
  std::size_t length = 0;
  bool of_features = true;
};

/// Where the features of the decoder are, and why.
struct DecoderAxis {
  FeatureAxis axis;
  std::string reason;
};

/// By what is given, by the claims, or by the longer side, in this order; a square decoder of a
/// model file is [hidden, feature]. Throws FileError if nothing tells, or if a claim contradicts.
DecoderAxis decoder_axis(const TensorFile& file, const Tensor& decoder,
                         const std::vector<LengthClaim>& claims, std::optional<Orientation> given);

/// Where the features of the encoder are: by its shape, or, if it is square, on the other axis than
/// the decoder's. Throws FileError unless it has as many features and dimensions as the decoder.
FeatureAxis encoder_axis(const TensorFile& file, const Tensor& encoder, const Tensor& decoder,
                         FeatureAxis of_decoder);

}  // namespace skeleta::storage
