// The minima of the exact loss, from many random starts, and the figures that their columns form.
#include <skeleta/skeleta.h>

#include <iomanip>
#include <iostream>

int main() {
  constexpr skeleta::Index D = 5, d = 2;
  const auto features = skeleta::Features::uniform(D, 0.05);
  skeleta::training::Options options;
  options.starts = 20;
  const auto training = skeleta::training::train(features, d, options);

  std::cout << std::setprecision(8);
  for (const auto& minimum : training.minima) {
    std::cout << "loss " << minimum.loss << ", reached by " << minimum.count() << " of "
              << training.starts.size() << " starts";
    const double share = minimum.feature_dimensionality(0);
    const auto* figure = skeleta::geometry::nearest_named(share, 0.02);
    std::cout << ": " << (figure == nullptr ? "no figure with a name" : figure->name) << '\n';
  }
}
