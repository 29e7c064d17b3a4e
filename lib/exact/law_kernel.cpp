#include "exact/law_kernel.h"

#include <algorithm>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/compensated_sum.h"
#include "exact/far_features.h"
#include "exact/law_pass.h"
#include "exact/node_sum.h"
#include "exact/perturbation.h"
#include "exact/value_lanes.h"

namespace skeleta::exact {
namespace {

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
    const Number nothing{};
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
        absorb_dense(other, x, several);
      }
    }
  }

  // At group m, after absorb_others(). transform(j, h): the same there alone, for the own factor.
  template <class Transform>
  SKELETA_INLINE LawWhole<Number> evaluate(int m, const Transform& transform) {
    const LawParts<Number> others =
        mass_ * LawParts<Number>{none_, others_.one[m], others_.rest[m]};
    const LawParts<Number> factor = pass_.up(transform);
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

  // What hardly ever leaves P(none active).
  SKELETA_CALLED void absorb_dense(const Other& other, const Number (&x)[2][groups],
                                   const Value* several) {
    absorb<false>(other, other.slope, x, several);
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
#pragma GCC unroll unrolled
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
#pragma GCC unroll unrolled
      for (int m = 0; m < groups; ++m) {
        const Number both = a * x[m] + b * y[m];
        sum[m] = fresh ? both : sum[m] + both;
      }
    } else if (left || right) {
      const double scale = left ? a : b;
      const Number* const term = left ? x : y;
#pragma GCC unroll unrolled
      for (int m = 0; m < groups; ++m) {
        sum[m] = fresh ? scale * term[m] : sum[m] + scale * term[m];
      }
    } else if (fresh) {
      for (int m = 0; m < groups; ++m) sum[m] = Number{};
    }
  }

  // one + rest, in `sum` if it is not one of them.
  SKELETA_INLINE static const Number* some(const LawCircuit::Terms& terms, const Value& x,
                                           Number* sum) {
    if (!terms.has_rest) return x.one;
    if (!terms.has_one) return x.rest;
#pragma GCC unroll unrolled
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
#pragma GCC unroll unrolled
    for (int m = 0; m < groups; ++m) {
      const Number some = y.one[m] + y.rest[m];
      Number one = y.one[m], rest = y.rest[m];
      if constexpr (!unit) one = none * one;
      if constexpr (!unit) rest = none * rest;
      Number active{};  // of the factor
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
  LawPass<Number> pass_;
  std::vector<Other> others_left_;
  std::vector<Value> values_;
  Value others_;  // divided by mass_, as none_ is
  double none_ = 1.0, mass_ = 1.0;
};

template <class Number, int groups, bool derivatives>
using Evaluation = std::conditional_t<derivatives, LawPass<Number>, Product<Number, groups>>;

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
      LawWhole<Complex> parts;
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

// At two groups of frequencies, or (of one group) for all.
template <bool derivatives, int groups>
void bound_points(const LawRow& row, const LawCircuit& circuit, const Lanes& re, const Lanes* im,
                  LawBounds* bounds) {
  const auto features = static_cast<std::size_t>(row.g.size());
  constexpr bool on_line = groups > 1;
  const WithInverse abscissa = with_inverse(re);
  WithInverse frequencies[groups];
  for (int m = 0; on_line && m < groups; ++m) frequencies[m] = with_inverse(im[m]);
  const auto bounds_of = [&](Index j, MomentBounds * h) __attribute__((always_inline)) {
    const double g = row.g(j);
    const bool more = derivatives || j == row.own;
    h[0] = still_bounds(row.value(j), g, abscissa, more);
    for (int m = 1; m < groups; ++m) h[m] = h[0];
    if constexpr (on_line) {
      if (g != 0.0) lower_bounds<groups>(row.value(j), g, re, frequencies, more, h);
    }
  };
  MomentBounds own_moments[groups];
  bounds_of(row.own, own_moments);
  double slopes = 0.0;  // of others; of one line, where it may be needed
  for (Index j = 0; !derivatives && on_line && j < row.g.size(); ++j) {
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
    LawWhole<Lanes> parts;
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
    if (on_line) noise = exponential(v * (re * re - im[m] * im[m]));
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
