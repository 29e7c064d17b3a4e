#include "exact/row_curvature.h"

#include "exact/closed_forms.h"
#include "exact/contour.h"

namespace skeleta::exact {
namespace {

double mean_of_idle(const Row& row, const Vector& density, const double* u) {
  double all = 0.0, main = 0.0;
  for (Index j = 0; j < density.size(); ++j) all += 0.5 * density(j) * u[j];
  for (Index n = 0; n <= row.count; ++n) {
    const Index j = row.feature[static_cast<std::size_t>(n)];
    main += 0.5 * density(j) * u[j];
  }
  return row.idle.empty() ? 0.0 : all - main;
}

class CurvatureFinish {
 public:
  CurvatureFinish(const Row& row, const double* gram, const Output& output,
                  const CurvatureWorkspace& workspace)
      : row_(row),
        own_(static_cast<std::size_t>(row.count)),
        own_entry_(gram[row.own]),
        u_(workspace.u.data()),
        constant_(workspace.constant),
        above_(output.side == Side::above) {
    for (Index n = 0; n <= row.count; ++n) mean_ += 0.5 * row.probability(n) * u_[n];
  }

  // E[X; …] for x_n Y, Y and 1.
  struct Parts {
    double entry, direction, mean;
  };

  // P(some main feature other than n is active), and P(n alone).
  double company(Index n) const { return 1.0 - alone(n) / row_.probability(n); }
  double alone(Index n) const {
    const auto at = static_cast<std::size_t>(n);
    return row_.mass * (at == own_ ? row_.w[own_] * row_.none : row_.alone[at] * row_.a[own_]);
  }

  // E[x_n Y] if some other one is active, or whatever is.
  double moment(Index n, double some) const {
    const double p = row_.probability(n), u = u_[n];
    return 0.5 * p * (mean_ - 0.5 * p * u) + p * (u / 3.0 + 0.5 * constant_) * some;
  }

  // From the rest: N_z ≥ 2, or all where z is above b.
  Parts rest_of_row() const {
    const double none = row_.mass * row_.none * row_.a[own_];
    double several = 1.0 - none, direction = 0.0;
    for (Index n = 0; n <= row_.count; ++n) {
      const double p = row_.probability(n);
      if (p == 0.0) continue;
      several -= alone(n);
      direction += 0.5 * p * u_[n] * company(n);
    }
    if (above_) return {0.0, mean_ + constant_, 1.0};
    return {0.0, direction + constant_ * several, several};
  }

  // Nobody active, i alone.
  Parts closed_of_own() const {
    const double b = row_.threshold, a = own_entry_, u = u_[own_], weight = alone(row_.count);
    const Crossing line = crossing(a, b);
    const double t = line.at, none = b < 0.0 ? row_.mass * row_.none * row_.a[own_] : 0.0;
    const auto moment = [&](double of_step, int power) {
      return of_step - std::pow(t, power) * line.density;
    };
    const double m0 = moment(above(a, b), 1), m1 = moment(above_t(a, b), 2),
                 m2 = moment(above_tt(a, b), 3);
    return {weight * (u * m2 + constant_ * m1),
            weight * (u * m1 + constant_ * m0) + none * constant_, weight * m0 + none};
  }

  // n alone; of i and n the part on the line z = b, whose share of entry i is `own`.
  Parts closed(Index n, double& own) const {
    const auto at = static_cast<std::size_t>(n);
    const double b = row_.threshold, g = row_.scale * row_.g[at], u = u_[n], u_own = u_[own_];
    const double only = alone(n), pair = row_.mass * row_.w[own_] * row_.alone[at];
    const double m0 = only * above(g, b), m1 = only * above_t(g, b), m2 = only * above_tt(g, b);
    const SquareMoments line = pair * on_line(own_entry_, g, b);
    own -= u * line.t12 + u_own * line.t11 + constant_ * line.t1;
    return {u * m2 + constant_ * m1 - (u * line.t22 + u_own * line.t12 + constant_ * line.t2),
            u * m1 + constant_ * m0 - (u * line.t2 + u_own * line.t1 + constant_ * line.one),
            m0 - line.one};
  }

 private:
  const Row& row_;
  std::size_t own_;
  double own_entry_;
  const double* u_;
  double constant_;
  bool above_;
  double mean_ = 0.0;  // Σ u_n E x_n of the main features
};

}  // namespace

void set_direction(const Row& row, const Vector& density, const double* u, double beta,
                   CurvatureWorkspace& workspace) {
  for (Index n = 0; n <= row.count; ++n) {
    const auto at = static_cast<std::size_t>(n);
    workspace.u[at] = u[row.feature[at]];
  }
  workspace.constant = mean_of_idle(row, density, u) - beta;
}

RowCurvature finish_curvature(const Row& row, const double* gram, const Output& output,
                              const Vector& density, const double* u, bool contour,
                              const CurvatureWorkspace& workspace, const CurvatureSums& sums,
                              double* by_feature) {
  const CurvatureFinish finish(row, gram, output, workspace);
  const double unit = contour ? 2.0 / output.period * row.mass : 0.0;
  const double aliases =
      contour ? LeftAliases{.period = output.period, .c = output.c}.of_step(1.0) : 0.0;
  const auto rest = [&](double sum, double moment) { return unit * sum - aliases * moment; };
  const auto at_feature = [&](Index n) -> double& {
    return by_feature[row.feature[static_cast<std::size_t>(n)]];
  };
  RowCurvature result;
  std::fill_n(by_feature, density.size(), 0.0);
  const auto whole = finish.rest_of_row();
  if (output.side == Side::above) {
    for (Index n = 0; n <= row.count; ++n) at_feature(n) = finish.moment(n, 1.0);
    result = {whole.direction, whole.mean};
  } else if (output.side == Side::both) {
    const auto alone = finish.closed_of_own();
    double own = alone.entry;
    result = {alone.direction + rest(sums.direction, whole.direction),
              alone.mean + rest(sums.mean, whole.mean)};
    for (Index n = 0; n < row.count; ++n) {
      const auto part = finish.closed(n, own);
      result.direction += part.direction;
      result.mean += part.mean;
      const double sum = contour ? sums.entries[static_cast<std::size_t>(n)] : 0.0;
      at_feature(n) = part.entry + rest(sum, finish.moment(n, finish.company(n)));
    }
    if (row.probability(row.count) > 0.0) {
      const double sum = contour ? sums.entries[static_cast<std::size_t>(row.count)] : 0.0;
      own += rest(sum, finish.moment(row.count, finish.company(row.count)));
    }
    at_feature(row.count) = own;
  }
  if (row.idle.empty()) return result;
  std::vector<bool> main(static_cast<std::size_t>(density.size()), false);
  for (Index n = 0; n <= row.count; ++n) {
    main[static_cast<std::size_t>(row.feature[static_cast<std::size_t>(n)])] = true;
  }
  for (Index j = 0; j < density.size(); ++j) {
    const double p = density(j);
    if (main[static_cast<std::size_t>(j)]) continue;
    by_feature[j] = 0.5 * p * result.direction + u[j] * p * (1.0 / 3.0 - 0.25 * p) * result.mean;
  }
  return result;
}

}  // namespace skeleta::exact
