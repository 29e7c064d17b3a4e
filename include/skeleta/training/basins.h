#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "skeleta/core/names.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"
#include "skeleta/training/minima.h"
#include "skeleta/training/penalty.h"

/// What gradient flow selects: how often each minimum of the integral loss is the end of a flow
/// from a random start.
namespace skeleta::training {

/// How to go down.
enum class Dynamics : std::int8_t {
  flow,     ///< ẋ = −∇f(x), the limit of small steps.
  descent,  ///< x ← x − η ∇f(x).
};

constexpr auto names_of(Dynamics) {
  return std::to_array<std::string_view>({"flow", "descent"});
}

/// From where, and how.
struct BasinOptions {
  Dynamics dynamics = Dynamics::flow;  ///< How to go down.
  double deviation = 0.1;        ///< σ > 0: entries of W are N(0, σ²) at the start, b is 0.
  Penalty penalty{};             ///< Added to the loss.
  double learning_rate = 0.05;   ///< η > 0 of descent.
  double flow_tolerance = 1e-5;  ///< As optimize::RestOptions.
  /// A flow is at rest where ‖∇f‖₂ ≤ this · the loss of the zero model, from 1e-10 to 1e-3, and f
  /// curves down in no direction. The last stretch, once the gradient is below 10⁻³ of that loss, f
  /// curves down nowhere and the end is within .02, is by L-BFGS. A descent goes on as the flow
  /// from there.
  double gradient_tolerance = 1e-8;
  std::uint64_t max_steps = 100'000;  ///< Of a descent, and of the flow's integrator.

  std::uint64_t starts = 10'000;  ///< How many.
  std::uint64_t first = 0;        ///< The number of the first: a run can be continued,
  std::uint64_t stride = 1;       ///< and divided: starts first, first + stride, …
  std::uint64_t seed = 1;         ///< Of all starts.
  MinimaOptions minima{};         ///< When two ends are one minimum.
  int threads = 0;                ///< 0: all. Never changes a bit.
};

/// Throws std::invalid_argument naming the first option that breaks its rule.
void validate(const BasinOptions& options);

/// A minimum that some flows ended in.
struct Basin {
  std::uint64_t first_start = 0;  ///< The first that did.
  std::uint64_t count = 0;        ///< How many.
  Autoencoder model;              ///< Where the first one ended.
  double value = 0.0;             ///< Of what was minimised, penalty included, there.
};

/// An interval that holds a probability with at least 95 % (Clopper & Pearson, Biometrika 26 (1934)
/// 404).
struct ProbabilityInterval {
  double lower = 0.0;  ///< At least,
  double upper = 1.0;  ///< and at most.
};

/// From `count` of `trials` ≥ 1 independent events.
ProbabilityInterval probability_interval(std::uint64_t count, std::uint64_t trials);

/// The distinct ends of flows so far.
class Basins {
 public:
  /// Of these features, which are kept.
  explicit Basins(Features features, MinimaOptions options = {});

  /// The number of the basin that this end is in: of the first it agrees with (distinct_minima), or
  /// a new one.
  std::int64_t add(std::uint64_t start, const Autoencoder& end, double value,
                   std::uint64_t count = 1);
  const std::vector<Basin>& all() const { return basins_; }  ///< In order of the first start.

 private:
  Features features_;
  MinimaOptions options_;
  std::vector<Basin> basins_;
};

/// Takes where start k ended: the number of the basin, −1 if it did not converge. Returns whether
/// to go on.
using TakeBasin = std::function<bool(std::uint64_t k, std::int64_t basin)>;

/// Flows of the tied ReLU model's loss from random starts, in parallel; adds their ends to
/// `basins`, in order. Start k has the random numbers of k alone, as those of train(): the same
/// bits for any number of threads and any split of the starts. The loss is exact: in closed form,
/// with second derivatives, for up to four features, else to nine digits of the gradient. Nothing
/// of a start is kept but its basin. Work that is called off (core/cancellation.h) ends with the
/// starts that were taken. Returns how many. Throws std::invalid_argument as validate does, if
/// features are not plain, or hidden < 1.
std::uint64_t find_basins(const Features& features, Index hidden, const BasinOptions& options,
                          Basins& basins, const TakeBasin& take);

}  // namespace skeleta::training
