#pragma once

#include <cmath>
#include <vector>

#include "exact/contour.h"
#include "exact/lanes.h"
#include "exact/node_sum.h"
#include "exact/spread.h"

/// The law of one output of a dictionary, z = z' + g x_i with z' = Σ_{j≠i} g_j x_j, and what is
/// summed and bounded over the nodes of its contour.
///
/// z' has the generating function
///   Φ = Π_{rare}(1 − p_j) e^{Λ} Π_{frequent}(1 − p_j + p_j h(s g_j)),
/// Λ from the grid (spread.h). The supports on which no other feature is active have closed forms,
/// as has, where x_i is not active either, a single one; Φ_k is what at least k others leave of Φ.
/// With y = (z − c)₊ + θ 1{z > c} the loss needs
///   E[y² − 2 x_i y] = (1/2πi)∫ e^{−sc} [K_p ((1 − p) Φ_k + p h(s g) Φ_1) + K_o p h'(s g) Φ_1] ds,
/// K_p = 2s⁻³ + 2θs⁻² + θ²s⁻¹, K_o = −2s⁻² − 2θs⁻¹, and what is detected
///   P(z' > c, k others), P(z' + gU > c, others):  e^{−sc} Φ_k s⁻¹, e^{−sc} Φ_1 h(s g) s⁻¹.
/// k = 2 costs closed forms for all features and needs far fewer nodes if one is often all there
/// is; else k = 1.
namespace skeleta::exact {

/// What all outputs share of the rare features.
struct RareFeatures {
  int orders = 1;              ///< The most that are kept of one.
  std::vector<double> powers;  ///< Σ r_jⁿ of those with n orders and more, at [n − 1].
  std::vector<double> cut;     ///< Σ r_jⁿ⁺¹ of those with n orders, at [n − 1].
  double largest = 0.0;        ///< max r_j
};

struct DictionaryRow {
  const RareFeatures* rare = nullptr;
  Spread grid;                            ///< Of the rare ones among the others.
  std::vector<double> frequent, density;  ///< g and p of the frequent ones.
  double log_none_rare = 0.0;             ///< log Π (1 − p) of the rare ones.
  double none_frequent = 1.0;             ///< Π (1 − p) of the frequent ones.
  double own = 0.0, p = 0.0;              ///< g and p of feature i.
  double farthest = 0.0;                  ///< max |g| of the others.
  double c = 0.0, jump = 0.0;             ///< θ
  Index fewest = 1;                       ///< k

  /// If k = 2: Σ_j P(only j is active) times 1, φ, φ_1 and the part of [0, 1] above c
  /// (closed_forms.h), g/2 and g²/3. Of the rare ones with r_j instead, till finish().
  struct Single {
    double probability = 0.0, squares = 0.0, ramps = 0.0, steps = 0.0, first = 0.0, second = 0.0;

    /// Adds `count` features with these weights.
    void add(const double* g, const double* weight, Index count, double c);
    void scale(double x);
  } single;

  // Filled by finish():
  std::vector<Index> cell;   ///< m of the cells [mδ, (m + 1)δ) with points, increasing,
  std::vector<double> mass;  ///< and Σ r_j of each.
  Index low = 0, high = 0;   ///< Points −low … high have weight.
  std::vector<double> scaled;  ///< w_nm/x_mⁿ at [(n − 1)(high + low) + …]: m = 1 … high, −1 … −low.
  double none = 0.0;  ///< π_0
  double some = 1.0;  ///< 1 − π_0, also where that is far below ε.

  /// To be called when the rest is there.
  void finish();
};

/// What the entries of a row say by themselves, sums over the features so far.
struct EntrySums {
  double mean = 0.0;      ///< Σ p_j g_j
  double variance = 0.0;  ///< Σ Var x_j g_j²
  double farthest = 0.0;  ///< max |g_j|
};
/// Adds `count` entries. `large` gets the first of each eight that have more than `share` of
/// variance together: only among these one may have it alone.
void add_entries(const double* g, const double* p, const double* variance, Index count,
                 double share, EntrySums& sums, std::vector<Index>& large);

/// Bounds of log E e^{±θz} of all of z, θ = first·2^r.
struct DictionaryMoments {
  double first = 0.0;
  double up[lane_count]{}, down[lane_count]{};

  double theta(int r) const { return std::ldexp(first, r); }
};
void bound_moments(const DictionaryRow& row, DictionaryMoments& moments);

/// A bound of |Σ_{k≥n}| of the integrand of E[y² − 2x_i y] by majorants as in majorant.h, but for
/// the jump's terms with s⁻¹: these are estimated.
double truncation_of_dictionary(const DictionaryRow& row, const Contour& contour, Index nodes);

/// Sums over nodes 0 … n − 1, k = 0 counted half.
struct DictionarySums {
  double value = 0.0;            ///< Of E[y² − 2x_i y].
  double false_alarm = 0.0;      ///< Of P(z' > c)
  double hit = 0.0;              ///< Of P(z' + gU > c)
  double grid = 0.0, cut = 0.0;  ///< Bounds of what the grid and cut orders change of the first;
  double step_spread = 0.0;      ///< both, of the others.
  double amplitude = 0.0;        ///< Σ |·| of the first, what rounding is relative to.
  std::vector<NodeSum> steps, jumps;  ///< By blocks: of the detection; of the jump's s⁻¹.
};
void sum_dictionary(const DictionaryRow& row, const Contour& contour, Index nodes,
                    DictionarySums& sums);

/// The first of these split by the number N of active features, l = 0 … sums.size() − 1.
void sum_dictionary_by_count(const DictionaryRow& row, const Contour& contour, Index nodes,
                             std::vector<Complex>& buffer, std::vector<double>& sums);

}  // namespace skeleta::exact
