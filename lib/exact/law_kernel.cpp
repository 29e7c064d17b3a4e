#include "exact/law_kernel.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

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

// The same without derivatives by g: factor after factor, a single feature by two products.
template <class Number>
class Product {
 public:
  Product(const LawCircuit& circuit, Index own) {
    for (const bool last : {false, true}) {
      for (const LawCircuit& factor : circuit.factors) {
        if ((leaf_of(factor, own) >= 0) != last) continue;
        const bool single = factor.steps.size() == 1;
        factors_.push_back({factor.root, single ? factor.steps[0].feature : -1, passes_.size()});
        if (!single) passes_.emplace_back(factor, own);
      }
    }
  }

  template <class Transform>
  SKELETA_INLINE Whole<Number> evaluate(const Transform& transform) {
    const Number nothing = zero<Number>();
    Parts<Number> product{1.0, nothing, nothing}, others = product;
    for (const Factor& factor : factors_) {
      others = product;
      if (factor.feature < 0) {
        product = product * passes_[factor.pass].up(transform);
        continue;
      }
      Number h;
      transform(factor.feature, h);
      const Number x = factor.root.slope * h;
      const double none = factor.root.constant;
      product.rest = none * product.rest + x * product.some();
      product.one = none * product.one + product.none * x;
      product.none *= none;
    }
    const Factor& own = factors_.back();
    if (own.feature >= 0) return {product, own.root.slope * others};
    return {product, others * passes_[own.pass].own(false)};
  }

 private:
  struct Factor {
    ActivityTree::Operand root;
    Index feature;     // −1 if there are several
    std::size_t pass;  // whose these are
  };

  std::vector<Factor> factors_;  // that of the own feature is the last
  std::vector<Pass<Number>> passes_;
};

// e^{−sc + s²v/2}, times the nodes' weights.
SKELETA_INLINE Complex decay_at(const LawRow& row, const Contour& contour, Index first,
                                const Nodes& nodes) {
  const double abscissa = contour.abscissa(), shifted = abscissa * row.variance - row.c;
  const double growth = std::exp(abscissa * (0.5 * abscissa * row.variance - row.c));
  const Complex turn =
      turn_minus_1(counting(static_cast<double>(first)) * (shifted / contour.period));
  Lanes size = growth * node_weights(first);
  if (row.variance > 0.0) {
    const Lanes& y = nodes.s.im;
    size = size * exponential(-0.5 * row.variance * y * y);
  }
  return {size * (turn.re + 1.0), size * turn.im};
}

template <class Number, bool derivatives>
using Evaluation = std::conditional_t<derivatives, Pass<Number>, Product<Number>>;

template <bool derivatives>
void sum_nodes(const LawRow& row, const LawCircuit& circuit, const Contour& contour, Index first,
               Index count, LawSums& sums, double* by_feature) {
  const auto features = static_cast<std::size_t>(row.g.size());
  Evaluation<Complex, derivatives> pass(circuit, row.own);
  std::vector<ValueTransform> transforms(features);
  std::vector<Complex> first_moments(derivatives ? features : 0);
  std::vector<Lanes> entries(first_moments.size(), broadcast(0.0));
  Lanes value = broadcast(0.0), threshold = value, noise = value;
  const double jump = row.jump;
  for (Index n = first; n < first + count; n += lane_count) {
    const Group nodes{nodes_at(contour, n),
                      contour.abscissa() + contour.spacing() * static_cast<double>(n + lane_count)};
    Complex own_first, own_second;
    const bool restarts = (n - first) % restart == 0;
    Complex unused;
    const auto transform = [&](Index j, Complex& h0) {
      const auto at = static_cast<std::size_t>(j);
      const bool own = j == row.own, more = own || derivatives;
      Complex& h1 = derivatives ? first_moments[at] : own ? own_first : unused;
      transforms[at].at(row.value(j), row.g(j), contour, n, nodes, restarts, more, h0, h1,
                        own ? own_second : unused);
      if (own) own_first = h1;
    };
    const auto [whole, others] = pass.evaluate(transform);
    const Complex decay = decay_at(row, contour, n, nodes), r = nodes.inverse;
    // s times the kernels.
    Complex plain = (2.0 * r) * r + (2.0 * jump) * r, own = -2.0 * r;
    plain.re = plain.re + jump * jump;
    own.re = own.re - 2.0 * jump;
    plain = plain * decay;
    own = own * decay;
    const bool two = row.fewest == 2;
    const Complex with_own = two ? others.some() : others.total();
    const Complex slope = plain * (two ? whole.rest : whole.some()) + own * (own_first * with_own);
    value = value + real_product(slope, r);
    threshold = threshold - slope.re;
    if (row.variance > 0.0) noise = noise + 0.5 * real_product(slope, nodes.s);
    if constexpr (derivatives) {
      pass.down(
          plain, own * own_first,
          row.fewest, [&](Index j, const Complex& adjoint) __attribute__((always_inline)) {
            const auto at = static_cast<std::size_t>(j);
            entries[at] = entries[at] + real_product(adjoint, first_moments[at]);
          });
      const auto at = static_cast<std::size_t>(row.own);
      entries[at] = entries[at] + real_product(plain * own_first + own * own_second, with_own);
    }
  }
  sums.value += sum(value);
  sums.threshold += sum(threshold);
  sums.noise += sum(noise);
  for (std::size_t j = 0; j < entries.size(); ++j) by_feature[j] += sum(entries[j]);
}

