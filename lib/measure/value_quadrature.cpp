#include "measure/value_quadrature.h"

#include <algorithm>
#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <numbers>

namespace skeleta {
namespace {

// The law's density at a point of its support.
double density(const ValueLaw& law, double u) {
  const double a = law.first(), b = law.second();
  switch (law.kind()) {
    case ValueKind::uniform:
      return 1.0 / (b - a);
    case ValueKind::exponential:
      return std::exp(-u / a) / a;
    case ValueKind::half_normal:
      return std::sqrt(2.0 * std::numbers::inv_pi) / a * std::exp(-0.5 * (u / a) * (u / a));
    case ValueKind::normal:
      return std::sqrt(0.5 * std::numbers::inv_pi) / b *
             std::exp(-0.5 * ((u - a) / b) * ((u - a) / b));
    case ValueKind::constant:
      break;
  }
  return 0.0;
}

// Ends of panels, without breaks: as far apart as the density allows.
std::vector<double> panels(const ValueLaw& law) {
  if (law.kind() == ValueKind::uniform) return {law.least(), law.most()};
  std::vector<double> ends;
  for (const double u : {1e-16, 1e-12, 1e-8, 1e-5, 1e-2, 0.1, 0.3, 0.5}) {
    ends.push_back(law.quantile(u));
  }
  for (const double u : {0.3, 0.1, 1e-2, 1e-5, 1e-8, 1e-12, 0x1p-53}) {
    ends.push_back(law.quantile(1.0 - u));
  }
  return ends;
}

void add_panel(const ValueLaw& law, double low, double high, WeightedPoints& points) {
  using Gauss = boost::math::quadrature::gauss<double, 20>;
  const double half = 0.5 * (high - low), middle = low + half;
  for (std::size_t k = 0; k < Gauss::abscissa().size(); ++k) {
    for (const double sign : {-1.0, 1.0}) {
      const double u = middle + sign * half * Gauss::abscissa()[k];
      points.at.push_back(u);
      points.weight.push_back(half * Gauss::weights()[k] * density(law, u));
    }
  }
}

}  // namespace

WeightedPoints quadrature(const ValueLaw& law, std::vector<double> breaks) {
  if (law.has_atoms()) return {{law.first()}, {1.0}};
  std::vector<double> ends = panels(law);
  const double first = ends.front(), last = ends.back();
  for (const double u : breaks) {
    if (u > first && u < last) ends.push_back(u);
  }
  std::sort(ends.begin(), ends.end());
  WeightedPoints points;
  for (std::size_t k = 1; k < ends.size(); ++k) {
    if (ends[k] > ends[k - 1]) add_panel(law, ends[k - 1], ends[k], points);
  }
  return points;
}

}  // namespace skeleta
