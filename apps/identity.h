#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "skeleta/core/version.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"
#include "skeleta/storage/run_file.h"

namespace skeleta::program {

/// Tells the content of what a run read from any other: Fowler, Noll & Vo's 64-bit hash (1a) of the
/// bits of all numbers, in the order in which they are added; of single precision in steps of 32
/// bits, of texts in steps of 8. Files of one content but different layout have the same.
class Fingerprint {
 public:
  Fingerprint& add(const Matrix& numbers);
  Fingerprint& add(const FloatMatrix& numbers);
  Fingerprint& add(const Vector& numbers);
  Fingerprint& add(const Features& features);
  Fingerprint& add(const Autoencoder& model);
  Fingerprint& add(const std::vector<Autoencoder>& models);
  Fingerprint& add(const std::vector<std::string>& texts);

  /// 16 hexadecimal digits.
  std::string text() const;

 private:
  void add(double number);

  std::uint64_t hash_ = 0xcbf29ce484222325;
};

/// Why a file of this build and provenance is not of the run with the options `now` (TOML, the
/// fingerprint of the inputs among them), in one clause, as in "its starts is 4, not 5"; "" if it
/// is. Keys of `free` may differ. A file without a valid checksum is not trusted either.
std::string identity_difference(const BuildInfo& build, const storage::Provenance& provenance,
                                const std::string& now, const std::vector<std::string>& free);

}  // namespace skeleta::program
