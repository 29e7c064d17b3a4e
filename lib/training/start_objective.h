#pragma once

#include <cstdint>
#include <optional>

#include "skeleta/core/function_ref.h"
#include "skeleta/optimize/objective.h"
#include "skeleta/training/objectives.h"
#include "skeleta/training/train.h"
#include "training/coherence_cap.h"

/// What the descents of a start minimise.
namespace skeleta::training {

/// Are the objective's second derivatives known, a Hessian that is summed over supports in so many
/// seconds of one core?
bool has_known_curvature(const Features& features, const Autoencoder& form, const Options& options,
                         double most_seconds);

/// What a gradient tolerance asks of the engine: exact::Options::gradient_target.
double gradient_target(double tolerance);

/// The objective of a start with its penalty and cap, in the unit of the data, while thresholds may
/// be held.
class StartObjective {
 public:
  /// Called with the objective and the relative error of its values.
  using Body = FunctionRef<void(optimize::Objective, double noise)>;

  /// Both must outlive it. `zero`: the objective's value for the model that answers 0.
  StartObjective(const ScaledFeatures& data, const Autoencoder& form, const Options& options,
                 double zero, int threads);

  /// Goes on with this start: its number is that of its batches, and evaluations that miss their
  /// target are counted there.
  void begin(TrainedModel& result) { result_ = &result; }

  /// The objective, its gradient as exact as the tolerance asks for.
  void with(double tolerance, Body body);

  /// Likewise body(f, noise) with an f that has second derivatives as well, but without what is
  /// charged; known only where has_known_curvature().
  template <class CurvedBody>
  void with_curvature(double tolerance, CurvedBody body);

  /// The objective's value with penalty and cap, and their part of its gradient, which is 0 by
  /// thresholds that are held.
  double charged(const Vector& x, double value, Vector& gradient) const;
  /// In the unit of the data.
  Penalty penalty() const;
  bool capped() const { return cap_.has_value(); }
  CoherenceCap& cap() { return *cap_; }

  /// Did the last exact evaluation meet its target?
  bool resolved() const { return resolved_; }
  /// From now on exact losses of few plain features are closed forms, of others sums on contours of
  /// many more nodes. False if that is so already, or there is nothing finer.
  bool refine();

  /// The norm of the gradient of the loss itself, and whether it is known: if not it may be no
  /// larger. NaN if it cannot be evaluated.
  struct GradientNorm {
    double value;
    bool known = true;
  };
  GradientNorm exact_gradient_norm(const Vector& x) const;

 private:
  enum class Way : std::int8_t { contour, long_contour, closed };

  const Features& features() const { return data_.features; }
  void with_bare(double tolerance, Body body);
  void with_exact(double tolerance, Body body);
  exact::Options options_of_contour(double tolerance) const;
  double closed_noise() const;
  void count_unmet(const ExactObjective& f);

  static constexpr double sum_noise = 1e-14;  ///< Of values that are sums of closed forms.

  const ScaledFeatures& data_;
  const Autoencoder& form_;
  const Options& options_;
  int threads_;
  std::optional<CoherenceCap> cap_;
  TrainedModel* result_ = nullptr;
  Way way_ = Way::contour;
  bool resolved_ = true;
};

template <class CurvedBody>
void StartObjective::with_curvature(double tolerance, CurvedBody body) {
  if (options_.objective != ObjectiveKind::exact) {
    auto f = options_.objective == ObjectiveKind::one_sparse
                 ? SparseObjective::one_sparse(features(), form_, threads_)
                 : SparseObjective::k_sparse(features(), form_, options_.k, threads_);
    return body(f, sum_noise);
  }
  if (way_ == Way::closed) {
    ClosedObjective f(features(), form_);
    return body(f, closed_noise());
  }
  const exact::Options options = options_of_contour(tolerance);
  ExactObjective f(features(), form_, options);
  body(f, options.relative_target);
  count_unmet(f);
}

}  // namespace skeleta::training
