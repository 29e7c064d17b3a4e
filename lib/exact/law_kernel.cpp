#include "exact/law_kernel.h"

#include <algorithm>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "exact/compensated_sum.h"
#include "exact/far_features.h"
#include "exact/node_sum.h"
#include "exact/perturbation.h"
#include "exact/value_lanes.h"

namespace skeleta::exact {
namespace {

// Number: eight complex numbers for the sums, eight bounds for the majorants.
template <class Number>
Number zero();
template <>
SKELETA_INLINE Complex zero<Complex>() {
  return {broadcast(0.0), broadcast(0.0)};
}
template <>
SKELETA_INLINE Lanes zero<Lanes>() {
  return broadcast(0.0);
}

// A part of the generating function by the number of active features: none, one, at least two.
template <class Number>
struct Parts {
  double none;
  Number one, rest;

  SKELETA_INLINE Number some() const { return one + rest; }
  SKELETA_INLINE Number total() const { return one + rest + constant(); }

 private:
  SKELETA_INLINE Number constant() const {
    Number x = zero<Number>();
    if constexpr (std::is_same_v<Number, Complex>) {
      x.re = x.re + none;
    } else {
      x = x + none;
    }
    return x;
  }
};

template <class Number>
SKELETA_INLINE Parts<Number> operator*(const Parts<Number>& a, const Parts<Number>& b) {
  return {a.none * b.none, a.none * b.one + b.none * a.one,
          a.none * b.rest + b.none * a.rest + a.some() * b.some()};
}
template <class Number>
SKELETA_INLINE Parts<Number> operator*(double x, const Parts<Number>& a) {
  return {x * a.none, x * a.one, x * a.rest};
}

// The step of a feature; −1 if it is elsewhere.
Index leaf_of(const LawCircuit& circuit, Index feature) {
  const auto found = std::ranges::find_if(circuit.steps, [&](const auto& step) {
    return step.operation == ActivityTree::Operation::leaf && step.feature == feature;
  });
  return found == circuit.steps.end() ? -1 : found - circuit.steps.begin();
}

// The whole, and its derivative by the own feature's transform.
template <class Number>
struct Whole {
  Parts<Number> all, others;
};

// The circuit at eight points at once: up, along the path of the own feature, and down.
template <class Number>
class Pass {
 public:
  Pass(const LawCircuit& circuit, Index own)
      : circuit_(circuit), values_(circuit.steps.size(), Value{zero<Number>(), zero<Number>()}) {
    const Number nothing = zero<Number>();
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
  SKELETA_INLINE Whole<Number> evaluate(const Transform& transform) {
    const Parts<Number> all = up(transform);
    if (adjoints_.empty()) {
      adjoints_.resize(values_.size());
      on_path_.assign(values_.size(), 0);
      for (const Place& place : path_) on_path_[at(place.step)] = 1;
    }
    return {all, own(true)};
  }

  // Returns the whole.
  template <class Transform>
  SKELETA_INLINE Parts<Number> up(const Transform& transform) {
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
      Number rest = zero<Number>();
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
  Parts<Number> own(bool tangents) {
    const Number nothing = zero<Number>();
    if (tangents) {
      Parts<Number> tangent{1.0, nothing, nothing};
      for (std::size_t n = 1; n < path_.size(); ++n) {
        tangent = on(n).slope * tangent;
        path_[n].tangent = tangent;
        if (is_product(n)) tangent = tangent * value(off(n));
      }
    }
    Parts<Number> adjoint{circuit_.root.slope, nothing, nothing};
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
      const Parts<Number>&adjoint = path_[n].adjoint, &tangent = path_[n].tangent;
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
    bool left;              // Is the one before its left operand?
    Parts<Number> adjoint;  // the derivative of the whole by it
    Parts<Number> tangent;  // that of the operand on the path by the own transform
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

  SKELETA_INLINE Parts<Number> value(const ActivityTree::Operand& operand) const {
    const Value& x = values_[at(operand.step)];
    if (operand.slope == 1.0) return {circuit_.none_of(operand), x.one, x.rest};
    return {circuit_.none_of(operand), operand.slope * x.one, operand.slope * x.rest};
  }

  // none: the adjoint of "no other is active".
  SKELETA_INLINE void pass(const ActivityTree::Operand& to, const ActivityTree::Operand& other,
                           const Number& adjoint, const Number& none) {
    const Parts<Number> factor = value(other);
    const Number some = factor.some();
    adjoints_[at(to.step)] = to.slope * (factor.none * adjoint + adjoint * some + none * some);
  }

  const LawCircuit& circuit_;
  std::vector<Value> values_;
  std::vector<Number> adjoints_;
  std::vector<Place> path_;
  std::vector<char> on_path_;
};

// The same without derivatives by g: factor after factor, each at all groups of a block of points
// before the next. Only the own feature's factor is evaluated point by point.
template <class Number, int groups>
class Product {
 public:
  Product(const LawCircuit& circuit, Index own) : own_(factor_of(circuit, own)), pass_(own_, own) {
    std::size_t most = 0;
    for (const LawCircuit& factor : circuit.factors) {
      most = std::max(most, factor.steps.size());
      if (&factor != &own_) others_left_.push_back(Other(factor));
    }
    values_.resize(most);
  }

  // A factor other than the own one, in short: its probability that nothing is active, and its
  // last step. Most factors have one or two features, `members`.
  struct Other {
    explicit Other(const LawCircuit& circuit)
        : factor(&circuit),
          none(circuit.none_of(circuit.root)),
          slope(circuit.root.slope),
          terms(circuit.terms.back()),
          features(circuit.steps.back().leaves) {
      const auto& last = circuit.steps.back();
      if (features == 1) members[0] = last.feature;
      if (features != 2) return;
      members[0] = circuit.steps[at(last.left.step)].feature;
      members[1] = circuit.steps[at(last.right.step)].feature;
    }
    static std::size_t at(Index k) { return static_cast<std::size_t>(k); }

    const LawCircuit* factor;
    double none, slope;
    LawCircuit::Terms terms;
    Index features, members[2] = {-1, -1};
  };
  // Those that absorb_others() goes through.
  std::vector<Other>& others_left() { return others_left_; }

  // transform(j, h): sets h[m] for x_j, while it is active, at all groups m. Of others that are not
  // left, `mass` is P(none active), one and rest are the parts over that; or null.
  template <class Transform>
  SKELETA_INLINE void absorb_others(const Transform& transform, double mass = 1.0,
                                    const Number* one = nullptr, const Number* rest = nullptr) {
    const Number nothing = zero<Number>();
    none_ = 1.0;
    mass_ = mass;
    for (int m = 0; m < groups; ++m) {
      others_.one[m] = one != nullptr ? one[m] : nothing;
      others_.rest[m] = rest != nullptr ? rest[m] : nothing;
    }
    for (const Other& other : others_left_) {
      Number x[2][groups];
      const Value* several = nullptr;
      if (other.features > 2) {
        several = &up(*other.factor, transform);
      } else {
        for (Index k = 0; k < other.features; ++k) transform(other.members[k], x[k]);
      }
      if (other.none > least_none && mass_ > least_mass) {
        mass_ *= other.none;
        absorb<true>(other, other.slope / other.none, x, several);
      } else {
        absorb<false>(other, other.slope, x, several);
      }
    }
  }

  // At group m, after absorb_others(). transform(j, h): the same there alone, for the own factor.
  template <class Transform>
  SKELETA_INLINE Whole<Number> evaluate(int m, const Transform& transform) {
    const Parts<Number> others = mass_ * Parts<Number>{none_, others_.one[m], others_.rest[m]};
    const Parts<Number> factor = pass_.up(transform);
    return {others * factor, others * pass_.own(false)};
  }

 private:
  // Factors are divided by P(nothing below is active), whose product is `mass`, unless it or that
  // is too small.
  static constexpr double least_none = 1e-3, least_mass = 1e-100;

  // What can be 0 only is not set: the rest of a leaf, of a sum of leaves, one of features that are
  // active together.
  struct Value {
    Number one[groups], rest[groups];
  };

  static const LawCircuit& factor_of(const LawCircuit& circuit, Index feature) {
    return *std::ranges::find_if(circuit.factors,
                                 [&](const auto& factor) { return leaf_of(factor, feature) >= 0; });
  }

  // From the transforms of one feature or two, or the last step of more, times `scale`.
  template <bool unit>
  SKELETA_INLINE void absorb(const Other& other, double scale, const Number (&x)[2][groups],
                             const Value* several) {
    const auto& terms = other.terms;
    if (other.features == 1) {
      const auto one = [&](int m) __attribute__((always_inline)) {
        return scale * x[0][m];
      };
      absorb<unit, true, false>(one, one, other.none);
    } else if (other.features == 2) {
      const double a = scale * terms.left, b = scale * terms.right, both = scale * terms.both;
      const auto one = [&](int m) __attribute__((always_inline)) {
        return a * x[0][m] + b * x[1][m];
      };
      const auto rest = [&](int m) __attribute__((always_inline)) {
        return (both * x[0][m]) * x[1][m];
      };
      absorb<unit>(terms, one, rest, other.none);
    } else {
      const auto one = [&](int m) __attribute__((always_inline)) {
        return scale * several->one[m];
      };
      const auto rest = [&](int m) __attribute__((always_inline)) {
        return scale * several->rest[m];
      };
      absorb<unit>(terms, one, rest, other.none);
    }
  }

  // The last step of a factor of several.
  template <class Transform>
  SKELETA_INLINE const Value& up(const LawCircuit& factor, const Transform& transform) {
    const std::size_t last = factor.steps.size() - 1;
    for (std::size_t k = 0; k <= last; ++k) {
      const auto& step = factor.steps[k];
      Value& result = values_[k];
      if (step.operation == ActivityTree::Operation::leaf) {
        transform(step.feature, result.one);
        continue;
      }
      const auto& terms = factor.terms[k];
      const double a = terms.left, b = terms.right, both = terms.both;
      const auto left = static_cast<std::size_t>(step.left.step);
      const auto right = static_cast<std::size_t>(step.right.step);
      const Value &x = values_[left], &y = values_[right];
      const auto &of_x = factor.terms[left], &of_y = factor.terms[right];
      if (terms.has_one) {
        add<true>(a, of_x.has_one, x.one, b, of_y.has_one, y.one, result.one);
      }
      if (!terms.has_rest) continue;
      const bool product = step.operation == ActivityTree::Operation::product;
      if (product) {
        Number sums[2][groups];
        const Number* const left_some = some(of_x, x, sums[0]);
        const Number* const right_some = some(of_y, y, sums[1]);
#pragma GCC unroll 4
        for (int m = 0; m < groups; ++m) {
          result.rest[m] = (both * left_some[m]) * right_some[m];
        }
      }
      if (product) {  // the rest of one side while nothing on the other is active
        add<false>(a, of_x.has_rest, x.rest, b, of_y.has_rest, y.rest, result.rest);
      } else {
        add<true>(a, of_x.has_rest, x.rest, b, of_y.has_rest, y.rest, result.rest);
      }
    }
    return values_[last];
  }

  // sum = a x + b y, or += that; what is not there is 0.
  template <bool fresh>
  SKELETA_INLINE static void add(double a, bool has_x, const Number* x, double b, bool has_y,
                                 const Number* y, Number* sum) {
    const bool left = has_x && a != 0.0, right = has_y && b != 0.0;
    if (left && right) {
#pragma GCC unroll 4
      for (int m = 0; m < groups; ++m) {
        const Number both = a * x[m] + b * y[m];
        sum[m] = fresh ? both : sum[m] + both;
      }
    } else if (left || right) {
      const double scale = left ? a : b;
      const Number* const term = left ? x : y;
#pragma GCC unroll 4
      for (int m = 0; m < groups; ++m) {
        sum[m] = fresh ? scale * term[m] : sum[m] + scale * term[m];
      }
    } else if (fresh) {
      for (int m = 0; m < groups; ++m) sum[m] = zero<Number>();
    }
  }

  // one + rest, in `sum` if it is not one of them.
  SKELETA_INLINE static const Number* some(const LawCircuit::Terms& terms, const Value& x,
                                           Number* sum) {
    if (!terms.has_rest) return x.one;
    if (!terms.has_one) return x.rest;
#pragma GCC unroll 4
    for (int m = 0; m < groups; ++m) sum[m] = x.one[m] + x.rest[m];
    return sum;
  }

  // The factor's parts, divided by `none` if `unit`, at all groups.
  template <bool unit, class One, class Rest>
  SKELETA_INLINE void absorb(const LawCircuit::Terms& terms, const One& one, const Rest& rest,
                             double none) {
    if (!terms.has_rest) {
      absorb<unit, true, false>(one, rest, none);
    } else if (!terms.has_one) {
      absorb<unit, false, true>(one, rest, none);
    } else {
      absorb<unit, true, true>(one, rest, none);
    }
  }

  template <bool unit, bool has_one, bool has_rest, class One, class Rest>
  SKELETA_INLINE void absorb(const One& one_at, const Rest& rest_at, double none) {
    Value& y = others_;
#pragma GCC unroll 4
    for (int m = 0; m < groups; ++m) {
      const Number some = y.one[m] + y.rest[m];
      Number one = y.one[m], rest = y.rest[m];
      if constexpr (!unit) one = none * one;
      if constexpr (!unit) rest = none * rest;
      Number active = zero<Number>();  // of the factor
      if constexpr (has_one) active = one_at(m);
      if constexpr (has_one) one = one + none_ * active;
      if constexpr (has_rest) {
        const Number several = rest_at(m);
        rest = rest + none_ * several;
        active = has_one ? active + several : several;
      }
      y.one[m] = one;
      y.rest[m] = sum_of_product(rest, active, some);
    }
    if constexpr (!unit) none_ *= none;
  }

  static SKELETA_INLINE Complex sum_of_product(const Complex& x, const Complex& y,
                                               const Complex& z) {
    return add_product(x, y, z);
  }
  static SKELETA_INLINE Lanes sum_of_product(const Lanes& x, const Lanes& y, const Lanes& z) {
    return x + y * z;
  }

  const LawCircuit& own_;
  Pass<Number> pass_;
  std::vector<Other> others_left_;
  std::vector<Value> values_;
  Value others_;  // divided by mass_, as none_ is
  double none_ = 1.0, mass_ = 1.0;
};

// e^{−sc + s²v/2} at s = γ.
double growth_of(const LawRow& row, const Contour& contour) {
  const double abscissa = contour.abscissa();
  return std::exp(abscissa * (0.5 * abscissa * row.variance - row.c));
}

// e^{−sc + s²v/2}, times the nodes' weights.
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

template <class Number, int groups, bool derivatives>
using Evaluation = std::conditional_t<derivatives, Pass<Number>, Product<Number, groups>>;

// Moves features from the product to those that are far from node `first` on, each to an error of
// ε|s|/γ times E e^{γgU}, which is at least √(2/π)/(1 + t) for the scale t = γσ|g| on the left.
template <class Other>
void take_far(const LawRow& row, const Contour& contour, Index first, std::vector<Other>& others,
              FarFeatures& far) {
  const double re = contour.abscissa(), im = contour.spacing() * static_cast<double>(first);
  const double tolerance = epsilon * std::sqrt(re * re + im * im) / re;
  std::erase_if(others, [&](const Other& other) {
    const Index j = other.members[0];
    if (other.features > 1 || row.g(j) == 0.0 || other.none == 0.0) return false;
    const ValueLaw& value = row.value(j);
    return value.kind() == ValueKind::half_normal &&
           far.take(
               other.slope / other.none, value.first() * row.g(j), re, im,
               tolerance * half_normal_density / (1.0 + re * value.first() * std::abs(row.g(j))),
               other.none);
  });
}

template <bool derivatives>
void sum_nodes(const LawRow& row, const LawCircuit& circuit, const Contour& contour, Index first,
               Index count, LawSums& sums, double* by_feature) {
  const auto features = static_cast<std::size_t>(row.g.size());
  Evaluation<Complex, groups_per_block, derivatives> evaluation(circuit, row.own);
  const auto transforms = std::make_unique_for_overwrite<ValueTransform[]>(features);
  std::vector<Complex> first_moments(derivatives ? features : 0);
  std::vector<Lanes> entries(first_moments.size(), broadcast(0.0));
  Lanes value = broadcast(0.0), threshold = value, noise = value;
  CompensatedSum values, thresholds, noises;  // so far
  const auto flush = [](CompensatedSum& total, Lanes& part) {
    total.add(sum(part));
    part = broadcast(0.0);
  };
  const double jump = row.jump, growth = growth_of(row, contour);
  FarFeatures far;
  for (Index n = first; n < first + count; n += nodes_per_block) {
    Group block[groups_per_block];
    for (int m = 0; m < groups_per_block; ++m) block[m] = group_at(contour, n + m * lane_count);
    if ((n - first) % restart == 0) {
      for (std::size_t j = 0; j < features; ++j) {
        const auto feature = static_cast<Index>(j);
        transforms[j].start(row.value(feature), row.g(feature), contour, n);
      }
      flush(values, value);
      flush(thresholds, threshold);
      flush(noises, noise);
    }
    if constexpr (!derivatives) {
      take_far(row, contour, n, evaluation.others_left(), far);
      const bool some = !far.empty();
      Complex one[groups_per_block], rest[groups_per_block];
      if (some) far.parts<groups_per_block>(block, one, rest);
      const auto transform = [&](Index j, Complex(&h)[groups_per_block]) {
        transforms[static_cast<std::size_t>(j)].at_block(row.value(j), row.g(j), block, h);
      };
      evaluation.absorb_others(transform, far.mass(), some ? one : nullptr, some ? rest : nullptr);
    }
    for (int m = 0; m < groups_per_block && n + m * lane_count < first + count; ++m) {
      const Group& nodes = block[m];
      Complex own_first, own_second, unused;
      const auto transform = [&](Index j, Complex& h0) {
        const auto at = static_cast<std::size_t>(j);
        const bool own = j == row.own, more = own || derivatives;
        Complex& h1 = derivatives ? first_moments[at] : own ? own_first : unused;
        transforms[at].at(row.value(j), row.g(j), nodes, more, h0, h1, own ? own_second : unused);
        if (own) own_first = h1;
      };
      Whole<Complex> parts;
      if constexpr (derivatives) {
        parts = evaluation.evaluate(transform);
      } else {
        parts = evaluation.evaluate(m, transform);
      }
      const auto& [whole, others] = parts;
      const Complex decay = decay_at(row, contour, growth, n + m * lane_count, nodes),
                    r = nodes.inverse;
      // s times the kernels.
      Complex plain = (2.0 * r) * r + (2.0 * jump) * r, own = -2.0 * r;
      plain.re = plain.re + jump * jump;
      own.re = own.re - 2.0 * jump;
      plain = plain * decay;
      own = own * decay;
      const bool two = row.fewest == 2;
      const Complex with_own = two ? others.some() : others.total();
      const Complex slope =
          plain * (two ? whole.rest : whole.some()) + own * (own_first * with_own);
      value = value + real_product(slope, r);
      threshold = threshold - slope.re;
      if (row.variance > 0.0) noise = noise + 0.5 * real_product(slope, nodes.s);
      if constexpr (derivatives) {
        evaluation.down(
            plain, own * own_first,
            row.fewest, [&](Index j, const Complex& adjoint) __attribute__((always_inline)) {
              const auto at = static_cast<std::size_t>(j);
              entries[at] = entries[at] + real_product(adjoint, first_moments[at]);
            });
        const auto at = static_cast<std::size_t>(row.own);
        entries[at] = entries[at] + real_product(plain * own_first + own * own_second, with_own);
      }
    }
  }
  flush(values, value);
  flush(thresholds, threshold);
  flush(noises, noise);
  sums.value += values.value();
  sums.threshold += thresholds.value();
  sums.noise += noises.value();
  for (std::size_t j = 0; j < entries.size(); ++j) by_feature[j] += sum(entries[j]);
}

// At groups of frequencies, or at none: then for all.
template <bool derivatives, int groups>
void bound_points(const LawRow& row, const LawCircuit& circuit, const Lanes& re, const Lanes* im,
                  LawBounds* bounds) {
  const auto features = static_cast<std::size_t>(row.g.size());
  const WithInverse abscissa = with_inverse(re);
  WithInverse frequencies[groups];
  for (int m = 0; im != nullptr && m < groups; ++m) frequencies[m] = with_inverse(im[m]);
  const auto bounds_of = [&](Index j, MomentBounds * h) __attribute__((always_inline)) {
    const double g = row.g(j);
    const bool more = derivatives || j == row.own;
    h[0] = still_bounds(row.value(j), g, abscissa, more);
    for (int m = 1; m < groups; ++m) h[m] = h[0];
    if (im != nullptr && g != 0.0) {
      lower_bounds<groups>(row.value(j), g, re, frequencies, more, h);
    }
  };
  MomentBounds own_moments[groups];
  bounds_of(row.own, own_moments);
  double slopes = 0.0;  // of others; of one line, where it may be needed
  for (Index j = 0; !derivatives && im != nullptr && j < row.g.size(); ++j) {
    if (j != row.own) slopes += std::abs(row.g(j)) * size_bound(row.value(j), row.g(j) * re[0]);
  }
  Evaluation<Lanes, groups, derivatives> evaluation(circuit, row.own);
  std::vector<std::array<MomentBounds, groups>> moments(derivatives ? features : 0);
  if constexpr (derivatives) {
    for (std::size_t j = 0; j < features; ++j) {
      bounds_of(static_cast<Index>(j), moments[j].data());
    }
  } else {
    evaluation.absorb_others([&](Index j, Lanes(&h0)[groups]) {
      MomentBounds h[groups];
      bounds_of(j, h);
      for (int m = 0; m < groups; ++m) h0[m] = h[m].b[0];
    });
  }
  for (int m = 0; m < groups; ++m) {
    const auto group = static_cast<std::size_t>(m);
    const auto moment = [&](Index j) -> const MomentBounds& {
      return moments[static_cast<std::size_t>(j)][group];
    };
    const MomentBounds& own_moment = own_moments[m];
    Whole<Lanes> parts;
    if constexpr (derivatives) {
      parts = evaluation.evaluate([&](Index j, Lanes& h0) { h0 = moment(j).b[0]; });
    } else {
      parts = evaluation.evaluate(m, [&](Index j, Lanes& h0) {
        MomentBounds h[groups];
        bounds_of(j, h);
        h0 = h[m].b[0];
      });
    }
    const auto& [whole, others] = parts;
    const double v = 0.5 * row.variance;
    Lanes noise = exponential(v * re * re);
    if (im != nullptr) noise = exponential(v * (re * re - im[m] * im[m]));
    const bool two = row.fewest == 2;
    const Lanes with_own = noise * (two ? others.some() : others.total());
    const Lanes plain = noise * (two ? whole.rest : whole.some());
    const Lanes own = own_moment.b[1] * with_own;
    LawBounds& result = bounds[m];
    store(result.plain.data(), plain);
    store(result.own.data(), own);
    if constexpr (!derivatives) {
      const double g = std::abs(row.g(row.own));
      const auto ratio = [&](int k) __attribute__((always_inline)) {
        return g * (own_moment.b[k + 1] / larger(own_moment.b[k], broadcast(1e-300)));
      };
      store(result.plain_slope.data(), plain * (slopes + ratio(0)));
      store(result.own_slope.data(), own * (slopes + ratio(1)));
    } else {
      const Lanes nothing = broadcast(0.0);
      const auto norms = [&](bool of_own, double* norm, double* slope) {
        Lanes squares = nothing, slopes = nothing;
        const auto add = [&](Index j, const Lanes& bound) __attribute__((always_inline)) {
          squares = squares + bound * bound;
          slopes = slopes + std::abs(row.g(j)) * bound;
        };
        evaluation.down(
            of_own ? nothing : noise, of_own ? noise * own_moment.b[1] : nothing,
            row.fewest, [&](Index j, const Lanes& adjoint) __attribute__((always_inline)) {
              add(j, adjoint * moment(j).b[1]);
            });
        add(row.own, own_moment.b[of_own ? 2 : 1] * with_own);
        const Lanes& threshold = of_own ? own : plain;
        squares = squares + threshold * threshold;
        store(norm, square_root(squares));
        store(slope, slopes);
      };
      norms(false, result.plain_norm.data(), result.plain_slope.data());
      norms(true, result.own_norm.data(), result.own_slope.data());
    }
  }
}

}  // namespace

void sum_law(const LawRow& row, const LawCircuit& circuit, const Contour& contour, Index first,
             Index count, LawSums& sums, double* by_feature) {
  by_feature != nullptr ? sum_nodes<true>(row, circuit, contour, first, count, sums, by_feature)
                        : sum_nodes<false>(row, circuit, contour, first, count, sums, nullptr);
}

void bound_law(const LawRow& row, const LawCircuit& circuit,
               const std::array<double, lane_count>& abscissa, bool derivatives,
               LawBounds& bounds) {
  const Lanes re = load(abscissa.data());
  derivatives ? bound_points<true, 1>(row, circuit, re, nullptr, &bounds)
              : bound_points<false, 1>(row, circuit, re, nullptr, &bounds);
}

void bound_law_on_line(const LawRow& row, const LawCircuit& circuit, double abscissa,
                       const LineFrequencies& frequencies, bool derivatives,
                       std::array<LawBounds, line_groups>& bounds) {
  constexpr auto groups = static_cast<int>(line_groups);
  const Lanes re = broadcast(abscissa);
  const Lanes im[groups] = {load(frequencies[0].data()), load(frequencies[1].data())};
  derivatives ? bound_points<true, groups>(row, circuit, re, im, bounds.data())
              : bound_points<false, groups>(row, circuit, re, im, bounds.data());
}

}  // namespace skeleta::exact
