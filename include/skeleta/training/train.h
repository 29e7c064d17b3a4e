#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "skeleta/core/names.h"
#include "skeleta/exact/loss.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"
#include "skeleta/optimize/descent.h"
#include "skeleta/optimize/summary.h"
#include "skeleta/training/landscape.h"
#include "skeleta/training/minima.h"
#include "skeleta/training/penalty.h"

namespace skeleta::training {

using skeleta::to_string;

/// What is minimised.
enum class ObjectiveKind : std::int8_t {
  exact,       ///< The integral loss, every evaluation to its error target.
  one_sparse,  ///< L_1, the mean on Q_1.
  k_sparse,    ///< Σ_{l≤k} C_l.
  sampled,     ///< The mean over a batch of random points; for L-BFGS over one fixed batch.
  linear,  ///< The integral loss of the tied linear model x ↦ WᵀWx, b = 0: also the result's.
};

/// How to descend.
enum class OptimizerKind : std::int8_t {
  lbfgs,  ///< For objectives without noise.
  adam,   ///< For all.
  sgd,    ///< For all.
  /// For objectives with known second derivatives: exact; one-sparse, and k-sparse up to 5 where a
  /// Hessian takes no more than some second, of ReLU models without noise on plain features.
  newton,
  /// L-BFGS, and with known second derivatives the end is judged and saddles are left; of 64
  /// features and more with the exact objective as newton.
  automatic,
};

/// Where a start begins; thresholds are 0 unless a model is given.
enum class Init : std::int8_t {
  xavier,  ///< Normal entries of W with standard deviation √(2/(d + D)).
  normal,  ///< Normal entries of W with standard deviation `deviation`.
  given,   ///< `model`, plus normal noise of standard deviation `noise` in all parameters.
};

/// How the least minimum is looked for.
enum class Search : std::int8_t {
  starts,   ///< One descent from each start.
  hopping,  ///< A walk from each start: descents from moved minima, for as long as they lead lower.
};

constexpr auto names_of(ObjectiveKind) {
  return std::to_array<std::string_view>({"exact", "one-sparse", "k-sparse", "sampled", "linear"});
}
constexpr auto names_of(OptimizerKind) {
  return std::to_array<std::string_view>({"lbfgs", "adam", "sgd", "newton", "auto"});
}
constexpr auto names_of(Init) {
  return std::to_array<std::string_view>({"xavier", "normal", "given"});
}
constexpr auto names_of(Search) {
  return std::to_array<std::string_view>({"starts", "hopping"});
}

/// What to minimise, from where, how and how long.
struct Options {
  bool untied = false;        ///< A decoder W_out beside W.
  bool thresholds = true;     ///< False: b stays 0.
  double hidden_noise = 0.0;  ///< Autoencoder::noise of the model.
  Penalty penalty;  ///< Added to every objective; not to the loss of the result, see there.
  /// max_{i≠j} |cos(w_i, w_j)| is at most this, columns of 0 left out, in (0, 1]; 1 is no
  /// constraint. For L-BFGS, by an augmented Lagrangian; to 1e-8.
  double coherence_cap = 1.0;

  ObjectiveKind objective = ObjectiveKind::exact;  ///< What is minimised.
  Index k = 2;  ///< Of k_sparse, at most D; beyond 2 as many as exact::SupportSum takes.
  OptimizerKind optimizer = OptimizerKind::lbfgs;  ///< How.

  Search search = Search::starts;  ///< What a start is.
  std::uint64_t patience = 30;     ///< Of hopping, ≥ 1: so many hops in a row that lead no lower.
  /// Of hopping: unit columns, d × m with m ≤ D, that walks may move to. They count as options: a
  /// run that is continued has the same.
  std::vector<Matrix> configurations;
  std::uint64_t starts = 1;  ///< How many, ≥ 1.
  std::uint64_t first = 0;   ///< The number of the first one: a run can be continued,
  std::uint64_t stride = 1;  ///< and divided: starts first, first + stride, first + 2 stride, …
  std::uint64_t seed = 1;    ///< Of the random starts and batches.
  Init init = Init::xavier;  ///< Where starts begin.
  double deviation = 1.0;    ///< Of Init::normal, > 0.
  double noise = 0.0;        ///< Of Init::given, ≥ 0.
  /// Of Init::given, and of no other. The form of what is trained is its own.
  std::optional<Autoencoder> model;

  /// ‖∇f‖₂ ≤ this · f(0) ends a start (adam and sgd on samples: never), f(0) being the objective
  /// for the model that answers 0: Σ v_i p_i/3 for the whole loss.
  double gradient_tolerance = 1e-7;
  double value_tolerance = 0.0;  ///< L-BFGS: a step that lowers f by at most this · |f| ends it.
  std::uint64_t max_steps = 10'000;  ///< Of each start.
  std::uint64_t batch = 1024;        ///< Of sampled.
  optimize::DescentOptions descent;  ///< Of adam and sgd; steps and tolerance come from above.

