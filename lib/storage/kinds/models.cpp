#include "storage/kinds/models.h"

#include "storage/kinds/kinds.h"

namespace skeleta::storage {

const Fields<Autoencoder>& model_fields() {
  using Model = Autoencoder;
  static const auto fields = block<Model>(
      "/model", "always",
      {
          {axis("instance", "number of the instance in the model file")},
          {axis("hidden", "hidden dimension")},
          {axis("feature", "feature")},
          {real("W", "instance hidden feature", "weights of ReLU(WᵀWx − b)").finite(), &Model::W},
          {real("b", "instance feature", "thresholds, subtracted before the ReLU").finite(),
           &Model::b},
      });
  return fields;
}

Rows model_rows() {
  return rows_of(
      model_fields(),
      block("/data", "always",
            {
                axis("feature", "feature"),
                real("density", "feature", "probability that the feature is active").from(0, 1),
                real("importance", "feature", "weight of the feature's squared error")
                    .from(0)
                    .finite(),
            }));
}

void put_features(Results& results, const Features& features) {
  results.add("/data/density", features.density);
  results.add("/data/importance", features.importance);
}

}  // namespace skeleta::storage