template <bool derivatives>
void bound_points(const LawRow& row, const LawCircuit& circuit, const LawPoints& points,
                  LawBounds& bounds) {
  const auto features = static_cast<std::size_t>(row.g.size());
  const Lanes re = load(points.abscissa.data()), im = load(points.frequency.data());
  Evaluation<Lanes, derivatives> pass(circuit, row.own);
  std::vector<Lanes> first_moments(features);
  MomentBounds own_moments{};
  const auto [whole, others] = pass.evaluate([&](Index j, Lanes& bound) {
    const double g = row.g(j);
    const MomentBounds h = moment_bounds(row.value(j), g * re, std::abs(g) * im);
    first_moments[static_cast<std::size_t>(j)] = h.b[1];
    if (j == row.own) own_moments = h;
    bound = h.b[0];
  });
  const Lanes noise = exponential((0.5 * row.variance) * (re * re - im * im));
  const bool two = row.fewest == 2;
  const Lanes with_own = noise * (two ? others.some() : others.total());
  const Lanes plain = noise * (two ? whole.rest : whole.some());
  const Lanes own = own_moments.b[1] * with_own;
  store(bounds.plain.data(), plain);
  store(bounds.own.data(), own);
  if constexpr (derivatives) {
    const Lanes nothing = broadcast(0.0);
    const auto norms = [&](bool of_own, double* norm, double* slope) {
      Lanes squares = nothing, slopes = nothing;
      const auto add = [&](Index j, const Lanes& bound) __attribute__((always_inline)) {
        squares = squares + bound * bound;
        slopes = slopes + std::abs(row.g(j)) * bound;
      };
      pass.down(
          of_own ? nothing : noise, of_own ? noise * own_moments.b[1] : nothing,
          row.fewest, [&](Index j, const Lanes& adjoint) __attribute__((always_inline)) {
            add(j, adjoint * first_moments[static_cast<std::size_t>(j)]);
          });
      add(row.own, (of_own ? own_moments.b[2] : own_moments.b[1]) * with_own);
      const Lanes& threshold = of_own ? own : plain;
      squares = squares + threshold * threshold;
      store(norm, square_root(squares));
      store(slope, slopes);
    };
    norms(false, bounds.plain_norm.data(), bounds.plain_slope.data());
    norms(true, bounds.own_norm.data(), bounds.own_slope.data());
  }
}

}  // namespace

void sum_law(const LawRow& row, const LawCircuit& circuit, const Contour& contour, Index first,
             Index count, LawSums& sums, double* by_feature) {
  by_feature != nullptr ? sum_nodes<true>(row, circuit, contour, first, count, sums, by_feature)
                        : sum_nodes<false>(row, circuit, contour, first, count, sums, nullptr);
}

void bound_law(const LawRow& row, const LawCircuit& circuit, const LawPoints& points,
               bool derivatives, LawBounds& bounds) {
  derivatives ? bound_points<true>(row, circuit, points, bounds)
              : bound_points<false>(row, circuit, points, bounds);
}

}  // namespace skeleta::exact
