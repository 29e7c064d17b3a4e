#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "skeleta/sampling/stream.h"

namespace skeleta::testing {

/// A random source whose draws are given: uniform() gives these numbers of (0, 1), in this order,
/// to 2⁻⁵³. Beyond their end it throws.
class Script {
 public:
  Script(std::initializer_list<double> uniforms) {
    for (const double u : uniforms) {
      words_.push_back(static_cast<std::uint64_t>(std::ldexp(u, 53)) << 11);
    }
  }

  sampling::PointStream stream() const { return sampling::PointStream(words_); }

 private:
  std::vector<std::uint64_t> words_;
};

}  // namespace skeleta::testing
