#include "exact/direct_support.h"

#include <algorithm>
#include <cmath>

#include "measure/value_quadrature.h"

namespace skeleta::exact {

// Means over one feature U, with y = (gU − c)₊ and x = own + own_slope·U.
struct DirectSupport::Sums {
  double square = 0.0;   // of y²
  double cross = 0.0;    // of x y
  double slope = 0.0;    // of (x − y) 1{y > 0}
  double product = 0.0;  // of (x − y) U 1{y > 0}
};

bool DirectSupport::knows(const Features& features, const Autoencoder& model,
                          std::span<const Index> support) {
  if (model.activation != Activation::relu || model.noise > 0.0) return false;
  const auto moves = [&](Index j) {
    return features.plain() || !features.law->values[static_cast<std::size_t>(j)].has_atoms();
  };
  return std::count_if(support.begin(), support.end(), moves) <= 2;
}

DirectSupport::DirectSupport(const DataLaw& law, std::span<const Index> support)
    : law_(law), support_(support.begin(), support.end()) {
  for (std::size_t k = 0; k < support_.size(); ++k) {
    if (!value(k).has_atoms()) moving_.push_back(k);
  }
}

DirectSupport::Sums DirectSupport::over_one(std::size_t moving, double slope, double c, double own,
                                            double own_slope) const {
  const auto m = [&](int j, int n) { return value(moving).ramp_moment(j, n, slope, c); };
  const double m00 = m(0, 0), m10 = m(1, 0), m01 = m(0, 1), m11 = m(1, 1);
  Sums sums{m(0, 2), own * m01 + own_slope * m11, own * m00 + own_slope * m10 - m01,
            own * m10 - m11};
  if (own_slope != 0.0) sums.product += own_slope * m(2, 0);
  return sums;
}

DirectOutput DirectSupport::output(Index i, const Vector& row, double threshold) const {
  DirectOutput result;
  result.product.assign(support_.size(), 0.0);
  double c = threshold, own = 0.0, own_square = 0.0;
  for (std::size_t k = 0; k < support_.size(); ++k) {
    if (support_[k] == i) own_square = value(k).moment(2);
    if (!value(k).has_atoms()) continue;
    c -= row(static_cast<Index>(k)) * value(k).first();
    if (support_[k] == i) own = value(k).first();
  }
  const auto is_own = [&](std::size_t k) { return support_[k] == i ? 1.0 : 0.0; };
  const auto slope_of = [&](std::size_t k) { return row(static_cast<Index>(k)); };
  double square = 0.0, cross = 0.0;
  if (moving_.empty()) {
    const double y = std::max(-c, 0.0);
    square = y * y;
    cross = own * y;
    result.slope = y > 0.0 ? own - y : 0.0;
  } else {
    const auto share = [&](std::size_t k) {
      return std::abs(slope_of(k)) * std::sqrt(value(k).moment(2));
    };
    std::size_t inner = moving_.front(), outer = moving_.back();
    if (share(inner) < share(outer)) std::swap(inner, outer);
    const double g = slope_of(inner), h = slope_of(outer);
    const auto add = [&](double weight, double u, const Sums& sums) {
      square += weight * sums.square;
      cross += weight * sums.cross;
      result.slope += weight * sums.slope;
      result.product[inner] += weight * sums.product;
      if (outer != inner) result.product[outer] += weight * u * sums.slope;
    };
    if (outer == inner) {
      add(1.0, 0.0, over_one(inner, g, c, own, is_own(inner)));
    } else {
      std::vector<double> corners;
      for (const double end : {value(inner).least(), value(inner).most()}) {
        if (h != 0.0 && std::isfinite(end)) corners.push_back((c - g * end) / h);
      }
      const WeightedPoints points = quadrature(value(outer), std::move(corners));
      for (std::size_t k = 0; k < points.at.size(); ++k) {
        const double u = points.at[k];
        add(points.weight[k], u,
            over_one(inner, g, c - h * u, own + is_own(outer) * u, is_own(inner)));
      }
    }
  }
  for (std::size_t k = 0; k < support_.size(); ++k) {
    if (value(k).has_atoms()) result.product[k] = value(k).first() * result.slope;
  }
  result.value = std::max(own_square - 2.0 * cross + square, 0.0);
  result.size = own_square + square;
  return result;
}

}  // namespace skeleta::exact
