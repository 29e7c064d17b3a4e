#pragma once

#include <algorithm>
#include <cmath>
#include <complex>
#include <functional>
#include <numbers>
#include <vector>

#include "skeleta/measure/value_law.h"

/// Expectations over a value law by definition: composite Gauss–Legendre rules against its density,
/// in extended precision (64 bits). Nothing of the library is used but the law's kind and numbers.
namespace skeleta::testing {

using Long = long double;

/// A density of V = U/unit, and where it is: cut at `cuts`, with features of size `width`.
struct Density {
  Long unit = 1.0L, width = 1.0L;
  std::function<Long(Long)> log_density;
  Long low = 0.0L, high = 1.0L;  ///< of the support
  Long centre = 0.0L;
};

inline Density density_of(const ValueLaw& law) {
  const Long a = law.first(), b = law.second();
  Density d;
  d.unit = std::max(std::abs(a), std::abs(b));
  const Long first = a / d.unit, second = b / d.unit;
  switch (law.kind()) {
    case ValueKind::uniform:
      d.low = first;
      d.high = second;
      d.width = second - first;
      d.centre = (first + second) / 2;
      d.log_density = [=](Long) { return -std::log(second - first); };
      break;
    case ValueKind::exponential:
      d.high = INFINITY;
      d.log_density = [](Long v) { return -v; };
      break;
    case ValueKind::half_normal:
      d.high = INFINITY;
      d.log_density = [](Long v) {
        return 0.5L * std::log(2.0L / std::numbers::pi_v<Long>) - v * v / 2;
      };
      break;
    case ValueKind::normal:
      d.low = -INFINITY;
      d.high = INFINITY;
      d.width = second;
      d.centre = first;
      d.log_density = [=](Long v) {
        const Long z = (v - first) / second;
        return -z * z / 2 - std::log(second) - 0.5L * std::log(2.0L * std::numbers::pi_v<Long>);
      };
      break;
    case ValueKind::constant:
      break;  // an atom: no density
  }
  return d;
}

struct Rule {
  std::vector<Long> node, weight;
};

/// Gauss–Legendre on [−1, 1], by Newton's method.
inline const Rule& rule() {
  static const Rule result = [] {
    constexpr int n = 20;
    Rule r;
    for (int i = 0; i < n; ++i) {
      Long x = std::cos(std::numbers::pi_v<Long> * (i + 0.75L) / (n + 0.5L)), slope = 0.0L;
      for (int step = 0; step < 12; ++step) {
        Long p = x, q = 1.0L;
        for (int k = 2; k <= n; ++k) {
          const Long next = ((2 * k - 1) * x * p - (k - 1) * q) / k;
          q = p;
          p = next;
        }
        slope = n * (x * p - q) / (x * x - 1.0L);
        x -= p / slope;
      }
      r.node.push_back(x);
      r.weight.push_back(2.0L / ((1.0L - x * x) * slope * slope));
    }
    return r;
  }();
  return result;
}

/// Visits the points v of a composite rule on [low, high], `length` at most each, with weights.
template <class Visit>
void for_each_point(Long low, Long high, Long length, const Visit& visit) {
  const auto pieces = static_cast<long>((high - low) / length) + 1;
  const Long half = (high - low) / (2 * pieces);
  for (long i = 0; i < pieces; ++i) {
    const Long middle = low + (2 * i + 1) * half;
    for (std::size_t k = 0; k < rule().node.size(); ++k) {
      visit(middle + half * rule().node[k], half * rule().weight[k]);
    }
  }
}

}  // namespace skeleta::testing
