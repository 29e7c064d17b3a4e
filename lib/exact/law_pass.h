#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "exact/law_kernel.h"
#include "exact/value_lanes.h"

/// A law's generating function at eight nodes of the contour at once, with its derivatives by the
/// transforms of all features: one pass up the circuit, one down.
namespace skeleta::exact {

/// Number: eight complex numbers for the sums, eight bounds for the majorants, or complex numbers
/// with a slope. Number{} is 0.
SKELETA_INLINE void add_constant(Complex& x, double constant) {
  x.re = x.re + constant;
}
SKELETA_INLINE void add_constant(Lanes& x, double constant) {
  x = x + constant;
}

/// A part of the generating function by the number of active features: none, one, at least two.
template <class Number>
struct LawParts {
  double none;
  Number one, rest;

  SKELETA_INLINE Number some() const { return one + rest; }
  SKELETA_INLINE Number total() const { return one + rest + constant(); }

 private:
  SKELETA_INLINE Number constant() const {
    Number x{};
    add_constant(x, none);
    return x;
  }
};

template <class Number>
SKELETA_INLINE LawParts<Number> operator*(const LawParts<Number>& a, const LawParts<Number>& b) {
  return {a.none * b.none, a.none * b.one + b.none * a.one,
          a.none * b.rest + b.none * a.rest + a.some() * b.some()};
}
template <class Number>
SKELETA_INLINE LawParts<Number> operator*(double x, const LawParts<Number>& a) {
  return {x * a.none, x * a.one, x * a.rest};
}

/// The step of a feature; −1 if it is elsewhere.
inline Index leaf_of(const LawCircuit& circuit, Index feature) {
  const auto found = std::ranges::find_if(circuit.steps, [&](const auto& step) {
    return step.operation == ActivityTree::Operation::leaf && step.feature == feature;
  });
  return found == circuit.steps.end() ? -1 : found - circuit.steps.begin();
}

/// The whole, and its derivative by the own feature's transform.
template <class Number>
struct LawWhole {
  LawParts<Number> all, others;
};

/// The circuit at eight points at once: up, along the path of the own feature, and down.
template <class Number>
class LawPass {
 public:
  LawPass(const LawCircuit& circuit, Index own)
      : circuit_(circuit), values_(circuit.steps.size(), Value{}) {
    const Number nothing{};
    Index before = -1;
    for (Index k = leaf_of(circuit, own); k >= 0; before = k, k = circuit.user[at(k)]) {
      path_.push_back({k,
                       circuit.steps[at(k)].left.step == before,
                       {0.0, nothing, nothing},
                       {0.0, nothing, nothing}});
    }
  }

  // transform(j, h): sets h for x_j, while it is active. With what down() needs.
  template <class Transform>
  SKELETA_INLINE LawWhole<Number> evaluate(const Transform& transform) {
    const LawParts<Number> all = up(transform);
    if (adjoints_.empty()) {
      adjoints_.resize(values_.size());
      on_path_.assign(values_.size(), 0);
      for (const Place& place : path_) on_path_[at(place.step)] = 1;
    }
    return {all, own(true)};
  }

  // Returns the whole.
  template <class Transform>
  SKELETA_INLINE LawParts<Number> up(const Transform& transform) {
    for (std::size_t k = 0; k < values_.size(); ++k) {
      const auto& step = circuit_.steps[k];
      Value& result = values_[k];
      if (step.operation == ActivityTree::Operation::leaf) {
        transform(step.feature, result.one);  // its rest is 0 from the beginning
        continue;
      }
      const auto &left = circuit_.steps[at(step.left.step)],
                 &right = circuit_.steps[at(step.right.step)];
      const Value &x = values_[at(step.left.step)], &y = values_[at(step.right.step)];
      const bool product = step.operation == ActivityTree::Operation::product;
      const double a = step.left.slope * (product ? circuit_.none_of(step.right) : 1.0);
      const double b = step.right.slope * (product ? circuit_.none_of(step.left) : 1.0);
      result.one = a * x.one + b * y.one;
      const bool leaves[] = {left.leaves == 1, right.leaves == 1};
      Number rest{};
      if (product) {
        const Number some =
            (step.left.slope * step.right.slope) * (leaves[0] ? x.one : x.one + x.rest);
        rest = some * (leaves[1] ? y.one : y.one + y.rest);
      }
      if (!leaves[0]) rest = rest + a * x.rest;
      if (!leaves[1]) rest = rest + b * y.rest;
      result.rest = rest;
    }
    return value(circuit_.root);
  }

