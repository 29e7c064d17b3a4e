#include "geometry/assignment.h"

#include <fmt/format.h>

#include <limits>
#include <stdexcept>

namespace skeleta::geometry {
namespace {

// Rows are added one by one. Dual prices keep cost(i, j) − row(i) − column(j) ≥ 0 with equality on
// matched pairs, so the shortest augmenting path, by Dijkstra's rule, keeps the matching optimal.
class Matcher {
 public:
  explicit Matcher(const Matrix& cost)
      : cost_(cost),
        row_price_(Vector::Zero(cost.rows())),
        column_price_(Vector::Zero(cost.rows())),
        row_of_(static_cast<std::size_t>(cost.rows()), -1) {}

  void add_row(Index row) {
    distance_ = Vector::Constant(cost_.rows(), std::numeric_limits<double>::infinity());
    previous_.assign(row_of_.size(), -1);
    reached_.assign(row_of_.size(), false);
    std::vector<Index> path_order;
    Index column = -1, current = row;
    double length = 0.0;
    do {
      column = next_column(current, column, length);
      length = distance_(column);
      reached_[at(column)] = true;
      path_order.push_back(column);
      current = row_of_[at(column)];
    } while (current >= 0);
    update_prices(row, path_order, length);
    augment(row, column);
  }

  const std::vector<Index>& row_of() const { return row_of_; }

 private:
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  // Relaxes all columns from `current`, reached by `column` at `length`; returns the nearest one.
  Index next_column(Index current, Index column, double length) {
    Index best = -1;
    for (Index j = 0; j < cost_.cols(); ++j) {
      if (reached_[at(j)]) continue;
      const double reduced = cost_(current, j) - row_price_(current) - column_price_(j);
      if (length + reduced < distance_(j)) {
        distance_(j) = length + reduced;
        previous_[at(j)] = column;
      }
      if (best < 0 || distance_(j) < distance_(best)) best = j;
    }
    return best;
  }

  void update_prices(Index row, const std::vector<Index>& path_order, double length) {
    row_price_(row) += length;
    for (const Index j : path_order) {
      column_price_(j) -= length - distance_(j);
      if (row_of_[at(j)] >= 0) row_price_(row_of_[at(j)]) += length - distance_(j);
    }
  }

  void augment(Index row, Index column) {
    while (previous_[at(column)] >= 0) {
      row_of_[at(column)] = row_of_[at(previous_[at(column)])];
      column = previous_[at(column)];
    }
    row_of_[at(column)] = row;
  }

  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const RowMajor cost_;  // a row is what next_column walks along
  Vector row_price_, column_price_, distance_;
  std::vector<Index> row_of_;    // by column; −1: free
  std::vector<Index> previous_;  // column before this one on the shortest path; −1: the new row
  std::vector<char> reached_;
};

}  // namespace

std::vector<Index> assignment(const Matrix& cost) {
  if (cost.rows() != cost.cols() || !cost.allFinite()) {
    throw std::invalid_argument(
        fmt::format("cost is {} x {}: it must be square and finite", cost.rows(), cost.cols()));
  }
  Matcher matcher(cost);
  for (Index row = 0; row < cost.rows(); ++row) matcher.add_row(row);
  std::vector<Index> permutation(static_cast<std::size_t>(cost.rows()));
  for (Index j = 0; j < cost.cols(); ++j) {
    const Index row = matcher.row_of()[static_cast<std::size_t>(j)];
    permutation[static_cast<std::size_t>(row)] = j;
  }
  return permutation;
}

}  // namespace skeleta::geometry
