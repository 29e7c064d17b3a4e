#include "thomson/normal_matrix.h"

#include <cmath>
#include <numbers>

namespace skeleta::thomson {

// Box and Muller (1958), two numbers at a time.
Matrix normal_matrix(Index rows, Index columns, sampling::PointStream& random) {
  const Index count = rows * columns;
  Vector x(count + count % 2);
  for (Index k = 0; k < x.size(); k += 2) {
    const double radius = std::sqrt(-2.0 * std::log(random.uniform()));
    const double angle = 2.0 * std::numbers::pi * random.uniform();
    x(k) = radius * std::cos(angle);
    x(k + 1) = radius * std::sin(angle);
  }
  return x.head(count).reshaped(rows, columns);
}

}  // namespace skeleta::thomson
