#pragma once

#include <cstdint>
#include <string>

#include "storage/tensor_file.h"

namespace skeleta::storage {

/// What a tensor of a dictionary is.
enum class Role : std::uint8_t { decoder, encoder, b_enc, b_dec, threshold, density, importance };

/// The tensor of this role: that of the name `given`, or, if it is empty, the one whose name is
/// usual; null if there is none of these. Throws FileError, which lists the file's names, if
/// `given` is not there, and if several names are usual.
const Tensor* find_tensor(const TensorFile& file, Role role, const std::string& given);

/// The same, but FileError if there is none.
const Tensor& need_tensor(const TensorFile& file, Role role, const std::string& given);

/// The name in lower case, points for slashes: "/model/W" is ".model.w".
std::string folded(const std::string& name);

}  // namespace skeleta::storage
