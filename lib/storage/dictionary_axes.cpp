#include "storage/dictionary_axes.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/dictionary_keys.h"

namespace skeleta::storage {
namespace {

std::string shaped(const TensorFile& file, const Tensor& tensor) {
  return fmt::format("{} has shape {}", printable(tensor.name),
                     shape_text(matrix_shape(file, tensor)));
}

// [feature, hidden] of a shape.
Shape features_first(const Shape& shape, FeatureAxis axis) {
  return axis == FeatureAxis::first ? shape : Shape{shape[1], shape[0]};
}

const LengthClaim* contradicting(const std::vector<LengthClaim>& claims, const Shape& shape,
                                 FeatureAxis axis) {
  const Shape sizes = features_first(shape, axis);
  const auto found = std::find_if(claims.begin(), claims.end(), [&](const LengthClaim& claim) {
    return claim.length != sizes[claim.of_features ? 0 : 1];
  });
  return found == claims.end() ? nullptr : &*found;
}

std::string has_entries(const LengthClaim& claim) {
  return fmt::format("{} has {} entries", printable(claim.name), claim.length);
}

// W of a model file, whose axes are agreed upon.
bool of_model_file(const Tensor& tensor) {
  const std::string name = folded(tensor.name);
  const char* const names[] = {".w", ".w_in", ".model.w", ".model.w_in"};
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

}  // namespace

DecoderAxis decoder_axis(const TensorFile& file, const Tensor& decoder,
                         const std::vector<LengthClaim>& claims, std::optional<Orientation> given) {
  const Shape shape = matrix_shape(file, decoder);
  const LengthClaim* const no_rows = contradicting(claims, shape, FeatureAxis::first);
  const LengthClaim* const no_columns = contradicting(claims, shape, FeatureAxis::last);
  if (given) {
    const bool rows = *given == Orientation::feature_rows;
    if (const LengthClaim* const no = rows ? no_rows : no_columns) {
      file.refuse(fmt::format("{}, but {}: a feature cannot be a {} of it", shaped(file, decoder),
                              has_entries(*no), rows ? "row" : "column"));
    }
    return {rows ? FeatureAxis::first : FeatureAxis::last, "as was asked"};
  }
  if (no_rows && no_columns) {
    const bool same = no_rows == no_columns;
    file.refuse(fmt::format("{}, but {}{}: they are not of one dictionary", shaped(file, decoder),
                            has_entries(*no_rows),
                            same ? "" : ", and " + has_entries(*no_columns)));
  }
  if (no_rows) return {FeatureAxis::last, has_entries(*no_rows)};
  if (no_columns) return {FeatureAxis::first, has_entries(*no_columns)};
  if (shape[0] > shape[1]) return {FeatureAxis::first, "the longer side"};
  if (shape[0] < shape[1]) return {FeatureAxis::last, "the longer side"};
  if (of_model_file(decoder)) return {FeatureAxis::last, "as model files have it"};
  file.refuse(fmt::format(
      "{}, and nothing tells which axis is that of the features: give the orientation, "
      "feature_rows if a row is a feature, as in most W_dec, or feature_columns, as in the weight "
      "of a PyTorch Linear",
      shaped(file, decoder)));
}

FeatureAxis encoder_axis(const TensorFile& file, const Tensor& encoder, const Tensor& decoder,
                         FeatureAxis of_decoder) {
  const FeatureAxis other =
      of_decoder == FeatureAxis::first ? FeatureAxis::last : FeatureAxis::first;
  const Shape sizes = features_first(matrix_shape(file, decoder), of_decoder);
  for (const FeatureAxis axis : {other, of_decoder}) {
    if (features_first(matrix_shape(file, encoder), axis) == sizes) return axis;
  }
  file.refuse(
      fmt::format("{}, but {}: encoder and decoder must have as many features and dimensions",
                  shaped(file, encoder), shaped(file, decoder)));
}

}  // namespace skeleta::storage
