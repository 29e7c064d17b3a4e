#pragma once

#include <vector>

#include "estimate/control.h"
#include "estimate/problem.h"

namespace skeleta::estimate {

/// What the pilot's points say of one skeleton.
struct SurveyRow {
  Index l = 0;
  double probability = 0.0;
  std::vector<double> mean, variance;  // of each output, less its controls
  double plain_variance = 0.0;         // of the first output without controls
  double given_variance = 0.0;         // of it with those controls whose coefficients are given
  bool varies = false;                 // does any output, without controls, differ between points?
};

/// A first look at every skeleton that samples can reach, with random numbers of its own: it finds
/// the coefficients of the controls, and all that is needed to share points out. What it sees of a
/// skeleton does not depend on the target, so that a run can be extended to a tighter one.
class Survey {
 public:
  /// Draws max(64, 4096 π_l) points on Q_l. Throws Interrupted.
  Survey(const Problem& problem, const Integrand& integrand,
         const std::optional<Controls>& controls, const DrawFactory& draw);

  /// By increasing l, without those of probability 0.
  const std::vector<SurveyRow>& rows() const { return rows_; }
  /// What to sample: the integrand, less its controls.
  const Integrand& integrand() const { return integrand_; }
  /// How its points were drawn.
  const DrawFactory& draw() const { return draw_; }
  /// The coefficients of the controls on Q_l.
  const std::vector<double>& coefficients(Index l) const;
  /// Σ_l π_l f̄_l over the rows.
  double value(std::size_t output) const;

 private:
  void fit(const Controls& controls, const JointMoments& seen, SurveyRow& row);

  DrawFactory draw_;
  Integrand integrand_;
  std::vector<SurveyRow> rows_;
  Coefficients coefficients_;
};

}  // namespace skeleta::estimate
