#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "skeleta/core/types.h"

namespace skeleta::certify {

/// The proof of one polygon (mathematics.md, Theorem 6.4). Write E_k(W, b) = k L_1 = Σ_j S_j +
/// Σ_{i≠j} φ(G_ij; b_i) for k features in two dimensions, S_j = 1/3 − 2ψ(|w_j|²; b_j) + φ(|w_j|²;
/// b_j), φ(a; c) = ∫₀¹ (at − c)₊² dt and ψ(a; c) = ∫₀¹ t (at − c)₊ dt: the loss when exactly one
/// feature is active.
struct PolygonStage {
  Index corners = 0;  ///< k: 5 or 6.
  /// Holds the length r of the columns of a symmetric polygon that is stationary, thresholds
  /// included.
  std::array<double, 2> column{};
  double threshold() const;  ///< The best one of that polygon, to some 15 digits.
  double shortest = 0.0;     ///< Every column of a model with E_k ≤ upper is longer,
  double longest = 0.0;      ///< and shorter than this.
  double widest = 0.0;  ///< A gap between neighbours above this costs more than a whole edge may.
  std::array<double, 2> well_column{};  ///< Around the polygon's edge, the bound of an edge is
  std::array<double, 2> well_angle{};   ///< strictly convex: lengths, and the gap in radians.
  /// Every column and every gap of a model with E_k ≤ upper + slack lies in these intervals.
  /// Without slack they are those of the well.
  double slack = 0.0;
  std::array<double, 2> near_column{};  ///< Lengths,
  std::array<double, 2> near_angle{};   ///< and gaps in radians.
  /// With all of them above 0: the edges with h ≤ h* + slack, thresholds included, form one convex
  /// set, on which the Hessian of h in (r, s, θ, b, b') exceeds the diagonal matrix of these
  /// numbers, for lengths, gap and thresholds.
  std::array<double, 3> modulus{};
  std::array<double, 2> near_threshold{};  ///< All thresholds of that set lie in it.
  bool steep() const { return modulus != std::array<double, 3>{}; }  ///< Is that proven?

  double lower = 0.0;  ///< min E_k ≥ lower,
  double upper = 0.0;  ///< and the polygon's E_k ≤ upper.
  /// Trees of boxes (r, s, θ), in preorder: a digit is a box cut across that side, a letter a leaf
  /// and why it needs no more: o its mirror image is looked at; r, s, p such an edge is dearer than
  /// a competitor's may be, for its first or second column or both; h it costs more than the
  /// polygon's edge; c it lies in the well; n h is not stationary in it (steep stages).
  std::string tree;
};

/// All there is to check: the pentagon, and for the hexagon both.
struct PolygonProof {
  std::vector<PolygonStage> stages;  ///< In the order of corners, from 5 on.

