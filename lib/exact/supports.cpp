#include "exact/supports.h"

#include <algorithm>
#include <cmath>

#include "measure/activity_sweep.h"
#include "measure/series.h"

namespace skeleta::exact {

Supports::Supports(const Vector& density) : density_(density) {
  for (const double p : density) {
    certain_ += p == 1.0;
    if (p < 1.0) log_none_ += std::log1p(-p);
  }
}

Supports::Supports(const Features& features) : Supports(features.density) {
  if (!features.plain() && !features.law->activity.independent()) {
    groups_ = &features.law->activity;
  }
}

double Supports::in_groups(std::span<const Index> support) const {
  const std::size_t size = support.size();
  ActivitySweep<Polynomial<double>> sweep(*groups_);
  return sweep.up([&](Index j) {
    const bool inside = std::find(support.begin(), support.end(), j) != support.end();
    return inside ? Polynomial<double>::marked(1.0, size) : Polynomial<double>(0.0);
  })[size];
}

double Supports::probability(std::span<const Index> support) const {
  if (groups_ != nullptr) return in_groups(support);
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
