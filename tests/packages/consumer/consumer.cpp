// A program of somebody else's, built plainly against the installed library.
#include <skeleta/approximation/sampled_loss.h>
#include <skeleta/storage/model_file.h>
#include <iostream>

int main(int, char** argv) {
  const skeleta::storage::ModelFile file = skeleta::storage::read_models(argv[1]);
  skeleta::Autoencoder model = file.models.front();
  const auto features = skeleta::Features::uniform(model.features(), 0.05);
  const auto result = skeleta::approximation::sampled_loss(model, features, {});
  std::cout << "loss " << result.loss.value << " +- " << result.loss.standard_error << '\n';
  // A matrix that the natively built library allocated is resized here: alignments must agree.
  for (int n = 1; n < 64; ++n) model.W.conservativeResize(n, n);
}
