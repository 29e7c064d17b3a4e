#include "exact/kept_curvature.h"

#include <algorithm>
#include <cmath>

#include "exact/contour.h"
#include "exact/loops.h"

namespace skeleta::exact {

KeptCurvature::KeptCurvature(const Row& row, const double* gram, const Output& output,
                             const Vector& density, Index nodes, Phases& phases,
                             CurvatureWorkspace& workspace)
    : own_(row.own), feature_(row.feature.begin(), row.feature.begin() + row.count) {
  for (Index n = 0; n <= row.count; ++n) mean_.push_back(0.5 * row.probability(n));
  std::vector<bool> read(static_cast<std::size_t>(density.size()), false);
  read[static_cast<std::size_t>(own_)] = true;
  for (const Index j : feature_) read[static_cast<std::size_t>(j)] = true;
  for (Index j = 0; j < density.size(); ++j) {
    if (!read[static_cast<std::size_t>(j)]) idle_.push_back(j);
  }
  loops().kept(row, output, phases, workspace, nodes, sums_);
  add_closed(row, gram, output, density, workspace);
}

// What finish_curvature adds to the contour sums is linear: its entries lie in the diagonal and the
// rows of i and 1, but for the aliases of E[x_j x_k], which are those of the products of means.
// Three directions show them.
void KeptCurvature::add_closed(const Row& row, const double* gram, const Output& output,
                               const Vector& density, CurvatureWorkspace& workspace) {
  of_means_ = -LeftAliases{.period = output.period, .c = output.c}.of_step(1.0);
  CurvatureSums nothing;
  nothing.entries.assign(static_cast<std::size_t>(row.count) + 1, 0.0);
  Vector u(density.size()), by_feature(density.size());
  double mean = 0.0;
  const auto closed = [&](double beta) {
    set_direction(row, density, u.data(), beta, workspace);
    mean = 0.0;
    for (Index n = 0; n <= row.count; ++n) {
      const auto at = static_cast<std::size_t>(n);
      mean += mean_[at] * u(row.feature[at]);
    }
    return finish_curvature(row, gram, output, density, u.data(), true, workspace, nothing,
                            by_feature.data());
  };
  const auto entry = [&](Index n) {
    const auto at = static_cast<std::size_t>(n);
    return by_feature(row.feature[at]) - of_means_ * mean_[at] * mean;
  };
  u.setZero();
  closed(-1.0);
  for (Index n = 0; n < row.count; ++n) sums_.constant[static_cast<std::size_t>(n)] += entry(n);
  u(own_) = 1.0;
  const RowCurvature of_own = closed(0.0);
  for (Index n = 0; n < row.count; ++n) sums_.own[static_cast<std::size_t>(n)] += entry(n);
  sums_.own_own += entry(row.count);
  sums_.own_constant += of_own.direction;
  sums_.constant_constant += of_own.mean;
  u.setZero();
  for (const Index j : feature_) u(j) = 1.0;
  closed(0.0);
  for (Index n = 0; n < row.count; ++n) sums_.diagonal[static_cast<std::size_t>(n)] += entry(n);
}

RowCurvature KeptCurvature::times(const Vector& density, const double* u, double beta,
                                  Buffers& buffers, double* by_feature) const {
  double constant = -beta;
  for (const Index j : idle_) constant += 0.5 * density(j) * u[j];
  const double u_own = u[own_];
  double largest = std::max(std::abs(u_own), std::abs(constant));
  for (const Index j : feature_) largest = std::max(largest, std::abs(u[j]));
  std::fill_n(by_feature, density.size(), 0.0);
  if (!(largest > 0.0)) return {};
  const std::size_t count = feature_.size();
  buffers.u.resize(count);
  buffers.entries.resize(count);
  double mean = mean_[count] * u_own;
  double own = sums_.own_own * u_own + sums_.own_constant * constant;
  RowCurvature result{sums_.own_constant * u_own + sums_.constant_constant * constant,
                      sums_.constant_constant};
  for (std::size_t n = 0; n < count; ++n) {
    const double x = u[feature_[n]];
    buffers.u[n] = static_cast<float>(x / largest);
    buffers.entries[n] =
        (sums_.diagonal[n] * x + sums_.own[n] * u_own + sums_.constant[n] * constant) / largest;
    mean += mean_[n] * x;
    own += sums_.own[n] * x;
    result.direction += sums_.constant[n] * x;
  }
  double of_own = 0.0, of_constant = 0.0;
  loops().kept_product(sums_, buffers.u.data(), u_own / largest, constant / largest,
                       buffers.of_nodes, buffers.entries.data(), of_own, of_constant);
  for (const double alpha : sums_.kernels[0]) result.mean += alpha;
  result.direction += largest * of_constant;
  for (std::size_t n = 0; n < count; ++n) {
    by_feature[feature_[n]] = largest * buffers.entries[n] + of_means_ * mean_[n] * mean;
  }
  by_feature[own_] = own + largest * of_own + of_means_ * mean_[count] * mean;
  for (const Index j : idle_) {
    const double p = density(j);
    by_feature[j] = 0.5 * p * result.direction + u[j] * p * (1.0 / 3.0 - 0.25 * p) * result.mean;
  }
  return result;
}

}  // namespace skeleta::exact
