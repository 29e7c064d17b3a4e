#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "skeleta/core/cancellation.h"
#include "skeleta/core/clock.h"
#include "skeleta/core/progress.h"
#include "skeleta/estimate/integrand.h"
#include "skeleta/estimate/methods.h"
#include "skeleta/measure/features.h"
#include "skeleta/measure/integral_by_skeleton.h"
#include "skeleta/measure/sampling_state.h"

namespace skeleta::estimate {

/// What a pilot foresees of a method.
struct Foreseen {
  Method method = Method::stratified;  ///< Of which it is foreseen.
  double points = 0.0;                 ///< To reach the target, or max_samples if these are fewer.
  double seconds = 0.0;  ///< On one core, from nominal costs of a point, not from a clock.
  double wanted = 0.0;   ///< Points to reach the target, whatever max_samples is.
};

struct SampledIntegrals;

/// Receives a result so far, and the state from which it can be continued.
using CheckpointCallback = std::function<void(const SampledIntegrals&)>;

/// How to sample, and when to stop. Either `samples` > 0 (exactly so many; quasi: at most so many),
/// or sampling goes on until, for each output,
///   standard error ≤ max(relative_tolerance · |value|, absolute_tolerance)
/// and the rigorous bound of what the samples did not resolve is at most a tenth of that (plain:
/// all of it, and 100 points lie off the likeliest skeleton), and the result is neither
/// heavy_tailed() nor has it degenerate_weights(). If 10⁷ points are enough for the first but not
/// for the others, or what they missed (Known::missed) is still above the target, it gives up
/// (StopReason::unresolved, unreliable). Samples that all agree resolve nothing: without a bound of
/// what they may miss the reason is `unresolved` and the interval is no claim. A pilot with random
/// numbers of its own plans the work and is not counted in the result. Whether to stop is asked
/// between rounds, and of these there is seldom more than one, so that stopping hardly biases the
/// interval (mathematics.md, Remark 9.6).
struct Options {
  Method method = Method::stratified;             ///< See integrate_all.
  std::uint64_t seed = 1;                         ///< Any; equal seeds give equal bits.
  std::uint64_t samples = 0;                      ///< 0: until the tolerances are met.
  double relative_tolerance = 1e-3;               ///< ≥ 0, of the standard error.
  double absolute_tolerance = 0.0;                ///< ≥ 0; one of the two is positive.
  std::uint64_t max_samples = 1'000'000'000'000;  ///< Without `samples`: the most that are drawn.
  /// Wall time after which no further round begins; rounds are then planned to fit into it.
  double max_seconds = std::numeric_limits<double>::infinity();
  double confidence = 0.95;  ///< Of the interval, in (0, 1).
  int threads = 0;           ///< 0: all cores. Never changes a bit of the result.
  int replicates = 16;       ///< quasi: independent randomisations, at least 2.
  /// Called between rounds; it may call the work off.
  ProgressCallback progress{};
  /// Called once, before the first round: what the pilot foresees. It may throw.
  std::function<void(const Foreseen&)> announce{};
  CheckpointCallback checkpoint{};  ///< Called every `checkpoint_seconds` of the sampling.
  double checkpoint_seconds = 5.0;  ///< ≥ 0.
  Clock clock = monotonic_seconds;  ///< For max_seconds and checkpoint_seconds alone.
  /// Continue from here. Strata that are planned differently now, or whose controls changed, start
  /// anew; the result has the bits of an undisturbed run.
  std::optional<SamplingState> resume{};
};

/// Throws std::invalid_argument naming the first option that breaks its rule.
void validate(const Options& options);

/// Functions c_1(x), c_2(x), … that resemble the integrand and whose means μ_lc on each skeleton
/// are known. Then f − Σ_c β_c (c − μ_lc) has the mean of f for any β, and less variance for a good
/// one.
struct Controls {
  Integrand value;  ///< c_1, c_2, …: its outputs.
  Matrix mean;      ///< μ_lc: one row for each of l = 0, 1, …; beyond its end none is used.
  /// β_c where it is given. The pilot estimates the others, for each skeleton together, and uses
  /// them where they take off at least a tenth of the variance.
  std::vector<std::optional<double>> coefficient;
};

/// Some skeletons that are sampled together, and how many points they got.
struct SampledRange {
  CountRange range;          ///< The skeletons.
  double probability = 0.0;  ///< P(N ∈ range).
  double points = 0.0;       ///< In all.
  /// Of the controls that were subtracted there; empty if there were none.
  std::span<const double> coefficients{};
};

/// What is known before any sampling of an integrand with one output. Plain sampling uses the bound
/// only.
struct Known {
  /// Exact parts of the skeletons 0, 1, …, K − 1: these are not sampled.
  std::vector<SkeletonPart> parts;
  /// For an integrand that is never negative: rigorous upper bound of Σ C_l over all l outside a
  /// range. Without it nothing is left out: the far skeletons are then sampled together (but for a
  /// probability below 1e-18).
  std::function<double(CountRange)> bound_outside;
  std::optional<Controls> controls;  ///< Functions to be subtracted.
  /// Contributions of the skeletons 0, 1, … that are known apart from the integrand, to be added to
  /// the result, and a bound of the error of their sum.
  std::vector<double> apart;
  double apart_error = 0.0;  ///< That bound.
  /// Rigorous bound of what the integral may have above the samples' mean because they never met
  /// it. It is added to the interval and to error_bound.
  double unseen_above = 0.0;
  double unseen_below = 0.0;  ///< Likewise below the mean; added to the interval.
  /// How far the result of so many points on each of these ranges is off, about, for what so few of
  /// them never show: no bound but an estimate, as a survey gives it. It counts as a part of the
  /// standard error.
  std::function<double(std::span<const SampledRange>)> missed;
  /// Of a sum of squares: the root of the mean square of what rounding adds before squaring. By
  /// Cauchy the integral is then off by at most 2 rounding √value + rounding², which bounds carry.
  double rounding = 0.0;
  /// Controls that are fitted are not believed to leave less than this part of the variance: where
  /// they seem to, what they do not explain is rare, and few points never meet it.
  double least_variance_ratio = 0.0;
  /// max |f|, where that is known: what samples that all agree on a skeleton may miss is then
  /// bounded by Clopper and Pearson (1934; mathematics.md, Proposition 9.4): other values have a
  /// probability of at most 1 − (α/2)^{1/n}, α = 1 − confidence.
  std::optional<double> largest;
  /// Points below which a precision is not believed.
  std::uint64_t least_points = 0;
  /// Stored with the state of the sampling: which of several integrands the caller chose; 0 if
  /// there is no choice. A state of another one is not continued.
  double variant = 0.0;
  /// Nominal cost of the integrand at one point, by which `automatic` weighs the methods and the
  /// size of a chunk of work is chosen. It decides which points are drawn: never measure it.
  double nanoseconds = 50.0;
  /// Symmetric, D × D: how features disturb each other, such as the Gram matrix. quasi asks for it
  /// once, if it is there, and orders supports by it (lib/sampling/support_list.h).
  std::function<Matrix()> interference;
};

/// Thrown also when the progress callback stopped the work before there was anything to report.
using skeleta::Interrupted;

/// Several integrals that shared their points.
struct SampledIntegrals {
  Method method = Method::stratified;       ///< The one used, also if it was chosen automatically.
  std::vector<IntegralBySkeleton> outputs;  ///< One for each output of the integrand.
  Matrix covariance;                        ///< Of the values of the outputs.
  SamplingState state;                      ///< To be continued from.
  /// By the pilots, if the method was chosen automatically; without quasi where another method is
  /// done before quasi is set up (.1 s if there are many supports).
  std::vector<Foreseen> foreseen;
};

/// E f(x) over the law of the features, whichever it is, split by skeleton, for any integrand f.
///
/// stratified: value = Σ_l π_l f̄_l with π_l exact, f̄_l known or the mean of n_l points on Q_l, and
/// n_l ∝ π_l s_l (Neyman 1934), s_l from the pilot. Its squared error is Σ π_l² s_l²/n_l and the
/// interval uses Student's t with Satterthwaite's degrees of freedom (mathematics.md,
/// Proposition 9.1 and mathematics.md, Proposition 9.2). Skeletons beyond the sampled ones are
/// bounded, and so are those on which all samples were equal (sampled together: that were reached
/// less than twice). The bound is kept below a tenth of the target (in samples mode: of the
/// standard error that the pilot foresees), given as error_bound, and added to `high`.
///
/// plain: the mean of f over points from the whole measure (drawn as a multinomial number on each
/// skeleton, which is the same law); the contribution of a skeleton is the mean of f·1{N = l}.
///
/// quasi: f̄_l is the mean over R scrambled Sobol point sets of n_l = 2^k points (lib/
/// sampling/quasi_sampler.h); s_l²/n_l is the variance of the replicates' means over R.
///
/// importance: a support A comes with a probability ∝ P(A) Π_{j∈A} h_j, with h_j the mean of |f|
/// with feature j active over that of all (pilot; between 1/8 and 8); f is multiplied by the ratio
/// of the two laws. effective_samples is Σ_l n_l w̄²/(w̄² + s_w²) (Kish 1965).
///
/// Several outputs share points; points are shared out over the strata so that each output meets
/// its target. Known quantities are for one output only.
///
/// Results have the same bits for any number of threads and any number of stops in between. Values
/// that are not finite are counted and left out; the result is then not usable(). Throws
/// std::invalid_argument for bad options, features or known parts, or fewer samples than two a
/// stratum; Interrupted if stopped before every stratum had points.
SampledIntegrals integrate_all(const Features& features, const Integrand& integrand,
                               const Options& options, const Known& known = {});

/// The same for an integrand with one output.
IntegralBySkeleton integrate(const Features& features, const Integrand& integrand,
                             const Options& options, const Known& known = {});

/// The same in two steps, for who wants to know what it will take: each method's pilot is run once,
/// when it is first asked for, and what it set up is what is then sampled.
class Plan {
 public:
  /// Copies what it is given. Throws as integrate_all does.
  Plan(const Features& features, const Integrand& integrand, const Options& options,
       const Known& known = {});
  ~Plan();

  /// What the pilot of a method, not automatic, foresees.
  Foreseen foresee(Method method);

  /// integrate_all(features, integrand, options, known).
  SampledIntegrals sample();

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace skeleta::estimate
