#include "exact/law_closed.h"

#include <cmath>
#include <numbers>

namespace skeleta::exact {
namespace {

double normal_density(double z, double scale) {
  return std::exp(-0.5 * z * z) / (scale * std::sqrt(2.0 * std::numbers::pi));
}

// The density of U at u; 0 for a constant.
double density_of(const ValueLaw& value, double u) {
  if (u < value.least() || u > value.most()) return 0.0;
  const double first = value.first(), second = value.second();
  switch (value.kind()) {
    case ValueKind::uniform:
      return 1.0 / (second - first);
    case ValueKind::constant:
      return 0.0;
    case ValueKind::exponential:
      return std::exp(-u / first) / first;
    case ValueKind::half_normal:
      return 2.0 * normal_density(u / first, first);
    case ValueKind::normal:
      return normal_density((u - first) / second, second);
  }
  return 0.0;
}

// (log f)' of that density f where it is not 0.
double log_slope_of(const ValueLaw& value, double u) {
  const double first = value.first(), second = value.second();
  switch (value.kind()) {
    case ValueKind::uniform:
    case ValueKind::constant:
      return 0.0;
    case ValueKind::exponential:
      return -1.0 / first;
    case ValueKind::half_normal:
      return -u / (first * first);
    case ValueKind::normal:
      return -(u - first) / (second * second);
  }
  return 0.0;
}

// E U^k δ'(gU − c) = −(u^k f)'/(g|g|) at u = c/g.
double slope_at_threshold(const ValueLaw& value, int k, double g, double c) {
  if (g == 0.0) return 0.0;
  const double u = c / g, density = density_of(value, u);
  if (density == 0.0) return 0.0;
  const double of_power = k == 0 ? 0.0 : k * std::pow(u, k - 1);
  return -(of_power + std::pow(u, k) * log_slope_of(value, u)) * density / (g * std::abs(g));
}

}  // namespace

double at_threshold(const ValueLaw& value, int k, double g, double c) {
  if (g == 0.0) return 0.0;
  const double u = c / g, density = density_of(value, u);
  return density == 0.0 ? 0.0 : std::pow(u, k) * density / std::abs(g);  // u may be infinite
}

// z = ε: with t = c/√v, φ and Q = P(normal > t), E(ε − c)₊² = (v + c²)Q − c√v φ, E(ε − c)₊ = √v φ −
// cQ.
LawPart empty_support(const LawRow& row, double none) {
  const double c = row.c, jump = row.jump, v = row.variance;
  if (v == 0.0) {
    const double y = c < 0.0 ? jump - c : 0.0;
    return {none * y * y, -2.0 * none * y, 0.0};
  }
  const ValueLaw noise = ValueLaw::normal(0.0, std::sqrt(v));
  const double square = noise.excess(2, c), ramp = noise.excess(1, c), above = noise.excess(0, c);
  const double density = normal_density(c / std::sqrt(v), std::sqrt(v));
  return {none * (square + jump * (2.0 * ramp + jump * above)),
          -none * (2.0 * ramp + jump * (2.0 * above + jump * density)),
          none * (above + jump * density * (1.0 + 0.5 * jump * c / v))};
}

LawPart single_supports(const LawRow& row, const Vector& alone, Vector* by_feature) {
  const double c = row.c, jump = row.jump;
  LawPart part;
  for (Index j = 0; j < row.g.size(); ++j) {
    if (alone(j) == 0.0) continue;
    const ValueLaw& value = row.value(j);
    const double g = row.g(j);
    const auto ramp = [&](int power, int n) { return value.ramp_moment(power, n, g, c); };
    const auto kernel = [&](int power) {  // E U^power y
      return ramp(power, 1) + (jump == 0.0 ? 0.0 : jump * ramp(power, 0));
    };
    const auto delta = [&](int power) {
      return jump == 0.0 ? 0.0 : jump * at_threshold(value, power, g, c);
    };
    const bool own = j == row.own;
    double square = ramp(0, 2);
    if (jump > 0.0) square += jump * (2.0 * ramp(0, 1) + jump * ramp(0, 0));
    if (own) square -= 2.0 * kernel(1);
    part.value += alone(j) * square;
    if (by_feature == nullptr) continue;
    double threshold = -2.0 * kernel(0) - jump * delta(0),
           slope = 2.0 * kernel(1) + jump * delta(1);
    if (own) {
      threshold += 2.0 * (ramp(1, 0) + delta(1));
      slope -= 2.0 * (ramp(2, 0) + delta(2));
    }
    part.threshold += alone(j) * threshold;
    (*by_feature)(j) += alone(j) * slope;
  }
  return part;
}

// Of E κ(ε − c), κ'' = 2·1 + 2θδ + θ²δ': derivatives by v are halves of second ones by c. With the
// density f of ε at c: f' = −(c/v) f, f'' = (c²/v² − 1/v) f, f''' = (3c/v² − c³/v³) f.
EmptyCurvature empty_curvature(const LawRow& row, double none) {
  const double c = row.c, jump = row.jump, v = row.variance;
  if (v == 0.0) return {c < 0.0 ? 2.0 * none : 0.0, 0.0, 0.0};
  const ValueLaw noise = ValueLaw::normal(0.0, std::sqrt(v));
  const double t = c / v, f = normal_density(c / std::sqrt(v), std::sqrt(v));
  const double f1 = -t * f, f2 = (t * t - 1.0 / v) * f, f3 = t * (3.0 / v - t * t) * f;
  const double second = 2.0 * noise.excess(0, c) + jump * (2.0 * f - jump * f1);
  const double third = -2.0 * f + jump * (2.0 * f1 - jump * f2);
  const double fourth = -2.0 * f1 + jump * (2.0 * f2 - jump * f3);
  return {none * second, 0.5 * none * third, 0.25 * none * fourth};
}

std::array<double, 3> single_curvature(const LawRow& row, Index j) {
  const ValueLaw& value = row.value(j);
  const double g = row.g(j), c = row.c, jump = row.jump;
  const auto delta = [&](int k) { return at_threshold(value, k, g, c); };
  const auto slope = [&](int k) {
    return jump == 0.0 ? 0.0 : jump * slope_at_threshold(value, k, g, c);
  };
  std::array<double, 3> result{};
  for (int k = 0; k < 3; ++k) {
    double& part = result[static_cast<std::size_t>(k)];
    part = 2.0 * value.ramp_moment(k, 0, g, c);
    if (jump > 0.0) part += jump * (2.0 * delta(k) + slope(k));
    if (j == row.own) part -= 2.0 * (delta(k + 1) + slope(k + 1));
  }
  return result;
}

}  // namespace skeleta::exact
