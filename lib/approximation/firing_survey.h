#pragma once

#include <map>
#include <span>
#include <vector>

#include "approximation/firing_law.h"
#include "approximation/survey_tail.h"
#include "skeleta/estimate/integrate.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::approximation {

/// Features up to which all entries of G are kept.
constexpr Index most_with_gram = 2000;

/// What samples of the loss would hardly ever show, found by looking where outputs can fire.
///
/// The residual that samples average is R = Σ_i d_i, the excess of each output beyond what is
/// known:
///   d_i = v_i (x_i − y_i)² − 1{i active} v_i (x_i − y_i⁰)²,  y_i = (z_i − b_i)₊,
/// with y_i⁰ = (G_ii x_i − b_i)₊ if there are controls, whose first one is what each feature costs
/// alone, and without the second term if there are none. d_i vanishes where neither fires, so it
/// may live on a corner of the cube or on a few supports that no sample of the data's law P meets.
///
/// The survey draws from a mixture Q: P with the number of active features kept at `first` or more,
/// and for each output, active or not, the law of inputs tilted towards its firing, or, where the
/// active feature often fires alone, towards those that disturb it most (FiringLaw; of more than
/// 316 features, where that is dear, for 128 to 316 outputs, those that can grow the largest). A
/// point stands for the probability ω = dP/dQ, which is known exactly and small for what is rare;
/// so the survey tells the tail of R far beyond what as many points of P show. It is a finding, not
/// a proof: what it finds rare is then computed in closed form, or bounded rigorously.
///
/// Cost: about 100 operations for each of up to 256 tilted laws and D entries, and some hundred to
/// 1500 points of D·N operations each.
class FiringSurvey {
 public:
  /// `controls`: of loss_controls, or null.
  FiringSurvey(const Autoencoder& model, const Features& features, Index first,
               const estimate::Controls* controls, std::uint64_t seed);

  /// E[R; N ≥ 2] (all N without controls), about.
  double mean() const { return mean_; }

  /// The outputs whose excess must be taken apart so that of what is left, less its regression on
  /// the controls on each skeleton, R', samples miss little:
  /// with the level t that n samples of P(· | N ≥ first) exceed 3 times on average,
  ///   E[(R' − t)₊; N ≥ first] ≤ (0.15 + 3/√n) · standard error of R' cut off at the levels,
  /// and likewise for −R' (a mean of n values with an exponential tail misses 3/n of its scale).
  /// n: `points`, or if that is 0 the fewest after which this standard error is at most `error`: a
  /// run that has not seen more would stop there.
  std::vector<Index> hidden(double points, double error);

  /// The values at the survey's points of these controls from now on: of those that are sampled
  /// with when outputs are taken apart.
  void evaluate(const estimate::Controls& controls);

  /// How far the result is off, about, because the points of each range never meet what lies beyond
  /// its level t, when the outputs that hidden() found are taken apart: of what is sampled there, R
  /// less the controls with their coefficients. The sum over the ranges, as they all miss on the
  /// same side. After hidden().
  double missed(std::span<const estimate::SampledRange> sampled) const;

 private:
  void choose_laws();
  void draw(std::uint64_t seed);
  void excess(const Input& input, Vector& d) const;
  void look(std::span<const Index> apart);
  void take_off_controls();

  // Of R', N ≥ first.
  SurveyTail tail(double points, double sign) const {
    return survey_tail(residual_, weight_, order_, mass_, points, sign);
  }
  double seen_deviation(double points) const;
  double points_to(double target) const;
  bool take_apart(const SurveyTail& tail, double most, double sign,
                  std::vector<Index>& apart) const;

  const Autoencoder& model_;
  const Features& features_;
  Index first_;
  bool controlled_;
  Matrix gram_;  // or empty
  double mass_;  // P(N ≥ first)
  std::vector<FiringLaw> laws_;
  std::vector<Input> points_;
  std::vector<double> weight_;                             // dP/dQ over the number of points
  std::map<Index, std::vector<std::size_t>> on_skeleton_;  // points by N ≥ first
  Matrix controls_;                                        // a row for each point; or empty
  std::vector<double> excess_;                             // R at the points, less what is apart
  std::vector<double> residual_;                           // R'
  std::vector<std::size_t> order_;  // the points with N ≥ first, by decreasing R'
  double mean_ = 0.0;
};

}  // namespace skeleta::approximation
