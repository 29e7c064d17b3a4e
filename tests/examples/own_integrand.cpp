// The mean of a function of one's own over the sparse cube: of the largest feature.
#include <skeleta/skeleta.h>

#include <algorithm>
#include <cmath>
#include <iostream>

int main() {
  constexpr skeleta::Index D = 20;
  constexpr double p = 0.1;
  const auto features = skeleta::Features::uniform(D, p);

  // A point is given as its active features and their values; the others are 0.
  const auto largest = [](const skeleta::estimate::SparsePoint& x) {
    return x.count() == 0 ? 0.0 : *std::max_element(x.value.begin(), x.value.end());
  };
  const auto mean = skeleta::estimate::integrate(features, largest, {.relative_tolerance = 1e-3});
  std::cout << "mean " << mean.value << " +- " << mean.standard_error << " from " << mean.samples
            << " samples\n";

  // All x_j are below t with probability (1 - p + p t)^D, which gives the mean.
  const double closed = 1.0 - (1.0 - std::pow(1.0 - p, D + 1)) / (p * (D + 1));
  const double errors = std::abs(mean.value - closed) / mean.standard_error;
  std::cout << "closed form " << closed << (errors < 5.0 ? ": they agree\n" : ": they differ\n");
}
