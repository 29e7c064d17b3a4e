#include "exact/law_halves.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <numeric>

#include "core/compensated_sum.h"
#include "exact/atoms_of_row.h"
#include "exact/pattern_seconds.h"
#include "exact/perturbation.h"

namespace skeleta::exact {
namespace {

using Half = std::vector<Index>;

// The features that are ever active, by the node at the top above them.
std::vector<Half> pieces_of(const DataLaw& law) {
  const ActivityNodes& nodes = law.activity.nodes();
  std::map<Index, Half> pieces;
  for (std::size_t at = 0; at < nodes.size(); ++at) {
    if (nodes[at].kind != ActivityKind::feature) continue;
    const Index j = nodes[at].feature;
    if (law.activity.density()(j) == 0.0) continue;
    auto top = static_cast<Index>(at);
    for (Index up = top; up >= 0; up = nodes[static_cast<std::size_t>(up)].parent) top = up;
    pieces[top].push_back(j);
  }
  std::vector<Half> result;
  for (auto& [top, features] : pieces) {
    std::ranges::sort(features);
    result.push_back(std::move(features));
  }
  return result;
}

// Each piece, those of most patterns first, goes to the half that has fewer by then; none if there
// are more pieces of several patterns than two halves can have.
std::array<Half, 2> halves_of(const DataLaw& law) {
  constexpr std::size_t most_pieces = 64;
  const std::vector<Half> pieces = pieces_of(law);
  const auto is_sure = [&](const Half& piece) {
    return piece.size() == 1 && law.activity.density()(piece.front()) == 1.0;
  };
  const auto sure = static_cast<std::size_t>(std::ranges::count_if(pieces, is_sure));
  if (pieces.size() - sure > most_pieces) return {};
  std::vector<double> patterns;
  for (const Half& piece : pieces) {
    patterns.push_back(is_sure(piece) ? 1.0 : PatternTree::size_of(law.activity, piece).patterns);
  }
  std::vector<std::size_t> order(pieces.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater{}, [&](std::size_t k) { return patterns[k]; });
  std::array<Half, 2> halves;
  std::array<double, 2> sizes{1.0, 1.0};
  for (const std::size_t k : order) {
    const std::size_t smaller = sizes[0] <= sizes[1] ? 0 : 1;
    sizes[smaller] *= patterns[k];
    halves[smaller].insert(halves[smaller].end(), pieces[k].begin(), pieces[k].end());
  }
  for (Half& half : halves) std::ranges::sort(half);
  return halves;
}

// The nodes of a half that are possible and that `wanted` wants, z decreasing.
struct Descent {
  template <class Wanted>
  Descent(const AtomLaw& law, const AtomsOfRow& atoms, const Wanted& wanted) {
    const auto& nodes = law.nodes();
    for (std::uint32_t s = 0; s < nodes.size(); ++s) {
      if (nodes[s].possible && wanted(s)) order.push_back(s);
    }
    std::ranges::sort(order, std::greater{}, [&](std::uint32_t s) { return atoms.points[s].z; });
    for (const std::uint32_t s : order) z.push_back(atoms.points[s].z);
  }

  // [k] = Σ term(s) over the first k, n + 1 entries.
  template <class Term>
  std::vector<double> sums(const Term& term) const {
    std::vector<double> result{0.0};
    result.reserve(order.size() + 1);
    CompensatedSum sum;
    for (const std::uint32_t s : order) {
      sum.add(term(s));
      result.push_back(sum.value());
    }
    return result;
  }

  // How many have z > least.
  std::size_t above(double least) const {
    const auto end = std::ranges::partition_point(z, [&](double value) { return value > least; });
    return static_cast<std::size_t>(end - z.begin());
  }

  std::vector<std::uint32_t> order;
  std::vector<double> z;
};

// A half with sums over the first k of its descent, [k].
struct RowHalf {
  RowHalf(const LawRow& row, const AtomLaw& given, const Vector& rounding)
      : law(given), atoms(row, given, rounding), descent(given, atoms, [](auto) { return true; }) {
    mass = sums([](std::size_t) { return 1.0; });
    for (const auto& point : atoms.points) {
      most_rounded = std::max(most_rounded, point.rounded);
      most_z = std::max(most_z, std::abs(point.z));
    }
  }

