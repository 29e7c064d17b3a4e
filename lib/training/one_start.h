#pragma once

#include "skeleta/optimize/newton.h"
#include "skeleta/sampling/stream.h"
#include "skeleta/training/train.h"
#include "training/natural_descent.h"
#include "training/start_objective.h"

namespace skeleta::training {

/// Did a stage meet a tolerance?
inline bool vanishes(const optimize::Summary& summary) {
  return summary.stop_reason == optimize::DescentStop::gradient ||
         summary.stop_reason == optimize::DescentStop::value;
}

/// After a stage of loose targets, whose errors may be what stopped it.
inline bool may_go_on(const optimize::Summary& summary) {
  return vanishes(summary) || summary.stop_reason == optimize::DescentStop::line_search;
}

/// One start of a training: from its initial parameters to the exactly evaluated end. `data` has
/// the features in a unit in which losses have the size of 1; the result is in that of the caller.
class OneStart {
 public:
  OneStart(const ScaledFeatures& data, Index hidden, const Options& options, int threads);

  /// Minimises from x and fills `result`, but for its number `start`, which is read. `random` goes
  /// on after the words that x was drawn with.
  void run(Vector& x, sampling::PointStream& random, TrainedModel& result);

  /// The descent alone: minimises from x, and `result` gets its summary in the unit of `data`.
  void descend(Vector& x, TrainedModel& result);

 private:
  const Features& features() const { return data_.features; }
  bool by_lbfgs() const {
    return options_.optimizer != OptimizerKind::adam && options_.optimizer != OptimizerKind::sgd;
  }
  bool judges() const;
  bool by_newton() const;
  bool noisy() const { return options_.objective == ObjectiveKind::sampled && !by_lbfgs(); }

  void minimize(Vector& x);
  void minimize_as_exactly(Vector& x);
  void minimize_capped(Vector& x);
  void minimize_noise(Vector& x);
  bool loose_stage(Vector& x);
  void lbfgs(optimize::Objective f, Vector& x, double tolerance, double noise);
  void newton_stage(Vector& x);
  void newton(Vector& x, double tolerance, bool last);
  template <class F>
  void newton(F& f, Vector& x, double tolerance, double noise, bool last);
  void leave_saddle(optimize::Objective value, const Vector& direction, Vector& y);
  void descend_noise(optimize::StochasticObjective f, Vector& x, double tolerance);
  bool leave(Vector& x, sampling::PointStream& random);
  bool descends_from(Vector& x, double goal, std::uint64_t most_steps);
  void record_start(const Vector& x);
  optimize::StepCallback recorder();
  void add(const optimize::Summary& stage);
  void evaluate(const Vector& x);
  void evaluate_linear(const Vector& x);
  exact::Loss final_loss() const;
  bool is_loss() const;
  void doubt_end();
  void restore_unit();

  const ScaledFeatures& data_;
  Index hidden_;
  const Options& options_;
  Autoencoder form_;
  int threads_;
  double zero_;  ///< The objective's value for the model that answers 0.
  NaturalCoordinates natural_;
  StartObjective objective_;
  TrainedModel* result_ = nullptr;
  std::uint64_t steps_ = 0;
};

}  // namespace skeleta::training
