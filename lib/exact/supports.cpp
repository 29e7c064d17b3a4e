#include "exact/supports.h"

#include <cmath>

namespace skeleta::exact {

Supports::Supports(const Vector& density) : density_(density) {
  for (const double p : density) {
    certain_ += p == 1.0;
    if (p < 1.0) log_none_ += std::log1p(-p);
  }
}

double Supports::probability(std::span<const Index> support) const {
  double product = 1.0, logarithm = log_none_;
  int certain = 0;
  for (const Index j : support) {
    const double p = density_(j);
    product *= p;
    certain += p == 1.0;
    if (p < 1.0) logarithm -= std::log1p(-p);
  }
  return certain == certain_ ? product * std::exp(logarithm) : 0.0;
}

}  // namespace skeleta::exact
