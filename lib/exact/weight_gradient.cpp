#include "exact/weight_gradient.h"

#include "core/products.h"

namespace skeleta::exact {

void set_weight_gradient(const Autoencoder& model, const Matrix& decoder, const Matrix& gamma,
                         int threads, Gradient& gradient) {
  gradient.dW.resize(model.hidden(), model.features());
  Matrix of_decoder(model.hidden(), model.tied() ? 0 : model.features());
  for_each_block(model.features(), threads, [&](Index first, Index columns) {
    auto block = gradient.dW.middleCols(first, columns);
    if (model.tied()) {
      set_product(model.W, gamma.middleCols(first, columns), block);
    } else {
      set_product(model.W, gamma.middleCols(first, columns), of_decoder.middleCols(first, columns));
      block.setZero();
    }
    add_product_transposed(decoder, gamma.middleRows(first, columns), block);
  });
  gradient.dW_out = of_decoder.transpose();
  if (model.tied()) gradient.dW_out.resize(0, 0);
}

}  // namespace skeleta::exact
