// The exact loss of a model, how it divides by number of active features, and its gradient.
#include <skeleta/skeleta.h>

#include <cmath>
#include <iostream>
#include <numbers>

int main() {
  // Five features in two dimensions, whose columns are a regular pentagon.
  constexpr skeleta::Index D = 5;
  skeleta::Autoencoder model{skeleta::Matrix(2, D), skeleta::Vector::Zero(D)};
  for (skeleta::Index j = 0; j < D; ++j) {
    const double angle = 2.0 * std::numbers::pi * static_cast<double>(j) / D;
    model.W.col(j) << std::cos(angle), std::sin(angle);
  }
  const auto features = skeleta::Features::uniform(D, 0.05);  // each is active in 5 % of inputs

  const auto loss = skeleta::exact::skeleton_loss(model, features);
  for (const auto& part : loss.skeletons) {
    std::cout << "Q" << part.l << ": " << part.contribution << '\n';
  }
  std::cout << "loss " << loss.value << ", error at most " << loss.error_bound << '\n';

  // One step of gradient descent: the loss falls.
  const auto gradient = skeleta::exact::loss_and_gradient(model, features);
  model.W -= 0.1 * gradient.dW;
  model.b -= 0.1 * gradient.db;
  std::cout << "after a step " << skeleta::exact::loss(model, features).value << '\n';
}
