#pragma once

#include <cstdint>
#include <string>

#include "skeleta/measure/features.h"
#include "skeleta/model/relu_autoencoder.h"

namespace skeleta::program {

/// Tells the content of what a run read from any other: Fowler, Noll & Vo's 64-bit hash (1a) of the
/// bits of all numbers, in the order in which they are added. Files of one content but different
/// layout have the same.
class Fingerprint {
 public:
  Fingerprint& add(const Matrix& numbers);
  Fingerprint& add(const Features& features);
  Fingerprint& add(const ReluAutoencoder& model);

  /// 16 hexadecimal digits.
  std::string text() const;

 private:
  void add(double number);

  std::uint64_t hash_ = 0xcbf29ce484222325;
};

}  // namespace skeleta::program
