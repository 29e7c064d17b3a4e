#include "exact/row.h"

#include <algorithm>
#include <cmath>

namespace skeleta::exact {
namespace {

constexpr double negligible = 0x1p-60;     // of the largest entry
constexpr double smallest_scale = 1e-140;  // its square and inverse are far from the range's ends

double largest_entry(const double* gram, const Vector& density) {
  double largest = smallest_scale;
  for (Index k = 0; k < density.size(); ++k) {
    if (density(k) > 0.0) largest = std::max(largest, std::abs(gram[k]));
  }
  return largest;
}

// The others by increasing index; feature i itself last. A negligible own entry is raised to the
// limit instead of being left out: x_i is in the integrand.
void select(const double* gram, const Vector& density, Row& row) {
  row.count = 0;
  row.dropped = 0.0;
  row.idle.clear();
  const auto put = [&](Index k, double g) {
    const auto n = static_cast<std::size_t>(row.count);
    row.feature[n] = k;
    row.g[n] = g;
  };
  for (Index k = 0; k < density.size(); ++k) {
    if (k == row.own) continue;
    const bool active = density(k) > 0.0;
    const double g = gram[k] / row.scale;
    if (active && std::abs(g) > negligible) {
      put(k, g);
      ++row.count;
    } else if (active) {
      row.dropped += std::abs(gram[k]);
      row.idle.push_back(density(k));
    }
  }
  const double own = gram[row.own] / row.scale;
  put(row.own, std::abs(own) > negligible ? own : negligible);
  if (!(std::abs(own) > negligible)) row.dropped += negligible * row.scale;
}

// log Π(1 − p), or −∞ if some feature is too close to certain for the odds to be a good unit.
double log_of_mass(const Vector& density, const Row& row) {
  constexpr double most_certain = 1.0 - 1e-6;
  double product = 1.0, sum = 0.0;
  for (Index n = 0; n <= row.count; ++n) {
    const double p = density(row.feature[static_cast<std::size_t>(n)]);
    if (p > most_certain) return -INFINITY;
    product *= 1.0 - p;
    if (product < 1e-200) {
      sum += std::log(product);
      product = 1.0;
    }
  }
  return sum + std::log(product);
}

void set_factors(const Vector& density, Row& row) {
  const double log_mass = log_of_mass(density, row);
  row.unit = log_mass > -300.0;
  row.mass = row.unit ? std::exp(log_mass) : 1.0;
  const Index filled = padded(row.count + 1);
  for (Index n = 0; n < filled; ++n) {
    const auto at = static_cast<std::size_t>(n);
    if (n > row.count) {  // padding: the factor 1
      row.g[at] = 1.0;
      row.w[at] = 0.0;
      row.a[at] = 1.0;
    } else {
      const double p = density(row.feature[at]);
      row.w[at] = row.unit ? p / (1.0 - p) : p;
      row.a[at] = row.unit ? 1.0 : 1.0 - p;
    }
  }
}

// By products of prefixes and suffixes: densities of 1 make division impossible.
void set_alone(Row& row) {
  const auto count = static_cast<std::size_t>(row.count);
  std::copy_n(row.w.begin(), count, row.alone.begin());
  row.none = 1.0;
  if (row.unit) return;
  for (std::size_t n = 0; n < count; ++n) {
    row.alone[n] *= row.none;
    row.none *= row.a[n];
  }
  double after = 1.0;
  for (std::size_t n = count; n-- > 0;) {
    row.alone[n] *= after;
    after *= row.a[n];
  }
}

}  // namespace

void Row::resize(Index features) {
  const auto size = static_cast<std::size_t>(padded(features + 1));
  feature.resize(size);
  for (auto* array : {&g, &w, &a, &alone}) array->resize(size);
  idle.reserve(size);
}

void read_row(const double* gram, double threshold, Index own, const Vector& density, Row& row) {
  row.own = own;
  row.scale = largest_entry(gram, density);
  row.threshold = threshold;
  row.c = threshold / row.scale;
  select(gram, density, row);
  set_factors(density, row);
  set_alone(row);
}

}  // namespace skeleta::exact