  double probability(std::size_t s) const { return law.nodes()[s].probability; }
  double z(std::size_t s) const { return atoms.points[s].z; }
  template <class Factor>
  std::vector<double> sums(const Factor& factor) const {
    return descent.sums([&](std::size_t s) { return probability(s) * factor(s); });
  }

  const AtomLaw& law;
  AtomsOfRow atoms;
  Descent descent;
  std::vector<double> mass;  // of P
  double most_rounded = 0.0, most_z = 0.0;
};

// Of the patterns of another half, beside pattern s: how many are above c with it, what their z may
// be off by, and the P of those whose side is not sure.
struct UpperEnd {
  std::size_t above = 0;
  double off = 0.0, unsure = 0.0;
};

UpperEnd upper_end(const RowHalf& mine, std::size_t s, const RowHalf& other) {
  const double c = mine.atoms.c, least = c - mine.z(s);
  UpperEnd result{other.descent.above(least)};
  result.off = mine.atoms.points[s].rounded + other.most_rounded +
               4.0 * epsilon * (std::abs(c) + std::abs(mine.z(s)));
  const std::size_t sure = other.descent.above(least + result.off);
  const std::size_t perhaps = other.descent.above(std::nextafter(least - result.off, -INFINITY));
  // Where nothing is active z is 0, whatever is rounded.
  const bool empty = s == 0 && std::abs(c) <= result.off && other.law.nodes()[0].possible;
  if (perhaps - sure <= (empty ? 1u : 0u)) return result;
  result.unsure = other.mass[perhaps] - other.mass[sure] + 4.0 * epsilon * other.mass[perhaps];
  if (empty) result.unsure = std::max(result.unsure - other.probability(0), 0.0);
  return result;
}

// Both halves, and of each pattern in a half's descent how many of the other's are above c with it.
struct UpperPairs {
  UpperPairs(const LawRow& row, const AtomHalves& law, const Vector& rounding)
      : sides{RowHalf{row, law.first(), rounding}, RowHalf{row, law.second(), rounding}} {
    for (const std::size_t k : {0, 1}) {
      for (const std::size_t s : sides[k].descent.order) {
        const UpperEnd end = upper_end(sides[k], s, sides[1 - k]);
        above[k].push_back(end.above);
        if (sides[k].probability(s) * end.unsure > 0.0) unsure = INFINITY;
      }
    }
  }

  std::array<RowHalf, 2> sides;
  std::array<std::vector<std::size_t>, 2> above;
  double unsure = 0.0;
};

// x_i − y = k − z_t where z_s + z_t > c, and what rounding of k and z goes with.
struct OwnPattern {
  OwnPattern(const LawRow& row, const RowHalf& mine, std::size_t s)
      : x(mine.atoms.points[s].x),
        k(x - mine.z(s) + row.c - row.jump),
        size(std::abs(x) + std::abs(mine.z(s)) + std::abs(row.c) + row.jump) {}
  double x, k, size;
};

// Σ P (k − z)² over the first n of a descent, and Σ P over the rest.
struct UpperSquares {
  UpperSquares(const RowHalf& side, const Descent& descent)
      : mass(descent.sums([&](std::size_t t) { return side.probability(t); })),
        first(descent.sums([&](std::size_t t) { return side.probability(t) * side.z(t); })),
        second(descent.sums(
            [&](std::size_t t) { return side.probability(t) * side.z(t) * side.z(t); })),
        rest(mass.size()) {
    CompensatedSum sum;
    for (std::size_t n = descent.order.size(); n-- > 0;) {
      sum.add(side.probability(descent.order[n]));
      rest[n] = sum.value();
    }
  }
  double error(const OwnPattern& own, std::size_t n) const {
    const double square = own.k * own.k * mass[n] - 2.0 * own.k * first[n] + second[n];
    return std::max(square, 0.0) + own.x * own.x * rest[n];
  }

