#pragma once

#include <span>
#include <string>
#include <string_view>

namespace skeleta::thomson {

/// The shape of the energy of two points of the unit sphere, a function f of their inner product u.
enum class Potential {
  riesz,  ///< r^−s with r = √(2 − 2u) and s > 0; −log r for s = 0. s = 1 is Coulomb's.
  relu  ///< V_c(u) = (u − c)₊³/(3u), of finite range: what two features cost on Q1 (see below).
};

/// A pair energy. V_c(u) = ∫₀¹ (u t − c)₊² dt is what a feature's output wrongly shows while
/// another one, with unit columns at inner product u and common threshold c, is alone active; V_0 =
/// u₊²/3 (mathematics.md, Proposition 7.1 and mathematics.md, Proposition 7.2).
struct PairEnergy {
  Potential potential = Potential::riesz;  ///< The shape.
  double parameter = 1.0;                  ///< s ≥ 0, or c in [0, 1).

  /// The same shape and parameter.
  bool operator==(const PairEnergy&) const = default;
};

inline constexpr PairEnergy coulomb{Potential::riesz, 1.0};
inline constexpr PairEnergy logarithmic{Potential::riesz, 0.0};

/// Throws std::invalid_argument unless 0 ≤ s ≤ 100, or 0 ≤ c < 1.
void validate(const PairEnergy& energy);

/// f(u), for −1 ≤ u ≤ 1; infinite for Riesz energies at u = 1.
double pair_energy(const PairEnergy& energy, double cosine);

/// f, f′ and f″ at each of n inner products. Accuracy: a few (1 + s)·ε, relative, for the given u.
/// All spans must have the same length.
void pair_energies(const PairEnergy& energy, std::span<const double> cosine,
                   std::span<double> value, std::span<double> slope, std::span<double> curvature);

/// f and f′ only.
void pair_energies(const PairEnergy& energy, std::span<const double> cosine,
                   std::span<double> value, std::span<double> slope);

/// "coulomb", "log", "riesz:S" or "relu:C", and back.
std::string name(const PairEnergy& energy);

/// Throws std::invalid_argument if the text is none of these or the number is outside its range.
PairEnergy parse_pair_energy(std::string_view text);

}  // namespace skeleta::thomson
