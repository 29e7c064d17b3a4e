#include "exact/task.h"

#include <algorithm>
#include <cmath>

#include "exact/root_of_squares.h"

namespace skeleta::exact {
namespace {

template <class Error>
double root_of_squares(std::span<const Task> tasks, Error error) {
  RootOfSquares norm;
  for (const Task& task : tasks) norm.add(error(task));
  return norm.value();
}

}  // namespace

double truncation_total(std::span<const Task> tasks, bool rigorous) {
  double total = 0.0, squares = 0.0, drift = 0.0;
  for (const Task& task : tasks) {
    total += task.truncation;
    squares += task.truncation * task.truncation;
    drift += std::copysign(task.truncation, task.total.last_value());
  }
  if (rigorous) return total;
  return std::min(total, 3.0 * std::sqrt(squares) + std::abs(drift));
}

double derivatives_total(std::span<const Task> tasks) {
  return root_of_squares(
      tasks, [](const Task& task) { return task.derivatives + task.derivatives_fixed; });
}

double derivatives_fixed(std::span<const Task> tasks) {
  return root_of_squares(tasks, [](const Task& task) { return task.derivatives_fixed; });
}

double rounding_of_gradient(std::span<const Task> tasks) {
  return 16.0 * root_of_squares(tasks, [](const Task& task) { return task.perturbation; });
}

}  // namespace skeleta::exact
