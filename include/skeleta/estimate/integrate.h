#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "skeleta/core/progress.h"
#include "skeleta/estimate/integrand.h"
#include "skeleta/measure/features.h"
#include "skeleta/measure/integral_by_skeleton.h"

namespace skeleta::estimate {

/// plain: points from the whole measure. stratified: a fixed number of points on each skeleton.
enum class Method { plain, stratified };

/// "plain", "stratified".
std::string to_string(Method method);

/// How to sample, and when to stop. Either `samples` > 0 (exactly so many), or sampling goes on
/// until
///   standard error ≤ max(relative_tolerance · |value|, absolute_tolerance)
/// and the rigorous bound of what the samples did not resolve is at most a tenth of that (plain:
/// all of it, and 100 points lie off the likeliest skeleton). If 10⁷ points are enough for the
/// first but not for the second, it gives up (StopReason::unresolved). A pilot with random numbers
/// of its own plans the work and is not counted in the result.
struct Options {
  Method method = Method::stratified;
  std::uint64_t seed = 1;
  std::uint64_t samples = 0;
  double relative_tolerance = 1e-3;
  double absolute_tolerance = 0.0;
  std::uint64_t max_samples = 1'000'000'000'000;
  double confidence = 0.95;
  int threads = 0;           ///< 0: all cores. Never changes a bit of the result.
  std::size_t chunk = 4096;  ///< Points a chunk of parallel work.
  ProgressCallback progress;
};

/// Throws std::invalid_argument naming the first option that breaks its rule.
void validate(const Options& options);

/// A function c(x) that resembles the integrand and whose mean μ_l on each skeleton is known. Then
/// f − β(c − μ_l) has the mean of f for any β, and less variance if β = cov(f, c)/var(c).
struct Control {
  Integrand value;           ///< c, safe to call from several threads at once.
  std::vector<double> mean;  ///< μ_l for l = 0, 1, …; beyond its end the control is not used.
  /// β if it is given. Otherwise the pilot estimates it, one for each skeleton, and uses it where
  /// it takes off at least a tenth of the variance.
  std::optional<double> coefficient;
};

/// What is known before any sampling.
struct Known {
  /// Exact parts of the skeletons 0, 1, …, K − 1: these are not sampled (used by stratified).
  std::vector<SkeletonPart> parts;
  /// For an integrand that is never negative: rigorous upper bound of Σ C_l over all l outside a
  /// range. Without it nothing is left out: the far skeletons are then sampled together (but for a
  /// probability below 1e-18).
  std::function<double(CountRange)> bound_outside;
  /// Used by stratified on strata of one skeleton.
  std::vector<Control> controls;
};

/// Thrown when the progress callback stopped the work before there was anything to report.
class Interrupted : public std::exception {
 public:
  const char* what() const noexcept override { return "interrupted before the first result"; }
};

/// E f(x) over the sparse cube, split by skeleton, for any integrand f.
///
/// stratified: value = Σ_l π_l f̄_l with π_l exact, f̄_l known or the mean of n_l points on Q_l, and
/// n_l ∝ π_l s_l (Neyman 1934), s_l from the pilot. Its squared error is Σ π_l² s_l²/n_l and the
/// interval uses Student's t with Satterthwaite's degrees of freedom. Skeletons beyond the sampled
/// ones are bounded, and so are those on which all samples were equal (sampled together: that were
/// reached less than twice). The bound is kept below a tenth of the target (in samples mode: of
/// the standard error that the pilot foresees), given as error_bound, and added to `high`.
///
/// plain: the mean of f over points from the whole measure; the contribution of a skeleton is the
/// mean of f·1{N = l}.
///
/// Results have the same bits for any number of threads. Values that are not finite are counted and
/// left out; the result is then not usable(). Throws std::invalid_argument for bad options,
/// features or known parts, or fewer samples than two a stratum; Interrupted if stopped before
/// every stratum had points.
IntegralBySkeleton integrate(const Features& features, const IntegrandFactory& integrand,
                             const Options& options, const Known& known = {});

/// What the pilot of `integrate` plans: the number of points on each stratum.
struct PlannedStratum {
  CountRange skeletons;
  double points = 0.0;
};
std::vector<PlannedStratum> plan(const Features& features, const IntegrandFactory& integrand,
                                 const Options& options, const Known& known = {});

}  // namespace skeleta::estimate
