#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "skeleta/core/names.h"

namespace skeleta::certify {

using skeleta::to_string;

/// Two features in one dimension, and what their interference costs: of
///   L(w, b) + λ · 2w_1²w_2²,   L = F_1 + I·F_2,
/// F_i the mean square error of output i (the penalty is λ Σ_{i≠j} ⟨w_i, w_j⟩², as of training).
struct PhasePoint {
  double importance = 1.0;    ///< I in [1e-6, 1e6] of the second feature; the first has 1.
  double density = 0.1;       ///< p in [0.001, 1] of both.
  double interference = 0.0;  ///< λ in [0, 1e6].
};

/// What the global minima of a point are.
enum class PhaseName : std::int8_t {
  drop,       ///< w_2 = 0, w_1 = ±1: the second feature is dropped.
  dedicate,   ///< w_1 = 0, w_2 = ±1: the dimension is dedicated to the second feature.
  antipodal,  ///< w_1w_2 < 0: both are represented, with opposite signs (p = 1: or with equal ones,
              ///< which lose the same then).
  either,     ///< One of both, importances being equal: drop and dedicate lose the same.
  undecided,  ///< None of these is proven: phases whose losses are equal, or nearly so.
};
constexpr auto names_of(PhaseName) {
  return std::to_array<std::string_view>({"drop", "dedicate", "antipodal", "either", "undecided"});
}

/// The proof of one point.
struct PhaseProof {
  PhasePoint point;                        ///< Of what.
  PhaseName phase = PhaseName::undecided;  ///< Of every global minimum.
  double lower = 0.0;                      ///< min (L + λR) ≥ lower,
  double upper = 0.0;                      ///< and ≤ upper.
  /// w_1 ≥ 0 and w_2 ≤ 0 of the antipodal model that loses `upper`, a minimiser to the gap; or 1
  /// and 0 where one feature is dropped (either: the second one), 0 and 1 where the first one is.
  /// Undecided: of the best antipodal model that was found. The mirror image (−w_1, −w_2) loses the
  /// same.
  std::array<double, 2> columns{};
  std::array<double, 2> thresholds{};  ///< Of that model; 0 and −p/2 where one feature is dropped.
  std::array<double, 2> longest{};     ///< |w_i| of every global minimum is at most that.
  /// Boxes (|w_1|, |w_2|), in preorder: a digit is a box cut across that side, a letter a leaf and
  /// why it needs no more: f what the outputs lose alone, c a centred form exceeds the target; n
  /// the slope in |w_1| or |w_2| is not 0; d, e the second, the first column is so short that it is
  /// best dropped.
  std::string tree;
};

/// What is wrong with a proof.
struct PhaseFlaw {
  std::size_t proof = 0;   ///< Of several: which.
  std::int64_t leaf = -1;  ///< Place in the tree; −1: in the numbers before it.
  std::string cause;       ///< The end of a sentence.
};

/// Proves which phase a point has. Rigorous: all arithmetic is that of intervals rounded outwards,
/// and no minimum is assumed to have been found. The argument (analysis/proofs.md, "Phases"):
/// - A model with w_1w_2 > 0 loses no less than its mirror image (w_1, −w_2), with its best
///   thresholds; so |w_1|, |w_2| ≥ 0 with opposite signs are all there is to search.
/// - Both thresholds are minimised out: given the columns, an output's loss is convex in its
///   threshold where the best one lies.
/// - Boxes away from the axes hold no minimum where a slope is not 0, or where the loss exceeds the
///   target; near (1, 0) and (0, 1) the loss is that of the dropped feature plus a positive
///   multiple of the square of its column.
///
/// `drop`, `dedicate` and `either` are exact: upper is v(p/3 − p²/4), v the importance of what is
/// dropped, and lower the same rounded down. `antipodal` says that all global minima have w_1w_2 <
/// 0; there lower ≥ (1 − relative_gap)·upper. Where neither is proven (phases as good as each other
/// to some 1e-6 of the loss; S = 0, λ = 0, I = 1, where they form a circle) the point is undecided,
/// and lower ≥ (1 − relative_gap)·upper still holds.
///
/// Cost: mostly 300 to 3000 boxes, 2 to 30 ms; 40 000 boxes, half a second, near p = 1, I = 1.
/// Throws std::invalid_argument if a number of the point is not in its interval or relative_gap not
/// in (0, 1); std::runtime_error if the minimum is not even known to that gap, a far too small one.
PhaseProof prove_phase(const PhasePoint& point, double relative_gap = 1e-4);

/// The first flaw of a proof, or of several, if there is one: every number and every leaf is
/// evaluated again.
std::optional<PhaseFlaw> check(const PhaseProof& proof);
std::optional<PhaseFlaw> check(const std::vector<PhaseProof>& proofs, int threads = 1);

/// What drop, dedicate and the antipodal model of a proof lose, rounded up; the last is infinite if
/// it has none.
std::array<double, 3> phase_losses(const PhaseProof& proof);

/// A grid of points.
struct PhaseGrid {
  std::vector<double> importance;    ///< I.
  std::vector<double> density;       ///< p.
  std::vector<double> interference;  ///< λ.
  /// All combinations, the importance slowest, the interference fastest.
  std::vector<PhasePoint> points() const;
};

/// prove_phase of all points of a grid, in parallel over points; the same for any number of
/// threads. `progress` hears how many are done, on the caller's thread, and says whether to go on;
/// if not, Interrupted is thrown.
std::vector<PhaseProof> prove_phases(const PhaseGrid& grid, double relative_gap = 1e-4,
                                     int threads = 1,
                                     const std::function<bool(std::size_t done)>& progress = {});

/// The same from where it was interrupted: `proofs` are those of the first points, and hold all
/// that are proven at any moment, also when Interrupted is thrown. Throws std::invalid_argument if
/// they are of other points.
void go_on(const PhaseGrid& grid, double relative_gap, std::vector<PhaseProof>& proofs,
           int threads = 1, const std::function<bool(std::size_t done)>& progress = {});

/// Are the proofs those of the first points of a grid, with this gap? Their trees are not looked
/// at.
bool begins(const PhaseGrid& grid, double relative_gap, const std::vector<PhaseProof>& proofs);

/// Where interference ends the antipodal phase. The least antipodal loss rises with λ, and those of
/// drop and dedicate do not depend on it; so for given I and p there is one λ_c: antipodal for all
/// λ < λ_c, and one of the others for all λ > λ_c.
struct CriticalInterference {
  double importance = 1.0;  ///< I.
  double density = 0.1;     ///< p.
  double low = 0.0;         ///< λ_c ≥ low: the largest proven antipodal; −∞ if none is,
  double high = 0.0;        ///< λ_c ≤ high: the least proven not to be; ∞ if none is.
};
/// Of each importance and density of the proofs, in their order.
std::vector<CriticalInterference> critical_interference(const std::vector<PhaseProof>& proofs);

/// A certificate of any number of points: proofs as text, numbers as hexadecimal floats, and a
/// digest of all the lines before it in the last one, against accidents.
std::string certificate_text(const std::vector<PhaseProof>& proofs);

/// The proofs that certificate_text wrote. Not checked, but for the digest. Throws
/// std::invalid_argument, with the number of the line, for anything else.
std::vector<PhaseProof> read_phase_certificate(std::string_view text);

}  // namespace skeleta::certify
