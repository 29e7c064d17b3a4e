#pragma once

#include <cmath>
#include <vector>

#include "exact/law_kernel.h"
#include "exact/split.h"

/// One output under a general law, on the supports of at least row.fewest features: plans the
/// contour, adds up its nodes and bounds the error. What does not depend on the tolerance is made
/// once.
namespace skeleta::exact {

using Series3 = Series<double, 3>;

/// Errors of V (law_kernel.h) and of its derivatives: by the g_j in norm, by c and by v. Where x
/// and z are in a unit, these are in its square, its square, once the unit, and in none.
struct LawError {
  double value = 0.0, entries = 0.0, threshold = 0.0, noise = 0.0;

  /// The norm of all derivatives' errors where x and z are counted in `unit`: in that of entries.
  double derivatives(double unit) const {
    return std::hypot(std::hypot(entries, unit * threshold), unit * (unit * noise));
  }
  bool finite() const { return std::isfinite(value + entries + threshold + noise); }
};

/// What errors may be: of V, and LawError::derivatives(unit).
struct LawTolerance {
  double value = 0.0, derivatives = 0.0, unit = 1.0;
};

class LawOutput {
 public:
  /// All of them must outlive it.
  LawOutput(const LawRow& row, const LawCircuit& circuit, bool derivatives);

  struct Result {
    double value = 0.0, threshold = 0.0, noise = 0.0;  ///< V, its derivatives by c and v.
    LawError error;                                    ///< Bounds of their errors.
    Index nodes = 0;
    double period = 0.0;  ///< Of the contour; 0 if none was needed.
  };
  /// To errors of `tolerance`, or as well as `most` nodes can. Adds the derivatives by g_j to
  /// by_feature, D entries, if they are wanted.
  Result evaluate(const LawTolerance& tolerance, Index most, double* by_feature);

  /// After evaluate(): the part of V that each skeleton Q_l has, l = 0, …, most, by the same nodes.
  Vector by_count(Index most) const;

 private:
  // Moments over the supports in question.
  struct Moments {
    double plain[3] = {}, own[2] = {};   // E zⁿ, E x_i zⁿ
    Vector feature, feature_z, product;  // E x_j, E x_j z, E x_i x_j
  };
  struct Chernoff {
    double theta;
    LawError error;
  };
  // What the exponents of transforms come to on one side, at abscissas ±θ: none exceeds rise·θ +
  // ½ bend·θ², none that is negative adds more than its part of fall·θ. θ in units of 1/spread_.
  struct Exponents {
    double rise = 0.0, bend = 0.0, fall = 0.0;
    double limit = INFINITY;  // of θ itself, by the strips
  };
  // The nodes of a contour, and what they miss.
  struct Plan {
    double period = 0.0;
    Index nodes = 0;
    LawError error, rounding;
  };

  void set_moments();
  void set_moments_of_features();
  Split<Series3> marked(Index j, int power) const;
  Series3 on(const Split<Series3>& split) const;
  Exponents exponents(double sign) const;
  bool representable(double abscissa) const;
  std::vector<Chernoff> chernoff(double sign) const;
  void add_chernoff(double sign, double first, double last, std::vector<Chernoff>& result) const;
  LawError alias_error(double period) const;
  void choose_period(const LawTolerance& tolerance);
  Plan plan(double period, const LawTolerance& tolerance, Index most);
  Plan best_plan(const LawTolerance& tolerance, Index most);
  LawError truncate(const LawTolerance& tolerance, Index most, Index& nodes,
                    LawBounds& still) const;
  LawError rounding(Index nodes, const LawBounds& still, int lane) const;
  void subtract_aliases(Result& result, double* by_feature) const;
  Result without_spread(double* by_feature) const;

  const LawRow& row_;
  const LawCircuit& circuit_;
  bool derivatives_;
  bool moving_;  // Is z more than 0?
  Moments moments_;
  double spread_ = 0.0;  // √E[(z − c)²], relative to the probability of the supports
  double reach_ = 0.0;   // |z| is no larger
  Exponents up_, down_;
  double far_count_ = 0.0;  // of features that may be far (far_features.h)
  double period_ = 0.0;
  Index nodes_ = 0;
  std::vector<Chernoff> right_, left_;
};

}  // namespace skeleta::exact
