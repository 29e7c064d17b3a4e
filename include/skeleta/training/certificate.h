#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "skeleta/core/types.h"
#include "skeleta/exact/loss.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::training {

/// How many truncations to look at, and when ends of starts count as equal.
struct CertificateOptions {
  Index most = 2;  ///< Rows for k = 1, …, most; beyond 2 only for few features, see below.
  std::uint64_t starts = 20;         ///< Random starts for each of L^(≤k) and L.
  std::uint64_t seed = 1;            ///< Of the random starts.
  double gradient_tolerance = 1e-7;  ///< Of train, and of L^(≤k) relative to the same.
  /// Ends of starts on L^(≤k) that differ by at most this, relative to the least, are equally good
  /// minimisers. (If the minimum is 0: relative to the loss of the zero model.)
  double tie_tolerance = 1e-9;
  /// A start counts as a hit if its end lies above the least by at most this, likewise.
  double hit_tolerance = 1e-6;
  double shape_tolerance = 0.05;  ///< The same configuration: `distance` ≤ this.
  int threads = 0;                ///< 0: all cores. Never changes a bit.
};

/// The largest k that L^(≤k) can be minimised for: 2, and for at most 8 features min(D, 5).
Index most_truncated(Index features);

/// What minimising L^(≤k) = Σ_{l≤k} C_l alone leads to.
struct CertificateRow {
  Index k = 0;          ///< ≥ 1.
  double lower = 0.0;   ///< L^(≤k)(θ_k)
  exact::Loss upper;    ///< L(θ_k), over all skeletons.
  Autoencoder model;    ///< θ_k
  double excess = 0.0;  ///< L(θ_k) − L(θ*) ≥ 0
  /// Root mean square distance of the columns of θ_k and θ*, both scaled to root mean square norm
  /// 1, after the best rotation or reflection, and relabelling if all features are alike.
  double distance = 0.0;
  bool same_configuration = false;  ///< `distance` ≤ shape_tolerance.
  std::uint64_t hits = 0;           ///< Random starts that ended at `lower`.
  /// min L^(≤k) is 0 (bounds::minimum_is_zero): then 0 bounds min L whatever the starts missed.
  bool zero = false;
};

/// What minimising truncated losses costs, row by row, against the least loss found.
struct Certificate {
  std::vector<CertificateRow> rows;  ///< k = 1, …, most
  exact::Loss minimum;               ///< L(θ*), the least of all L found.
  Autoencoder model;                 ///< θ*
  std::uint64_t starts = 0;          ///< Random ones, for each objective.
  std::uint64_t hits = 0;            ///< Random starts on L that ended at L(θ*).
  bool interrupted = false;          ///< Then the rest means nothing.
};

/// Called after each start, on the caller's thread, with how many are done; returns whether to go
/// on.
using CertificateCallback = std::function<bool(std::uint64_t done, std::uint64_t planned)>;

/// How much is lost by training on at most k active features (mathematics.md, Theorem 5.1). With
/// θ_k a minimiser of L^(≤k) and θ* of L,
///   L^(≤k)(θ_k) ≤ min L ≤ L(θ_k),   excess = L(θ_k) − L(θ*) ≤ Σ_{l>k} C_l(θ_k).
/// The right inequality holds for any θ_k. The left one supposes that θ_k is a global minimiser,
/// and the excess that θ* is one: both are the best of `starts` random starts by L-BFGS, of
/// descents of L^(≤k) from θ* and θ_{k−1}, and of descents of L from each θ_k.
///
/// For D ≤ 2d, min L^(≤1) = 0 (mathematics.md, Proposition 5.2), which no start can miss by being
/// too high a bound; but it is attained on whole families. Among equally good ends of random starts
/// θ_k is the one with the least L.
///
/// All this needs only that no C_l is negative: it holds for every law of the data.
///
/// L^(≤k) of plain features is exact::SparseLoss for k ≤ 2 and bounds::TruncatedLoss beyond, of
/// other laws exact::SupportSum (much slower: take few features); L is the exact engine, to a
/// relative error of 1e-10 at the end (1e-8 from 64 features on). Start number n of every objective
/// begins from the same point. The same bits for any number of threads. Cost: (most + 1)·starts
/// minimisations of some 100 evaluations.
///
/// Throws std::invalid_argument if features or options are not valid, hidden < 1, `most` is not in
/// 1..most_truncated(D), or nothing is to be minimised (see train).
Certificate certificate(const Features& features, Index hidden,
                        const CertificateOptions& options = {},
                        const CertificateCallback& callback = {});

/// The distance of CertificateRow; NaN if one of them is 0 everywhere.
double shape_distance(const Autoencoder& a, const Autoencoder& b, const Features& features);

}  // namespace skeleta::training
