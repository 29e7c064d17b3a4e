#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "certify/edge.h"
#include "certify/search_tree.h"
#include "skeleta/certify/polygon.h"

namespace skeleta::certify {

/// The symmetric polygon of columns r, with the best thresholds.
struct SymmetricPolygon {
  Index corners;
  Interval angle = Interval(2.0) * pi / Interval(static_cast<double>(corners));

  Interval inner(const Interval& r) const { return square(r) * cos(angle); }
  /// Nothing where the thresholds may be none between 0 and the inner product.
  std::optional<Interval> threshold(const Interval& r) const;
  /// ∂E/∂r, over 2kr.
  Interval slope(const Interval& r, const Interval& b) const;
  /// E/k of all polygons of these columns, b being the best thresholds: about the middle, since its
  /// slope is nearly 0 at the stationary one.
  Interval loss_of_edge(const Interval& r, const Interval& b) const;
  /// −∂/∂θ of what neighbours disturb each other by.
  Interval multiplier(const Interval& r, const Interval& b) const;
};

/// What a model no worse than the polygon may pay for a column, ℓ₁, and for both of an edge, ℓ₂,
/// given lower bounds of the smaller problems.
struct Limits {
  double one, two;
  Limits(const PolygonStage& stage, double without_one, double without_two);
};

/// The edges of one stage.
class EdgeProblem : public Problem {
 public:
  EdgeProblem(const PolygonStage& stage, const Limits& limits);

  /// What is wrong with a number of the stage: the end of a sentence, or "".
  const std::string& fault() const { return fault_; }

  /// Cut along the faces of the well and of what is near, so that a box lies in them or beside
  /// them.
  std::vector<Sides> roots() const override;
  Verdict judge(const Sides& box) const override;
  bool holds(const Sides& box, char reason) const override;

 private:
  static Edge edge(const Sides& box) { return {box[0], box[1], box[2]}; }
  static bool lies_in(const Sides& box, const Interval& lengths, const Interval& angles) {
    return lengths.holds(box[0]) && lengths.holds(box[1]) && angles.holds(box[2]);
  }
  bool in_well(const Sides& box) const;
  bool in_near(const Sides& box) const;
  bool touches_near(const Sides& box) const;
  Steepness wanted() const;
  bool slopes_somewhere(const Sides& box) const;
  // What h must exceed, without the multiplier's constant part.
  double enough(const Sides& box) const;
  // Checks every number of the stage but its tree.
  std::string find_fault();

  const PolygonStage& stage_;
  Limits limits_;
  SymmetricPolygon polygon_;
  Interval mu_;
  double far_ = 0.0;     // enough_ and the slack
  double enough_ = 0.0;  // what an edge of the polygon costs without the multiplier, rounded up
  std::string fault_;
};

}  // namespace skeleta::certify
