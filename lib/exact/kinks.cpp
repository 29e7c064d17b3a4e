#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <optional>
#include <vector>

#include "measure/activity_sweep.h"
#include "measure/series.h"
#include "skeleta/exact/hessian.h"

namespace skeleta::exact {
namespace {

// Is it possible? Sums and products of probabilities that may be below the range of double.
struct Possible {
  bool value = false;

  Possible() = default;
  explicit Possible(double probability) : value(probability > 0.0) {}
  friend Possible operator+(Possible x, Possible y) { return x.value ? x : y; }
  friend Possible operator*(Possible x, Possible y) { return x.value ? y : x; }
  friend Possible operator*(double x, Possible y) { return x > 0.0 ? y : Possible(); }
};

// Where the density of a value has a jump, or all its mass, unless that is at 0.
std::vector<double> edges_of(const ValueLaw& value) {
  switch (value.kind()) {
    case ValueKind::uniform:
      return {value.first(), value.second()};
    case ValueKind::constant:
      return value.first() == 0.0 ? std::vector<double>{} : std::vector{value.first()};
    case ValueKind::exponential:
    case ValueKind::half_normal:
      return {0.0};
    case ValueKind::normal:
      return {};
  }
  return {};
}

// One output, whose z = Σ_j g_j x_j has no noise.
class OutputKink {
 public:
  OutputKink(const DataLaw& law, const Autoencoder& model, Index own, CountRange range,
             double tolerance)
      : law_(law),
        own_(own),
        range_(range),
        g_(output_weights(model, own, 1).col(0)),
        jumps_(model.activation == Activation::jumprelu && model.jump(own) > 0.0),
        c_(model.b(own) + (jumps_ ? model.jump(own) : 0.0)),
        equal_(tolerance * std::max(1.0, g_.cwiseAbs().maxCoeff())) {}

  std::optional<std::string> reason() const {
    if (std::abs(c_) <= equal_ && possible({})) {
      return fmt::format(
          "output {} is at its threshold, b = {:.3g}, with positive probability: where only "
          "features are active whose entries of A are 0, or none",
          own_, c_);
    }
    if (const auto edge = reached_by(own_); edge && (*edge != 0.0 || jumps_) && possible({own_})) {
      return fmt::format(
          "output {} just reaches its threshold b = {:.3g} where its own feature is {:.3g}", own_,
          c_, *edge);
    }
    for (Index j = 0; j < law_.size(); ++j) {
      if (j == own_) continue;
      const auto edge = reached_by(j);
      if (!edge) continue;
      if (silent(own_) && possible({own_, j})) {
        return fmt::format(
            "output {} does not read its own feature, and just reaches its threshold b = {:.3g} "
            "where feature {} is {:.3g}",
            own_, c_, j, *edge);
      }
      const bool atom = *edge != 0.0 && law_.values[static_cast<std::size_t>(j)].has_atoms();
      if ((jumps_ || atom) && possible({j})) {
        return fmt::format(
            "output {} just reaches its threshold b = {:.3g} where feature {} is {:.3g}", own_, c_,
            j, *edge);
      }
    }
    return jumps_ ? corner_of_two() : std::nullopt;
  }

 private:
  bool silent(Index j) const { return std::abs(g_(j)) <= equal_; }

  // The density of g_j x_j + g_k x_k has a slope that jumps where both are at edges. A jump θ of
  // the output adds θ² times that slope to the second derivatives. (The density of three has none.)
  std::optional<std::string> corner_of_two() const {
    struct Edge {
      double z;
      Index feature;
      double x;
    };
    std::vector<Edge> edges;
    for (Index j = 0; j < law_.size(); ++j) {
      if (silent(j) || law_.values[static_cast<std::size_t>(j)].has_atoms()) continue;
      for (const double x : edges_of(law_.values[static_cast<std::size_t>(j)])) {
        edges.push_back({g_(j) * x, j, x});
      }
    }
    std::ranges::sort(edges, {}, &Edge::z);
    for (const Edge& one : edges) {
      for (auto other = std::ranges::lower_bound(edges, c_ - one.z - equal_, {}, &Edge::z);
           other != edges.end() && other->z <= c_ - one.z + equal_; ++other) {
        if (other->feature <= one.feature || !possible({one.feature, other->feature})) continue;
        return fmt::format(
            "output {} just reaches the threshold {:.3g} of its jump where features {} and {} are "
            "{:.3g} and {:.3g}",
            own_, c_, one.feature, other->feature, one.x, other->x);
      }
    }
    return std::nullopt;
  }

  // An edge of feature j's values, not silent, at which z is c.
  std::optional<double> reached_by(Index j) const {
    if (silent(j)) return std::nullopt;
    for (const double edge : edges_of(law_.values[static_cast<std::size_t>(j)])) {
      if (std::abs(g_(j) * edge - c_) <= equal_) return edge;
    }
    return std::nullopt;
  }

  // May all of these be active, and beside them silent features alone?
  bool possible(std::initializer_list<Index> required) const {
    using Marked = Series<Possible, 3>;  // by how many of those required are active
    const auto most = static_cast<std::size_t>(range_.last);
    ActivitySweep<Polynomial<Marked>> sweep(law_.activity);
    const auto all = sweep.up([&](Index j) {
      Marked x;
      if (std::ranges::find(required, j) != required.end()) {
        x.c[1] = Possible(1.0);
      } else if (silent(j)) {
        x.c[0] = Possible(1.0);
      }
      return Polynomial<Marked>::marked(x, most);
    });
    for (Index l = range_.first; l <= range_.last; ++l) {
      if (all[static_cast<std::size_t>(l)].c[required.size()].value) return true;
    }
    return false;
  }

  const DataLaw& law_;
  Index own_;
  CountRange range_;
  Vector g_;
  bool jumps_;
  double c_;
  double equal_;
};

}  // namespace

std::vector<Kink> kinks(const Autoencoder& model, const Features& features,
                        std::optional<CountRange> skeletons, double tolerance) {
  std::vector<Kink> result;
  if (model.activation == Activation::identity) return result;
  const CountRange range = skeletons.value_or(CountRange{0, features.size()});
  const DataLaw law = features.data_law();
  for (Index i = 0; i < features.size(); ++i) {
    if (!(features.importance(i) > 0.0) || output_noise(model, i) > 0.0) continue;
    if (const auto reason = OutputKink(law, model, i, range, tolerance).reason()) {
      result.push_back({i, *reason});
    }
  }
  return result;
}

}  // namespace skeleta::exact
