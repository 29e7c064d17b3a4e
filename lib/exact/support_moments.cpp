#include "exact/support_moments.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "exact/closed_forms.h"

namespace skeleta::exact {
namespace {

struct GaussPoint {
  double at, weight;
};

// On [0, 1]: exact up to degree 5, and up to 7.
constexpr std::array<GaussPoint, 3> three_points{
    {{0.11270166537925831, 5.0 / 18.0}, {0.5, 8.0 / 18.0}, {0.88729833462074169, 5.0 / 18.0}}};
constexpr std::array<GaussPoint, 4> four_points{{{0.069431844202973712, 0.17392742256872693},
                                                 {0.33000947820757187, 0.32607257743127307},
                                                 {0.66999052179242813, 0.32607257743127307},
                                                 {0.93056815579702629, 0.17392742256872693}}};

std::span<const GaussPoint> points_for(std::size_t features) {
  return features < 5 ? std::span<const GaussPoint>(three_points) : four_points;
}

// Means over the cube of the active features; index 0 stands for 1, k + 1 for the k-th of them.
class CubeIntegral {
 public:
  CubeIntegral(std::span<const double> entries, bool with_line, double weight, SupportMoments& sum,
               std::span<const Eigen::Index> places)
      : a_(entries), with_line_(with_line), weight_(weight), sum_(sum), places_(places) {
    std::size_t count = 1;
    std::array<double, most_corners> sums{};
    for (std::size_t l = 1; l < a_.size(); ++l, count *= 2) {
      for (std::size_t n = 0; n < count; ++n) sums[count + n] = sums[n] + a_[l - 1];
      if (l < 2) continue;
      corners_[l - 2] = sums;
      std::ranges::sort(std::span(corners_[l - 2]).first(2 * count));
    }
  }

  void add(double c) { add(a_.size(), c, weight_); }

 private:
  static constexpr std::size_t most_corners = std::size_t{1} << (most_supported - 1);

  // The first l features, while the others have the values t_.
  void add(std::size_t l, double c, double weight) {
    if (l <= 2) return add_closed(l, c, weight);
    const double a = a_[l - 1];
    double from = 0.0;
    const auto piece = [&](double to) {
      for (const GaussPoint& point : points_for(l)) {
        const double t = t_[l - 1] = from + (to - from) * point.at;
        add(l - 1, c - a * t, weight * (to - from) * point.weight);
      }
      from = to;
    };
    const std::size_t corners = std::size_t{1} << (l - 1);
    for (std::size_t n = 0; a != 0.0 && n < corners; ++n) {
      const double t = (c - corners_[l - 3][a > 0.0 ? corners - 1 - n : n]) / a;
      if (t > from && t < 1.0) piece(t);
    }
    piece(1.0);
  }

  void add_closed(std::size_t l, double c, double weight) {
    if (l == 0) return put(sum_.step, 0, of_first(c < 0.0 ? weight : 0.0, 0.0, 0.0));
    const double a = a_[0];
    if (l == 1) {
      put(sum_.step, 1, weight * of_first(above(a, c), above_t(a, c), above_tt(a, c)));
      if (!with_line_) return;
      const Crossing line = crossing(a, c);
      const double t = line.at, share = weight * t * line.density;
      return put(sum_.line, 1, of_first(share, share * t, share * t * t));
    }
    put(sum_.step, 2, weight * above_square(a, a_[1], c));
    if (with_line_) put(sum_.line, 2, weight * on_line(a, a_[1], c));
  }

  static SquareMoments of_first(double one, double t1, double t11) {
    return {one, t1, 0.0, t11, 0.0, 0.0};
  }

  // To the lower triangle, as places increase: `inner` features by their moments, the others by
  // their values.
  void put(SmallMatrix& sum, std::size_t inner, const SquareMoments& m) const {
    const std::array<double, 3> mean{m.one, m.t1, m.t2};
    const auto at = [&](std::size_t k) { return k == 0 ? 0 : places_[k - 1]; };
    sum(0, 0) += m.one;
    if (inner > 0) {
      sum(at(1), 0) += m.t1;
      sum(at(1), at(1)) += m.t11;
    }
    if (inner > 1) {
      sum(at(2), 0) += m.t2;
      sum(at(2), at(1)) += m.t12;
      sum(at(2), at(2)) += m.t22;
    }
    for (std::size_t k = inner; k < a_.size(); ++k) {
      for (std::size_t n = 0; n <= inner; ++n) sum(at(k + 1), at(n)) += t_[k] * mean[n];
      for (std::size_t n = inner; n <= k; ++n) sum(at(k + 1), at(n + 1)) += t_[k] * t_[n] * m.one;
    }
  }

  std::span<const double> a_;
  bool with_line_;
  double weight_;
  SupportMoments& sum_;
  std::span<const Eigen::Index> places_;  // of the active features, from 1
  std::array<double, most_supported> t_{};
  // Values of a·t at the corners of the cubes of the first 2, 3, … features, increasing.
  std::array<std::array<double, most_corners>, most_supported - 2> corners_{};
};

void mirror(SmallMatrix& lower) {
  for (Eigen::Index k = 0; k < lower.rows(); ++k) {
    for (Eigen::Index n = 0; n < k; ++n) lower(n, k) = lower(k, n);
  }
}

}  // namespace

SupportMoments cube_moments(std::span<const double> entries, double threshold, bool with_line) {
  const auto size = static_cast<Eigen::Index>(entries.size()) + 1;
  SupportMoments sum{SmallMatrix::Zero(size, size), SmallMatrix::Zero(size, size)};
  std::array<Eigen::Index, most_supported> places{};
  std::iota(places.begin(), places.end(), Eigen::Index{1});
  CubeIntegral(entries, with_line, 1.0, sum, places).add(threshold);
  mirror(sum.step);
  mirror(sum.line);
  return sum;
}

SupportMoments support_moments(std::span<const double> entries, std::span<const double> densities,
                               double threshold, bool with_line) {
  const std::size_t count = entries.size();
  const auto size = static_cast<Eigen::Index>(count) + 1;
  SupportMoments sum{SmallMatrix::Zero(size, size), SmallMatrix::Zero(size, size)};
  for (std::size_t support = 0; support < std::size_t{1} << count; ++support) {
    double probability = 1.0;
    std::array<double, most_supported> a{};
    std::array<Eigen::Index, most_supported> places{};
    std::size_t active = 0;
    for (std::size_t n = 0; n < count; ++n) {
      const bool on = (support >> n & 1U) != 0;
      probability *= on ? densities[n] : 1.0 - densities[n];
      if (!on) continue;
      a[active] = entries[n];
      places[active++] = static_cast<Eigen::Index>(n) + 1;
    }
    if (probability == 0.0) continue;
    const bool own = (support & 1U) != 0;
    CubeIntegral(std::span(a).first(active), with_line && own, probability, sum, places)
        .add(threshold);
  }
  mirror(sum.step);
  mirror(sum.line);
  return sum;
}

}  // namespace skeleta::exact
