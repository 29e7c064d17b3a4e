#pragma once

#include <complex>
#include <vector>

#include "exact/split.h"
#include "measure/activity_sweep.h"
#include "skeleta/measure/data_law.h"

/// One output under a general law: z = Σ_j g_j x_j, a threshold c and the own feature i, on the
/// supports of at least two features.
namespace skeleta::exact {

/// Something of E[·; N ≥ 2] and the same of E[x_i ·; N ≥ 2].
template <class T>
struct RestPair {
  T plain{}, own{};
};

/// Bounds are products of exponentials that may cancel: only this range holds them.
using Wide = long double;

class LawOutput {
 public:
  /// `law` must outlive it.
  LawOutput(const DataLaw& law, Index own);

  struct Result {
    double value = 0.0;  ///< E[(z − c)₊² − 2 x_i (z − c)₊; N ≥ 2]
    double error = 0.0;  ///< A bound on its error.
    Index nodes = 0;
  };
  /// To an error of `tolerance`, or as well as `most` nodes can. g has D entries, not all 0.
  Result evaluate(const Vector& g, double c, double tolerance, Index most);

 private:
  // e^{θz} bounds both (z)₊² ≤ 4e⁻²/θ² e^{θz} and (z)₊ ≤ e^{θz}/(eθ).
  struct Chernoff {
    double theta, bound;
  };

  void set(const Vector& g, double c);
  void set_moments();
  std::vector<Chernoff> chernoff(double sign);
  bool representable(double abscissa, double most) const;
  Wide leaf_bound(Index j, int k, std::complex<double> s) const;
  RestPair<Wide> majorant(double abscissa, double omega);
  RestPair<Wide> sensitivity(double abscissa);

  double alias_error(double period) const;
  double choose_period(double tolerance) const;
  Index choose_nodes(double period, double tolerance, Index most, double& error);
  double left_aliases(double period) const;
  double sum_nodes(double period, Index nodes);
  double rounding(double period, Index nodes);

  const DataLaw& law_;
  Index own_;
  Vector g_;
  double c_ = 0.0;
  double spread_ = 1.0;          // √E[(z − c)²; N ≥ 2], relative to the probability
  RestPair<double> moments_[3];  // E[zⁿ; N ≥ 2], E[x_i zⁿ; N ≥ 2]
  std::vector<Chernoff> right_, left_;
  ActivitySweep<OwnSplit<std::complex<double>>> nodes_;
  ActivitySweep<OwnSplit<Wide>> bounds_;
};

}  // namespace skeleta::exact
