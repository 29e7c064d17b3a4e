#include "fingerprint.h"

#include <fmt/format.h>

#include <bit>

namespace skeleta::program {

void Fingerprint::add(double number) {
  const auto bits = std::bit_cast<std::uint64_t>(number);
  for (int shift = 0; shift < 64; shift += 8) {
    hash_ = (hash_ ^ ((bits >> shift) & 0xff)) * 0x100000001b3;
  }
}

// The sizes too: the same numbers in another shape are something else.
Fingerprint& Fingerprint::add(const Matrix& numbers) {
  add(static_cast<double>(numbers.rows()));
  add(static_cast<double>(numbers.cols()));
  for (const double number : numbers.reshaped()) add(number);
  return *this;
}

Fingerprint& Fingerprint::add(const Features& features) {
  return add(Matrix(features.density)).add(Matrix(features.importance));
}

Fingerprint& Fingerprint::add(const ReluAutoencoder& model) {
  return add(model.W).add(Matrix(model.b));
}

std::string Fingerprint::text() const {
  return fmt::format("{:016x}", hash_);
}

}  // namespace skeleta::program