  /// min E_k lies in [lower, upper] of the last stage.
  const PolygonStage& last() const { return stages.back(); }
  /// Boxes of all trees.
  std::uint64_t boxes() const;
  /// What is proven, in one sentence.
  std::string statement() const;
};

/// What is wrong with a proof: where, and why.
struct PolygonFlaw {
  Index corners = 0;       ///< Of the stage.
  std::int64_t leaf = -1;  ///< Place in its tree; −1: in the numbers before it.
  std::string cause;       ///< The end of a sentence.
};

/// Proves that the regular polygon is the only minimum of the one-sparse loss of `corners` features
/// in two dimensions, up to rotations, reflections and relabelling. Rigorous: all arithmetic is
/// that of intervals rounded outwards, and nothing is sampled. The argument (analysis/proofs.md has
/// every step):
/// - Keep of the pairs only neighbours in angle, with gaps θ_j ≥ 0, Σθ_j = 2π. For any μ, with
///   h = ½S + ½S' + φ(g; b) + φ(g; b') + μ(θ − 2π/k), E_k ≥ Σ_j h_j: equal at the polygon. So if h
///   is least at the polygon's edge alone, the polygon is the only minimum. μ is what makes that
///   edge stationary, known within an interval.
/// - Both thresholds are minimised out in closed form: a box has three sides.
/// - An edge of a better model costs no more than deleting its columns saves: S + φ(g; b) ≤
///   upper − min E_{k−1}, and S + S' + φ(g; b) + φ(g; b') ≤ upper − min E_{k−2} (min E_4 ≥ 0).
///   Without that the bound fails for a hexagon: a perfect column beside a silent one.
/// - Every other box has h above the polygon's edge, or lies in a convex box around it, where h is
///   strictly convex, so that the stationary edge is the only minimum.
///
/// Cost, on one core: the pentagon some 15 000 boxes, 0.2 s; the hexagon 50 000 more, 0.6 s. The
/// proof is the same for any number of threads. `progress` hears how many boxes there are so far,
/// on the caller's thread, and returns whether to go on; if not, Interrupted is thrown.
///
/// Throws std::invalid_argument if `corners` is not 5 or 6 (for fewer the minimum is 0; for more
/// the bound of single edges does not suffice), or `threads` is not valid (parallel.h);
/// std::runtime_error if the proof fails, which a change of this code alone could bring about.
PolygonProof prove_polygon(Index corners, int threads = 1,
                           const std::function<bool(std::uint64_t boxes)>& progress = {});

/// Proves more of five features: every model with 5 L_1 ≤ upper + slack has all columns and all
/// gaps between neighbours near those of the pentagon (PolygonStage::near_column, near_angle). An
/// edge outside costs more than slack above the polygon's, and no edge costs less than that one.
///
/// With `slack` = pentagon_slack this holds for every global minimum of the *whole* loss of five
/// equal features at all sparsities from pentagon_sparsity() on: such a model has no more L_1 than
/// that. Threads, progress and what is thrown as above.
inline constexpr double pentagon_slack = 0.011;
PolygonProof prove_pentagon_stable(int threads = 1,
                                   const std::function<bool(std::uint64_t boxes)>& progress = {});

/// The sparsity S from which on min L of five features of equal density 1 − S and importance 1
/// needs 5 L_1 ≤ upper + slack, by the whole loss of the regular pentagon of `proof`. With x = p/(1
/// − p), 5 (L/π_1 − L_1) of a fixed model is a polynomial in x with coefficients ≥ 0 (C_0 = 0), so
/// that it rises with p, and one evaluation, rounded up as in certify_minimum, decides. In steps of
/// 1e-4.
double pentagon_sparsity(const PolygonStage& proof);

/// What the edges of prove_pentagon_steep may cost above the pentagon's.
inline constexpr double pentagon_well = 0.00041;

/// Proves of five features that the edges which cost at most pentagon_well more than the pentagon's
/// form one convex set, thresholds included, on which an edge is strictly convex with moduli of its
/// own (PolygonStage::modulus): then the whole loss of sparse features is strictly convex where its
/// minima are. Threads, progress and what is thrown as above. 26 849 boxes, a second of one core.
PolygonProof prove_pentagon_steep(int threads = 1,
                                  const std::function<bool(std::uint64_t boxes)>& progress = {});

/// The sparsity S from which on (below 1) the whole loss of five equal features in two dimensions
/// has exactly one global minimum, up to rotations, reflections and relabelling, by a steep stage:
/// a regular pentagon with equal thresholds. In steps of 1e-5; 1 if the stage is not steep. All of
/// it is intervals rounded outwards: minima of L have edges within `slack` if what two and more
/// active features add at the pentagon is at most that, and L is strictly convex there if what they
/// take from the curvature is less than what the edges have (analysis/proofs.md, "Only one
/// pentagon").
double pentagon_unique_sparsity(const PolygonStage& stage);

/// The first flaw of a proof, if there is one: every number and every leaf is evaluated again, none
/// is believed. Threads as in prove_polygon.
std::optional<PolygonFlaw> check(const PolygonProof& proof, int threads = 1);

/// A certificate: the proof as text, a few tens of kB; numbers as hexadecimal floats, and a digest
/// of all the lines before it in the last one, against accidents.
std::string certificate_text(const PolygonProof& proof);

/// The proof that certificate_text wrote. Not checked, but for the digest. Throws
/// std::invalid_argument, with the number of the line, for anything else.
PolygonProof read_certificate(std::string_view text);

/// Does a text begin as certificates do, of whatever proof and version?
bool is_certificate(std::string_view text);

}  // namespace skeleta::certify
