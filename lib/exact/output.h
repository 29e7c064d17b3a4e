#pragma once

#include <array>

#include "exact/row.h"

/// What one output contributes to the loss, apart from the contour sum.
///
/// With N_z the number of active main features (row.h), split E(x_i − (z − b)₊)² into supports
/// with N_z ≤ 1, in closed form, and the rest, of which
///   E[x_i²; rest] is known,  E[(z − b)₊²; N_z ≥ 2] and E[x_i (z − b)₊; i and ≥ 2 others]
/// are contour sums, and E[x_i (z − b)₊; i and one other] is a sum of closed forms again: its
/// integrand decays only like |s|⁻⁴, what is left decays like |s|⁻⁵.
namespace skeleta::exact {

/// Where almost all of z lies: on both sides of the threshold, above it (the ReLU does nothing) or
/// below it (the output is 0). In the last two cases the rest needs only moments.
enum class Side : std::int8_t { both, above, below };

/// Moments of z on the rest, in units of row.scale and row.mass.
struct RestMoments {
  double square = 0.0;                  ///< E[x_i²; N_z ≥ 2]
  double m0 = 0.0, m1 = 0.0, m2 = 0.0;  ///< E[zⁿ; N_z ≥ 2]
  double x0 = 0.0, x1 = 0.0;            ///< E[x_i zⁿ; i and ≥ 2 others]
  double pair0 = 0.0, pair1 = 0.0;      ///< E[x_i zⁿ; i and one other]
};

/// Values of log E e^{θz} at θ = ±first·2^r, with `mass`.
struct LogMoments {
  static constexpr int levels = 7;
  double first = 0.0;
  std::array<double, levels> up{}, down{};

  double theta(int r) const { return std::ldexp(first, r); }
};

struct Output {
  double scale = 1.0, mass = 1.0, c = 0.0, threshold = 0.0;
  double lowest = 0.0, highest = 0.0;  ///< Range of z, scaled.
  double dropped = 0.0;
  Index count = 0;      ///< Features of z other than i.
  double parts = 2.0;   ///< Derivatives, those by features left out of z as (p/2)² each.
  double closed = 0.0;  ///< E[(x_i − x̂_i)²; N_z ≤ 1]
  RestMoments rest;
  LogMoments log_moments;

  Side side = Side::both;
  double period = 0.0;    ///< T, scaled; if side is both.
  double aliasing = 0.0;  ///< Bound on what aliases (or the other side) add to E(x_i − x̂_i)².
  double derivative_aliasing = 0.0;  ///< Likewise to the norm of its derivatives (choose_period).
  double pairs = 0.0;                ///< E[x_i (z − b)₊; i and one other]; if side is both.
};

/// form(b − shift_q, weight_q) for the points of the fine law: how closed forms account for η.
template <class Form>
void for_each_shift(const Row& row, Form form) {
  for (std::size_t q = 0; q < static_cast<std::size_t>(row.fine.points); ++q) {
    form(row.threshold - row.scale * row.fine.shift[q], row.fine.weight[q]);
  }
}

/// Fills all but the last five fields. `gram` is column i of G. Cost O(D).
void read_output(const Row& row, const double* gram, Output& output);

/// What aliases may add to an output, without its importance: to E(x_i − x̂_i)², and to the norm
/// over j and b of E[(x_i − x̂_i) x_j 1{z > b}] (infinite if it is not needed). The second has
/// indicators where the first has ramps, so it does not shrink with the row: each is planned for
/// itself.
struct AliasTolerance {
  double square, derivatives;
};

/// Chooses the side and the period so that both are met.
void choose_period(const AliasTolerance& tolerance, Output& output);

/// max |x_i − x̂_i|² over the cube: no error of E(x_i − x̂_i)² exceeds it.
double largest_square(const Output& output);

/// E[(x_i − x̂_i)²; N_z = l] for l = 0 or 1, from the unscaled entries. Cost O(D).
double closed_by_count(const Row& row, const double* gram, Index l);

/// E[x_i (z − b)₊; i and one other]. Cost D closed forms.
double pair_ramps(const Row& row, const double* gram);

/// E(x_i − x̂_i)², given (1/T) Σ F over the contour of
///   F(s) = 2 e^{−sc} [scale² s⁻³ E(e^{sz}; N_z ≥ 2) − scale s⁻² E(x_i e^{sz}; i and ≥ 2 others)]
/// plus what the fine law leaves of the other supports (fine_factors in node_factors.h);
/// the sum is not used if side is not both.
double square_error(const Output& output, double contour_sum);

}  // namespace skeleta::exact
