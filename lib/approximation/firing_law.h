#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "skeleta/core/types.h"
#include "skeleta/sampling/stream.h"

namespace skeleta::approximation {

/// A sparse input.
struct Input {
  std::vector<std::int32_t> active;
  std::vector<double> value;
};

/// A law of inputs under which a half-space {g·x > c} is no rare event (Esscher 1932; Siegmund
/// 1976). Feature j is active with odds r_j e^t h(θ g_j), r_j = p_j/(1 − p_j), and then has the
/// density e^{θ g_j x}/h(θ g_j) on [0, 1], so that it differs from the law P of the data by
///   dP̃/dP(x) = e^{t N + θ g·x} / M,   M = Π_j (1 − p_j + p_j e^t h(θ g_j)).
/// With a feature `own`, that one is always active:
///   dP̃/dP(x) = 1{own active} e^{t (N − 1) + θ g·x} / (M p_own h(θ g_own)), M over the others.
/// θ is the smallest of 0, 1/max|g|, 2/max|g|, 4/max|g|, … with Ẽ g·x ≥ c, and t gives the mean
/// number of active features that is asked for, so that N stays where the loss is; from θ =
/// 8/max|g| on one more with each doubling, since a half-space may be out of reach of so few,
/// though not of a feature that reaches it alone.
class FiringLaw {
 public:
  /// `active`: Ẽ N, as near as the densities allow. Cost some 100 D operations for each θ tried.
  FiringLaw(const Vector& density, Vector g, double c, double active, std::optional<Index> own);

  /// θ: 0 if the half-space needs no help.
  double tilt() const { return theta_; }
  /// Does Ẽ g·x reach c? If not, the half-space is empty or nearly so.
  bool reaches() const { return reaches_; }

  void draw(sampling::PointStream& stream, Input& input) const;
  /// log dP̃/dP; −∞ where it is 0.
  double log_ratio(const Input& input) const;

 private:
  friend class FiringMixture;

  void tilt_to(double theta, double active, const Vector& log_odds);

  Vector density_, g_, tilted_;
  std::optional<Index> own_;
  double theta_ = 0.0, shift_ = 0.0, log_mass_ = 0.0;
  bool reaches_ = true;
};

/// Several laws of the same features, each with a weight; at most one for each `own` feature.
class FiringMixture {
 public:
  FiringMixture(const std::vector<FiringLaw>& laws, const Vector& weights);

  /// Σ_c w_c dP̃_c/dP, each ratio at most e^600. Of all laws at once: an exponential takes longer
  /// than the rest of a point.
  double ratio(const Input& input);

 private:
  Eigen::ArrayXd weights_, present_;            // of all laws; of those without own feature
  Eigen::ArrayXd offset_, shift_, log_, used_;  // log dP̃_c/dP = offset + N shift + Σ slope x
  Matrix slope_;                                // a row for each law
  std::vector<Index> law_of_;                   // by feature: the law that has it as own, or −1
};

}  // namespace skeleta::approximation
