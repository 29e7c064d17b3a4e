#pragma once

#include <cmath>
#include <numbers>

#include "skeleta/sampling/stream.h"

namespace skeleta::sampling {

/// Standard normal numbers from the uniform ones of a stream, two from two (Box & Muller 1958).
class NormalStream {
 public:
  /// Borrows the stream.
  explicit NormalStream(PointStream& random) : random_(random) {}

  /// The next number.
  double operator()() {
    if (kept_) {
      kept_ = false;
      return other_;
    }
    const double radius = std::sqrt(-2.0 * std::log(random_.uniform()));
    const double angle = 2.0 * std::numbers::pi * random_.uniform();
    other_ = radius * std::sin(angle);
    kept_ = true;
    return radius * std::cos(angle);
  }

 private:
  PointStream& random_;
  double other_ = 0.0;
  bool kept_ = false;
};

}  // namespace skeleta::sampling
