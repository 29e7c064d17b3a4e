#include "skeleta/thomson/pair_energy.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <stdexcept>

#include "skeleta/core/types.h"

namespace skeleta::thomson {
namespace {

using Array = Eigen::ArrayXd;
using Input = Eigen::Map<const Array>;
using Output = Eigen::Map<Array>;

Input map(std::span<const double> values) {
  return {values.data(), static_cast<Index>(values.size())};
}

Output map(std::span<double> values) {
  return {values.data(), static_cast<Index>(values.size())};
}

// 1/r² with r² = 2 − 2u, which rounding must not make negative.
auto inverse_square(const Input& u) {
  return (2.0 - 2.0 * u).max(0.0).inverse();
}

// f = r^−s, f′ = s r^−(s+2), since d(r²)/du = −2. For s = 0 f = −log r and f′ = r^−2.
void riesz(double s, const Input& u, Output f, Output slope) {
  slope = inverse_square(u);
  if (s == 0.0) {
    f = 0.5 * slope.log();
  } else if (s == 1.0) {
    f = slope.sqrt();
    slope *= f;
  } else {
    f = (0.5 * s * slope.log()).exp();
    slope *= s * f;
  }
}

// With u > c: f = (u − c)³/(3u), f′ = (u − c)²(2u + c)/(3u²), f″ = 2(u³ − c³)/(3u³). Below, zero;
// the denominator is then replaced by anything that isn't zero.
void relu(double c, const Input& u, Output f, Output slope) {
  const auto excess = (u - c).max(0.0);
  const auto inverse = (u > c).select(u, 1.0).inverse();
  f = excess.cube() * inverse / 3.0;
  slope = excess.square() * inverse * (2.0 + c * inverse) / 3.0;
}

std::string range_of(Potential potential) {
  return potential == Potential::riesz ? "s of a Riesz energy must lie in [0, 100]"
                                       : "c of the relu energy must lie in [0, 1)";
}

double number(std::string_view text, std::string_view whole) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && end == text.data() + text.size()) return value;
  throw std::invalid_argument(fmt::format("energy '{}': '{}' is not a number", whole, text));
}

}  // namespace

void validate(const PairEnergy& energy) {
  const double most = energy.potential == Potential::riesz ? 100.0 : std::nextafter(1.0, 0.0);
  if (energy.parameter >= 0.0 && energy.parameter <= most) return;
  throw std::invalid_argument(
      fmt::format("{}, not {}", range_of(energy.potential), energy.parameter));
}

double pair_energy(const PairEnergy& energy, double cosine) {
  double value = 0.0, slope = 0.0;
  pair_energies(energy, {&cosine, 1}, {&value, 1}, {&slope, 1});
  return value;
}

void pair_energies(const PairEnergy& energy, std::span<const double> cosine,
                   std::span<double> value, std::span<double> slope) {
  const auto evaluate = energy.potential == Potential::riesz ? riesz : relu;
  evaluate(energy.parameter, map(cosine), map(value), map(slope));
}

void pair_energies(const PairEnergy& energy, std::span<const double> cosine,
                   std::span<double> value, std::span<double> slope, std::span<double> curvature) {
  pair_energies(energy, cosine, value, slope);
  const Input u = map(cosine);
  const double p = energy.parameter;
  if (energy.potential == Potential::riesz) {
    map(curvature) = (p + 2.0) * map(slope) * inverse_square(u);
  } else {
    map(curvature) = (u > p).select(2.0 / 3.0 * (1.0 - (p / u).cube()), 0.0);
  }
}

std::string name(const PairEnergy& energy) {
  if (energy == coulomb) return "coulomb";
  if (energy == logarithmic) return "log";
  return fmt::format("{}:{}", energy.potential == Potential::riesz ? "riesz" : "relu",
                     energy.parameter);
}

PairEnergy parse_pair_energy(std::string_view text) {
  if (text == "coulomb") return coulomb;
  if (text == "log") return logarithmic;
  const std::size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  if (colon == std::string_view::npos || (kind != "riesz" && kind != "relu")) {
    throw std::invalid_argument(
        fmt::format("energy '{}' must be coulomb, log, riesz:S or relu:C", text));
  }
  const PairEnergy energy{kind == "riesz" ? Potential::riesz : Potential::relu,
                          number(text.substr(colon + 1), text)};
  validate(energy);
  return energy;
}

}  // namespace skeleta::thomson
