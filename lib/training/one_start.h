#pragma once

#include <optional>

#include "skeleta/optimize/newton.h"
#include "skeleta/sampling/stream.h"
#include "skeleta/training/objectives.h"
#include "skeleta/training/train.h"
#include "training/coherence_cap.h"
#include "training/natural_descent.h"

namespace skeleta::training {

/// Are the objective's second derivatives known, a Hessian that is summed over supports in so many
/// seconds of one core?
bool has_known_curvature(const Features& features, const Autoencoder& form, const Options& options,
                         double most_seconds);

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
  using Body = FunctionRef<void(optimize::Objective, double noise)>;

  const Features& features() const { return data_.features; }
  bool by_lbfgs() const {
    return options_.optimizer != OptimizerKind::adam && options_.optimizer != OptimizerKind::sgd;
  }
  bool judges() const;
  bool by_newton() const;
  bool noisy() const { return options_.objective == ObjectiveKind::sampled && !by_lbfgs(); }

  Penalty unit_penalty() const;
  double charged(const Vector& x, double value, Vector& gradient) const;
  void with_objective(Body body);
  void with_bare_objective(Body body);
  void with_exact(double tolerance, Body body);
  bool is_closed() const;
  void count_unmet(const ExactObjective& f);
  void minimize(Vector& x);
  void minimize_with_nodes(Vector& x);
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
  void restore_unit();

  const ScaledFeatures& data_;
  Index hidden_;
  const Options& options_;
  Autoencoder form_;
  int threads_;
  double gradient_target_;  ///< Of the exact objective.
  double zero_;             ///< The objective's value for the model that answers 0.
  NaturalCoordinates natural_;
  std::optional<CoherenceCap> cap_;
  TrainedModel* result_ = nullptr;
  std::uint64_t steps_ = 0;
  Index nodes_;           ///< Of contour integrals, at most.
  bool resolved_ = true;  ///< Did the last one meet its target?
};

}  // namespace skeleta::training
