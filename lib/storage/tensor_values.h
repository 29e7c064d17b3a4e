#pragma once

#include <string>

#include "skeleta/core/types.h"
#include "storage/tensor_file.h"

namespace skeleta::storage {

/// Where a matrix of one column for each feature lies in a tensor.
enum class FeatureAxis {
  first,  ///< A row of the tensor is a feature.
  last    ///< A column of the tensor is a feature.
};

/// The numbers of a tensor of one axis, or of several of which all but one have length 1, or of
/// one number. Throws FileError if it has other axes, cannot be read, or does not fit into the
/// memory.
Vector read_vector(const TensorFile& file, const Tensor& tensor);

/// The two axes of a matrix, before which an axis of length 1 may stand. Throws FileError if it has
/// others, cannot be read, or does not fit into the memory.
Shape matrix_shape(const TensorFile& file, const Tensor& tensor);

/// A matrix, one column for each feature; float64 is rounded to float32. Memory: the matrix and 24
/// MB. Throws FileError as matrix_shape, and, naming the entry, if a number is not finite.
FloatMatrix read_features(const TensorFile& file, const Tensor& tensor, FeatureAxis axis);

/// Throws FileError, naming the entry, unless all are finite.
void require_finite(const TensorFile& file, const Tensor& tensor, const Vector& values);

}  // namespace skeleta::storage