  // The derivative of the whole by the own feature's transform; with what down() needs, if asked.
  LawParts<Number> own(bool tangents) {
    const Number nothing{};
    if (tangents) {
      LawParts<Number> tangent{1.0, nothing, nothing};
      for (std::size_t n = 1; n < path_.size(); ++n) {
        tangent = on(n).slope * tangent;
        path_[n].tangent = tangent;
        if (is_product(n)) tangent = tangent * value(off(n));
      }
    }
    LawParts<Number> adjoint{circuit_.root.slope, nothing, nothing};
    for (std::size_t n = path_.size(); n-- > 1;) {
      if (tangents) path_[n].adjoint = adjoint;
      adjoint = on(n).slope * adjoint;
      if (is_product(n)) adjoint = adjoint * value(off(n));
    }
    return adjoint;
  }

  // visit(j, D_j) for all others: D_j times the transform of x_j is plain·E[x_j ·] + own·E[x_i x_j
  // ·] with `own` including the transform of x_i. After own().
  template <class Visit>
  SKELETA_INLINE void down(const Number& plain, const Number& own, Index fewest,
                           const Visit& visit) {
    // Off the path only what goes with it is needed: adjoints of "some other feature is active", or
    // of all for `own`, of which x_i and x_j are two.
    for (std::size_t n = path_.size(); n-- > 1;) {
      const LawParts<Number>&adjoint = path_[n].adjoint, &tangent = path_[n].tangent;
      Number& result = adjoints_[at(off(n).step)];
      result = plain * (is_product(n) ? (adjoint * value(on(n))).some() : adjoint.some());
      if (is_product(n)) result = result + own * (adjoint * tangent).total();
      result = off(n).slope * result;
    }
    for (std::size_t k = values_.size(); k-- > 0;) {
      if (on_path_[k] != 0) continue;
      const auto& step = circuit_.steps[k];
      const Number& adjoint = adjoints_[k];
      if (step.operation == ActivityTree::Operation::leaf) {
        visit(step.feature, fewest == 2 ? adjoint : adjoint + circuit_.outside[k] * plain);
      } else if (step.operation == ActivityTree::Operation::sum) {
        adjoints_[at(step.left.step)] = step.left.slope * adjoint;
        adjoints_[at(step.right.step)] = step.right.slope * adjoint;
      } else {
        const Number none = circuit_.outside[k] * plain;
        pass(step.left, step.right, adjoint, none);
        pass(step.right, step.left, adjoint, none);
      }
    }
  }

 private:
  struct Value {
    Number one, rest;
  };
  struct Place {
    Index step;
    bool left;                 // Is the one before its left operand?
    LawParts<Number> adjoint;  // the derivative of the whole by it
    LawParts<Number> tangent;  // that of the operand on the path by the own transform
  };

  static std::size_t at(Index k) { return static_cast<std::size_t>(k); }

  // The operands of a step on the path: on it, and the other.
  const ActivityTree::Step& step(std::size_t n) const { return circuit_.steps[at(path_[n].step)]; }
  const ActivityTree::Operand& on(std::size_t n) const {
    return path_[n].left ? step(n).left : step(n).right;
  }
  const ActivityTree::Operand& off(std::size_t n) const {
    return path_[n].left ? step(n).right : step(n).left;
  }
  bool is_product(std::size_t n) const {
    return step(n).operation == ActivityTree::Operation::product;
  }

  SKELETA_INLINE LawParts<Number> value(const ActivityTree::Operand& operand) const {
    const Value& x = values_[at(operand.step)];
    if (operand.slope == 1.0) return {circuit_.none_of(operand), x.one, x.rest};
    return {circuit_.none_of(operand), operand.slope * x.one, operand.slope * x.rest};
  }

  // none: the adjoint of "no other is active".
  SKELETA_INLINE void pass(const ActivityTree::Operand& to, const ActivityTree::Operand& other,
                           const Number& adjoint, const Number& none) {
    const LawParts<Number> factor = value(other);
    const Number some = factor.some();
    adjoints_[at(to.step)] = to.slope * (factor.none * adjoint + adjoint * some + none * some);
  }

  const LawCircuit& circuit_;
  std::vector<Value> values_;
  std::vector<Number> adjoints_;
  std::vector<Place> path_;
  std::vector<char> on_path_;
};

/// e^{−sc + s²v/2} at s = γ.
inline double growth_of(const LawRow& row, const Contour& contour) {
  const double abscissa = contour.abscissa();
  return std::exp(abscissa * (0.5 * abscissa * row.variance - row.c));
}

/// e^{−sc + s²v/2}, times the nodes' weights.
SKELETA_INLINE Complex decay_at(const LawRow& row, const Contour& contour, double growth,
                                Index first, const Nodes& nodes) {
  const double shifted = contour.abscissa() * row.variance - row.c;
  const Complex turn =
      turn_minus_1(counting(static_cast<double>(first)) * (shifted / contour.period));
  Lanes size = growth * node_weights(first);
  if (row.variance > 0.0) {
    const Lanes& y = nodes.s.im;
    size = size * exponential(-0.5 * row.variance * y * y);
  }
  return {size * (turn.re + 1.0), size * turn.im};
}

}  // namespace skeleta::exact
