#include "skeleta/model/dictionary.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>
#include <string_view>

namespace skeleta {
namespace {

void check_finite(const FloatMatrix& X, std::string_view name) {
  for (Index j = 0; j < X.cols(); ++j) {
    if (X.col(j).allFinite()) continue;
    Index k = 0;
    while (std::isfinite(X(k, j))) ++k;
    throw std::invalid_argument(
        fmt::format("{}({}, {}) is {}; it must be finite", name, k, j, X(k, j)));
  }
}

void check_size(const Vector& x, Index expected, std::string_view name) {
  if (x.size() != expected) {
    throw std::invalid_argument(
        fmt::format("{} has {} entries, but W has {} features", name, x.size(), expected));
  }
  for (Index i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x(i))) {
      throw std::invalid_argument(fmt::format("{}({}) is {}; it must be finite", name, i, x(i)));
    }
  }
}

}  // namespace

void validate(const Dictionary& dictionary) {
  if (dictionary.W.size() == 0) throw std::invalid_argument("W is empty");
  check_finite(dictionary.W, "W");
  check_size(dictionary.b, dictionary.features(), "b");
  if (!dictionary.tied()) {
    if (dictionary.W_out.rows() != dictionary.hidden() ||
        dictionary.W_out.cols() != dictionary.features()) {
      throw std::invalid_argument(
          fmt::format("W_out is {} x {}, but W is {} x {}: both are hidden x features here",
                      dictionary.W_out.rows(), dictionary.W_out.cols(), dictionary.hidden(),
                      dictionary.features()));
    }
    check_finite(dictionary.W_out, "W_out");
  }
  if (dictionary.jump.size() == 0) return;
  check_size(dictionary.jump, dictionary.features(), "jump");
  for (Index i = 0; i < dictionary.jump.size(); ++i) {
    if (dictionary.jump(i) < 0.0) {
      throw std::invalid_argument(
          fmt::format("jump({}) is {}; it must not be negative", i, dictionary.jump(i)));
    }
  }
}

}  // namespace skeleta