  std::vector<double> mass, first, second, rest;
};

// E[(x_i − y)²; N = l].
void add_by_count(const LawRow& row, const RowHalf& mine, const RowHalf& other, Vector& by_count) {
  std::vector<CompensatedSum> sums(static_cast<std::size_t>(by_count.size()));
  for (Index m = 0; m <= other.law.most_active() && m < by_count.size(); ++m) {
    const Descent descent(other.law, other.atoms,
                          [&](std::size_t t) { return other.law.active()[t] == m; });
    const UpperSquares squares(other, descent);
    for (const std::size_t s : mine.descent.order) {
      const auto l = static_cast<std::size_t>(mine.law.active()[s] + m);
      if (l >= sums.size()) continue;
      const std::size_t n = descent.above(row.c - mine.z(s));
      sums[l].add(mine.probability(s) * squares.error(OwnPattern(row, mine, s), n));
    }
  }
  std::ranges::transform(sums, by_count.begin(), &CompensatedSum::value);
}

bool is_in(const AtomLaw& law, Index feature) {
  return std::ranges::binary_search(law.features(), feature);
}

}  // namespace

bool AtomHalves::applies(const DataLaw& law) {
  if (!has_constant_values(law)) return false;
  return std::ranges::all_of(halves_of(law), [&](const Half& half) {
    return !half.empty() && PatternTree::size_of(law.activity, half).nodes <= AtomLaw::most_nodes;
  });
}

PatternSums pattern_sums(const DataLaw& law) {
  constexpr double few_patterns = 1 << 12;
  if (AtomLaw::applies(law, few_patterns)) return PatternSums::whole;
  if (AtomHalves::applies(law)) return PatternSums::halves;
  return AtomLaw::applies(law) ? PatternSums::whole : PatternSums::none;
}

double pattern_seconds(const DataLaw& law) {
  constexpr double a_node = 1e-8, a_node_of_halves = 1e-6;
  const auto nodes = [&](const Half& features) {
    return PatternTree::size_of(law.activity, features).nodes;
  };
  switch (pattern_sums(law)) {
    case PatternSums::whole:
      return a_node * nodes(active_features(law));
    case PatternSums::halves: {
      const auto [first, second] = halves_of(law);
      return a_node_of_halves * (nodes(first) + nodes(second));
    }
    case PatternSums::none:
      break;
  }
  return INFINITY;
}

AtomHalves::AtomHalves(const DataLaw& law)
    : first_(law, halves_of(law)[0]), second_(law, halves_of(law)[1]) {}

AtomOutput atom_output(const LawRow& row, const AtomHalves& law, const Vector& rounding,
                       double* by_feature, Vector* by_count) {
  const bool swap = is_in(law.second(), row.own);
  const RowHalf mine(row, swap ? law.second() : law.first(), rounding);
  const RowHalf other(row, swap ? law.first() : law.second(), rounding);
  const UpperSquares squares(other, other.descent);
  const std::vector<double> sizes = other.sums([&](std::size_t t) { return std::abs(other.z(t)); });
  const double relative = 4.0 * static_cast<double>(row.g.size() + 4) * epsilon;
  CompensatedSum value;
  double error = 0.0, slope_error = 0.0, largest = 0.0;
  std::vector<double> slopes(mine.law.nodes().size());
  for (const std::size_t s : mine.descent.order) {
    const double p = mine.probability(s);
    const UpperEnd r = upper_end(mine, s, other);
    const OwnPattern own(row, mine, s);
    const double mass = other.mass[r.above];
    value.add(p * squares.error(own, r.above));
    slopes[s] = -2.0 * p * (own.k * mass - squares.first[r.above]);
    // Of |k| + |z| and its square, above c.
    const double size = own.size * mass + sizes[r.above];
    const double square =
        own.size * (own.size * mass + 2.0 * sizes[r.above]) + squares.second[r.above];
    error += p * (32.0 * epsilon * square + r.off * (2.0 * size + r.off * mass));
    slope_error += 2.0 * p * ((32.0 * epsilon + relative) * size + r.off * mass);
    largest = std::max(largest, own.size + other.most_z);
    const double x = own.x, jump = row.jump, unsure = p * r.unsure;
    error +=
        unsure * (r.off * (2.0 * (std::abs(x) + jump) + r.off) + jump * std::abs(2.0 * x - jump));
    slope_error += 2.0 * unsure * (std::abs(x - jump) + r.off);
  }
  AtomOutput output;
  output.value = value.value();
  if (by_feature != nullptr) {
    const std::vector<double> weights =
        mine.sums([&](std::size_t s) { return OwnPattern(row, mine, s).k; });
    std::vector<double> others(other.law.nodes().size());
    for (const std::size_t t : other.descent.order) {
      const std::size_t n = mine.descent.above(row.c - other.z(t));
      others[t] = -2.0 * other.probability(t) * (weights[n] - other.z(t) * mine.mass[n]);
    }
    Vector with = Vector::Zero(row.g.size());
    output.threshold = -sums_with(mine.law.nodes(), slopes, with);
    sums_with(other.law.nodes(), others, with);
    Eigen::Map<Vector>(by_feature, with.size()) = mine.atoms.value.cwiseProduct(with);
  }
  if (by_count != nullptr) add_by_count(row, mine, other, *by_count);
  // Where products of probabilities are lost, below the normal numbers.
  const double pairs = static_cast<double>(mine.descent.order.size()) *
                       static_cast<double>(other.descent.order.size());
  const double lost = pairs * static_cast<double>(row.g.size() + 4) * 5e-324;
  output.error.value = error + relative * (output.value + error) + lost * largest * largest;
  output.error.threshold = slope_error + 2.0 * lost * largest;
  output.error.entries = output.error.threshold * mine.atoms.value.norm();
  return output;
}

// 2 E X Y 1{z > c}, X = (x, −1), Y = Σ u_j x_j − c'.
LawCurvature atom_curvature(const LawRow& row, const AtomHalves& law, const Vector& rounding) {
  const auto prepared = std::make_shared<const UpperPairs>(row, law, rounding);
  const double relative = 8.0 * static_cast<double>(row.g.size() + 4) * epsilon;
  return [=](const LawDirection& direction, double* by_feature) {
    const auto& sides = prepared->sides;
    const Vector& value = sides[0].atoms.value;
    const Vector moved = Eigen::Map<const Vector>(direction.g, value.size()).cwiseProduct(value);
    std::array<std::vector<double>, 2> planes, of_planes, weights, sizes;
    for (const std::size_t k : {0, 1}) {
      planes[k] = sums_over(sides[k].law.nodes(), moved);
      of_planes[k] = sums_over(sides[k].law.nodes(), moved.cwiseAbs());
      weights[k] = sides[k].sums([&](std::size_t s) { return planes[k][s]; });
      sizes[k] = sides[k].sums([&](std::size_t s) { return of_planes[k][s]; });
    }
    LawProduct product;
    Vector with = Vector::Zero(value.size());
    double size = 0.0;
    for (const std::size_t k : {0, 1}) {
      const RowHalf &mine = sides[k], &other = sides[1 - k];
      std::vector<double> terms(mine.law.nodes().size());
      for (std::size_t n = 0; n < mine.descent.order.size(); ++n) {
        const std::size_t s = mine.descent.order[n], above = prepared->above[k][n];
        const double p = 2.0 * mine.probability(s), mass = other.mass[above];
        terms[s] = p * ((planes[k][s] - direction.c) * mass + weights[1 - k][above]);
        size += p * ((of_planes[k][s] + std::abs(direction.c)) * mass + sizes[1 - k][above]);
      }
      product.threshold = -sums_with(mine.law.nodes(), terms, with);
    }
    product.error = prepared->unsure + relative * size * std::hypot(1.0, value.norm());
    Eigen::Map<Vector>(by_feature, with.size()) = value.cwiseProduct(with);
    return product;
  };
}

}  // namespace skeleta::exact
