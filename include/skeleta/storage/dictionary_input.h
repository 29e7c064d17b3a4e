#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "skeleta/core/types.h"

namespace skeleta::storage {

/// Which axis of the stored decoder is that of the features.
enum class Orientation {
  feature_rows,    ///< The first: a row is a feature, as in most W_dec [feature, hidden].
  feature_columns  ///< The last, as in decoder.weight of PyTorch's Linear [hidden, feature].
};

/// What of a file is what. A name that is empty is looked for among the usual ones.
struct DictionaryNames {
  std::string decoder;    ///< W_dec, decoder.weight, dec.weight, decoder, W
  std::string encoder;    ///< W_enc, encoder.weight, enc.weight, encoder
  std::string b_enc;      ///< b_enc, encoder.bias, enc.bias, latent_bias
  std::string b_dec;      ///< b_dec, decoder.bias, dec.bias, pre_bias, bias
  std::string threshold;  ///< threshold, log_threshold (of which exp is taken)
  std::string density;    ///< density, feature_density, log_feature_density, sparsity, …
  std::optional<std::filesystem::path> density_file;  ///< Densities apart, in a file of any format.
  std::optional<std::filesystem::path> feature_names;  ///< A text file, a name a line, in UTF-8.
  std::optional<Orientation> orientation;  ///< Of the decoder, where shapes do not tell.
};

/// A dictionary of D features in d dimensions, such as the weights of a sparse autoencoder: the
/// activations x = Σ_j f_j decoder_j + b_dec, and what is read off them,
/// act(⟨encoder_i, x − b_dec⟩ + b_enc_i). As an Autoencoder of features, W = decoder,
/// W_out = encoderᵀ, b = −b_enc, jump = threshold.
struct DictionaryInput {
  FloatMatrix decoder;                 ///< d × D: a column is a feature.
  std::optional<FloatMatrix> encoder;  ///< d × D: a column is a feature's functional.
  std::optional<Vector> b_enc;         ///< D, *added* before the activation.
  std::optional<Vector> b_dec;         ///< d.
  std::optional<Vector> threshold;     ///< D numbers ≥ 0, of a JumpReLU.
  std::optional<Vector> density;       ///< D probabilities.
  std::optional<Vector> importance;    ///< D numbers ≥ 0.
  std::vector<std::string> names;      ///< Of the features, D of them, or none.
  std::vector<std::string> notes;      ///< How the file was understood, a sentence each.

  /// D.
  Index features() const { return decoder.cols(); }
  /// d.
  Index hidden() const { return decoder.rows(); }
};

/// Reads a dictionary from an HDF5, safetensors, npz or npy file, told apart by its first bytes.
/// Only what is needed is read; float16 and bfloat16 are widened, float64 is rounded to float32,
/// and noted. Keys are compared without regard to upper and lower case, with whatever stands before
/// a point or slash; of HDF5 also those of a model or run file: /W or /W_in is the decoder, /W_out
/// the encoder, /b = −b_enc, /bias = b_enc, /jump the thresholds, /density, /importance.
///
/// Lengths of b_enc, thresholds, densities, importances and b_dec tell the axis of the features;
/// where there are none, it is the longer one. Densities that are none of them positive are
/// logarithms to base 10.
///
/// Throws FileError, naming file, object and cause, if a file is missing, damaged or of another
/// kind; if there is no decoder, or more than one key that may be what is wanted; if shapes
/// disagree, or the decoder is square and nothing tells its axes; if a number is not finite, a
/// threshold or an importance negative, a density not in [0, 1]; if there are not as many names as
/// features; if a model file says that its model or its data are others: the identity, hidden
/// noise, values that are not uniform on [0, 1], groups of features. What a hostile file claims is
/// checked before it is believed: memory is that of the matrices and 24 MB, of HDF5 twice as much,
/// and three times in a child process that alone looks into it.
DictionaryInput read_dictionary(const std::filesystem::path& file,
                                const DictionaryNames& names = {});

}  // namespace skeleta::storage
