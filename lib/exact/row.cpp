#include "exact/row.h"

#include <algorithm>
#include <cmath>

#include "skeleta/measure/value_law.h"

namespace skeleta::exact {
namespace {

constexpr double smallest_scale = 1e-300;  // its inverse is far from the range's end

double largest_entry(const double* gram, const Vector& density) {
  double largest = smallest_scale;
  for (Index k = 0; k < density.size(); ++k) {
    if (density(k) > 0.0) largest = std::max(largest, std::abs(gram[k]));
  }
  return largest;
}

// Fine features save nodes only if they are well apart from all others: the points that stand for
// them do not decay along the contour, and entries a little larger make it long.
double limit_with_gap(const double* gram, const Vector& density, const Row& row, double limit) {
  constexpr double gap = 8.0;
  if (limit <= negligible) return negligible;
  const double low = limit * row.scale, high = gap * low;
  for (Index k = 0; k < density.size(); ++k) {
    const double g = std::abs(gram[k]);
    if (g > low && g <= high && k != row.own && density(k) > 0.0) return negligible;
  }
  return limit;
}

// Main features by increasing index, feature i, fine features. A negligible own entry (or that of
// a feature of density 0) is raised to the limit instead of being left out: x_i is in the
// integrand.
void select(const double* gram, const Vector& density, double fine_limit, Row& row) {
  const double fine = limit_with_gap(gram, density, row, fine_limit), inverse = 1.0 / row.scale;
  row.count = row.fine_count = 0;
  row.dropped = 0.0;
  row.idle.clear();
  const auto put = [&](Index n, Index k, double g) {
    row.feature[static_cast<std::size_t>(n)] = k;
    row.g[static_cast<std::size_t>(n)] = g;
  };
  for (Index k = 0; k < density.size(); ++k) {
    if (k == row.own || density(k) == 0.0) continue;
    const double g = gram[k] * inverse;
    if (std::abs(g) > fine) {
      put(row.count++, k, g);
    } else if (!(std::abs(g) > negligible)) {
      row.dropped += std::abs(gram[k]) * std::sqrt(second_moments(density)(k));
      row.idle.push_back(density(k));
    }
  }
  const double own = density(row.own) > 0.0 ? gram[row.own] * inverse : 0.0;
  const bool raised = !(std::abs(own) > negligible);
  put(row.count, row.own, raised ? negligible : own);
  if (raised) row.dropped += negligible * row.scale * std::sqrt(second_moments(density)(row.own));
  // Where nothing else is left the square of this is the loss that is missing, to its last digits.
  row.dropped *= 1.0 + epsilon * static_cast<double>(row.idle.size() + 8);
  for (Index k = 0; fine > negligible && k < density.size(); ++k) {
    const double g = gram[k] * inverse;
    if (k == row.own || density(k) == 0.0) continue;
    if (std::abs(g) > negligible && std::abs(g) <= fine) {
      put(row.count + 1 + row.fine_count++, k, g);
    }
  }
}

// Π(1 − p), or 0 if it is tiny or some feature is too close to certain for the odds to be a good
// unit. A plain product: the exponential of a sum of logarithms would lose |log| ε.
double mass_of(const Vector& density, const Row& row) {
  constexpr double most_certain = 1.0 - 1e-6, least = 1e-130;
  double product = 1.0;
  for (Index n = 0; n <= row.count; ++n) {
    const double p = density(row.feature[static_cast<std::size_t>(n)]);
    if (p > most_certain) return 0.0;
    product *= 1.0 - p;
  }
  return product > least ? product : 0.0;
}

void set_factors(const Vector& density, Row& row) {
  const double mass = mass_of(density, row);
  row.unit = mass > 0.0;
  row.mass = row.unit ? mass : 1.0;
  const Index filled = padded(row.fine_end());
  for (Index n = 0; n < filled; ++n) {
    const auto at = static_cast<std::size_t>(n);
    if (n >= row.fine_end()) {  // padding: the factor 1
      row.g[at] = 1.0;
      row.w[at] = 0.0;
      row.a[at] = 1.0;
    } else {
      const double p = density(row.feature[at]);
      const bool odds = row.unit && n <= row.count;
      row.w[at] = odds ? p / (1.0 - p) : p;
      row.a[at] = odds ? 1.0 : 1.0 - p;
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

void set_fine_law(Row& row) {
  const auto begin = static_cast<std::size_t>(row.fine_begin());
  const auto count = static_cast<std::size_t>(row.fine_count);
  row.fine =
      FineLaw::of(std::span(row.g).subspan(begin, count), std::span(row.w).subspan(begin, count));
  for (std::size_t q = 0; q < FineLaw::most; ++q) {
    row.g[static_cast<std::size_t>(row.points_begin()) + q] = row.fine.shift[q];
  }
}

}  // namespace

void Row::resize(Index features) {
  const auto size = static_cast<std::size_t>(row_size(features));
  feature.resize(size);
  for (auto* array : {&g, &w, &a, &alone}) array->resize(size);
  idle.reserve(size);
}

void read_row(const double* gram, double threshold, Index own, const Vector& density,
              double fine_limit, Row& row) {
  row.own = own;
  row.scale = largest_entry(gram, density);
  row.threshold = threshold;
  row.c = threshold / row.scale;
  select(gram, density, fine_limit, row);
  set_factors(density, row);
  set_alone(row);
  set_fine_law(row);
}

}  // namespace skeleta::exact
