#include "exact/law_curvature.h"

#include <cmath>

#include "exact/law_closed.h"
#include "exact/loops.h"

namespace skeleta::exact {
namespace {

// E x_j Y and E Y, Y = Σ u_k x_k − c', on some supports.
struct PlaneMoments {
  Vector by_feature;
  double mean = 0.0;
};

PlaneMoments on_all(const LawSupports& supports, const LawDirection& direction) {
  const Index count = supports.first.size();
  const Eigen::Map<const Vector> u(direction.g, count);
  return {supports.second * u - direction.c * supports.first, supports.first.dot(u) - direction.c};
}

// On those of at least row.fewest active features.
PlaneMoments on_several(const LawRow& row, const LawSupports& supports,
                        const LawDirection& direction) {
  PlaneMoments result = on_all(supports, direction);
  result.mean += supports.none * direction.c;
  for (Index j = 0; row.fewest == 2 && j < row.g.size(); ++j) {
    const double p = supports.alone(j), u = direction.g[j];
    if (p == 0.0) continue;
    const double mean = row.value(j).moment(1), square = row.value(j).moment(2);
    result.by_feature(j) -= p * (u * square - direction.c * mean);
    result.mean -= p * (u * mean - direction.c);
  }
  return result;
}

void add_plane(double factor, const PlaneMoments& moments, LawProduct& product,
               double* by_feature) {
  for (Index j = 0; j < moments.by_feature.size(); ++j) {
    by_feature[j] += factor * moments.by_feature(j);
  }
  product.threshold -= factor * moments.mean;
}

void add_closed(const LawRow& row, const LawSupports& supports, const LawDirection& direction,
                LawProduct& product, double* by_feature) {
  const EmptyCurvature empty = empty_curvature(row, supports.none);
  product.threshold += empty.threshold * direction.c + empty.mixed * direction.v;
  product.noise += empty.mixed * direction.c + empty.noise * direction.v;
  for (Index j = 0; row.fewest == 2 && j < row.g.size(); ++j) {
    const double p = supports.alone(j), u = direction.g[j];
    if (p == 0.0) continue;
    const auto [t0, t1, t2] = single_curvature(row, j);
    by_feature[j] += p * (u * t2 - direction.c * t1);
    product.threshold -= p * (u * t1 - direction.c * t0);
  }
}

double norm_of(const LawSlopes& slopes) {
  double squares = slopes.threshold * slopes.threshold + slopes.noise * slopes.noise;
  for (const double x : slopes.by_feature) squares += x * x;
  return std::sqrt(squares);
}

}  // namespace

// The left aliases of 2 E X Y 1{z > c} are those of its moments; δ has none.
LawProduct law_curvature(const LawRow& row, const LawCircuit& circuit, const LawSupports& supports,
                         const Contour& contour, Index nodes, const LawDirection& direction,
                         double* by_feature) {
  LawProduct product;
  std::fill_n(by_feature, row.g.size(), 0.0);
  add_closed(row, supports, direction, product, by_feature);
  const bool moving = row.variance > 0.0 || row.g.cwiseAbs().maxCoeff() > 0.0;
  if (!moving) {
    if (row.c < 0.0) add_plane(2.0, on_several(row, supports, direction), product, by_feature);
    return product;
  }
  if (contour.period == 0.0) return product;
  LawSlopes sums, change;
  loops().law_curvature(row, circuit, contour, nodes, direction, sums, change);
  const double unit = 2.0 / contour.period;
  for (Index j = 0; j < row.g.size(); ++j) {
    by_feature[j] += unit * sums.by_feature[static_cast<std::size_t>(j)];
  }
  product.threshold += unit * sums.threshold;
  product.noise += unit * sums.noise;
  product.error = unit * norm_of(change);
  const LeftAliases aliases{.period = contour.period, .c = row.c};
  add_plane(-aliases.of_step(2.0), on_several(row, supports, direction), product, by_feature);
  return product;
}

LawProduct linear_curvature(const LawSupports& supports, const LawDirection& direction,
                            double* by_feature) {
  LawProduct product;
  std::fill_n(by_feature, supports.first.size(), 0.0);
  add_plane(2.0, on_all(supports, direction), product, by_feature);
  return product;
}

}  // namespace skeleta::exact