  std::uint64_t record_every = 10;      ///< The trajectory has these steps (is_recorded); 0: none.
  bool snapshots = false;               ///< With the parameters.
  double final_relative_target = 1e-8;  ///< Of the exact loss at the end.
  MinimaOptions minima;                 ///< When two ends are one minimum.
  int threads = 0;  ///< 0: all cores, over starts and within them. Never changes a bit.
};

/// The model that is trained, its weights and thresholds 0.
Autoencoder form_of(const Features& features, Index hidden, const Options& options);

/// Throws std::invalid_argument naming the first option that breaks its rule. The linear
/// objective knows only tied ReLU models, the sampled one only ReLU models, both without noise.
void validate(const Options& options, const Features& features, Index hidden);

/// Whether a trajectory has the point after so many steps: the start, densely at first, where most
/// happens (1, 2, 4, 8, …), and every record_every steps.
constexpr bool is_recorded(std::uint64_t step, std::uint64_t record_every) {
  return record_every > 0 && (step % record_every == 0 || std::has_single_bit(step));
}

/// Where a start was after some steps.
struct TrajectoryPoint {
  std::uint64_t step = 0;  ///< Steps taken; 0 is the start.
  double value = 0.0;      ///< Of the objective, after the step; adam, sgd: before it.
  Vector parameters;       ///< After the step (parameters.h); empty unless options.snapshots.
};

/// The end of one start.
struct TrainedModel {
  std::uint64_t start = 0;  ///< Which one.
  Autoencoder model;        ///< Where it ended.
  /// The integral loss with its rigorous error bound, whatever was minimised (of the linear model
  /// if that was). The bound is to be at most final_relative_target times the loss, or 1e-4 of that
  /// times the loss of the zero model.
  exact::Loss loss;
  double penalty = 0.0;             ///< What Options::penalty charges for the model.
  double loss_gradient_norm = 0.0;  ///< ‖∇L‖₂ of the exact loss, without penalties.
  optimize::Summary summary;        ///< Of the objective: value, gradient norm, steps, stop reason.
  /// With newton and automatic, what the end is: by the smallest eigenvalue beside directions that
  /// are known to be flat; where that is nearly 0, of at most 100 parameters as spectrum.h says, of
  /// more by finer products.
  Landscape landscape = Landscape::unknown;
  std::uint64_t unmet = 0;                  ///< Evaluations that did not meet their error target.
  std::vector<TrajectoryPoint> trajectory;  ///< At the steps of is_recorded; none if it diverged.

  /// The loss with what penalties add to it: by it ends are sorted.
  double charged_loss() const { return loss.value + penalty; }
  /// Whether the descent left the range of numbers, on its way or with its last step.
  bool diverged() const;
  /// Whether it ended because a tolerance was met, not a limit.
  bool is_minimum() const;
};

/// What training from many starts gave.
struct Training {
  std::vector<TrainedModel> starts;  ///< In order of start.
  std::vector<Minimum> minima;       ///< minima_of(starts), best first.
  bool interrupted = false;          ///< Were some starts not made or finished?

  /// The start with the least charged_loss(); null if all diverged.
  const TrainedModel* best() const;
};

/// The distinct minima among the ends of starts that are minima, by charged_loss(), best first;
/// `models` are places in `starts`.
std::vector<Minimum> minima_of(std::span<const TrainedModel> starts, const Features& features,
                               const MinimaOptions& options = {});

/// Takes each finished start, in order, on the caller's thread; returns whether to go on.
using TakeStart = std::function<bool(TrainedModel&& start)>;

/// Minimises an objective from many starts, in parallel. L-BFGS on the exact loss of many features
/// first minimises with loose error targets (1e-4 of the loss in the gradient) and continues with
/// those that the tolerance asks for. Where 4096 nodes do not tell the gradient of plain features
/// to these, it goes on with closed forms (up to five features) or up to 2^18 nodes; an end whose
/// gradient is not known then has met no tolerance (line_search). A start that diverges ends with
/// its reason, the others go on.
///
/// Everything is relative to the loss of the zero model: importances times c change nothing but the
/// scale (not a bit, if c is a power of two), and rare features are minimised as exactly as others.
/// L-BFGS takes thresholds below 0 in units of μ, μ² = (1 − π_0)/π_0 where that is below 1, since
/// L_0 alone curves there by 1/μ² times as much; the tolerance holds for the gradient with respect
/// to these.
///
/// Newton's method (optimize/newton.h) takes over from L-BFGS where the gradient is 1e-3 of its
/// tolerance's unit; of 64 features and more both have loose error targets until it is 1e-5. Where
/// an end that is judged is a saddle, the steepest way down is taken once and Newton's method goes
/// on; what each start ends at is said (TrainedModel::landscape).
///
/// Search::hopping makes each start a walk (optimize/hopping.h), whose hops exchange, drop, revive,
/// pair or merge features, take the places of a known configuration, shake all weights, or begin
/// anew, half of the time from where the loss on one active feature leads; each is followed by a
/// descent to a gradient of 1e-5. The end of the walk is minimised as any other start, and its
/// steps and trajectory are those of that last descent; its evaluations are those of all. Cost:
/// patience and more times that of a start. It needs an objective without noise: by lbfgs or
/// newton.
///
/// A vanishing gradient is not yet a minimum. Where features are idle (an output that never fires,
/// a column that is 0), and wherever a model was given to start from, displaced models
/// (reproducible ones) are tried, and if one of them descends below, the start goes on from there.
/// Start k is a function of (options, k) alone: the same bits for any number of threads, and for
/// any split of the starts over calls. Work that is called off (core/cancellation.h) ends with the
/// starts that were finished. Returns whether all were taken. Throws std::invalid_argument as
/// validate does, before the first start.
bool train(const Features& features, Index hidden, const Options& options, const TakeStart& take);

/// The same, with all starts in memory at the end, and their distinct minima.
Training train(const Features& features, Index hidden, const Options& options);

/// Training::best of these starts.
const TrainedModel* best_of(std::span<const TrainedModel> starts);

/// The parameters that start `k` begins from.
Vector initial_parameters(const Features& features, Index hidden, const Options& options,
                          std::uint64_t k);

}  // namespace skeleta::training
