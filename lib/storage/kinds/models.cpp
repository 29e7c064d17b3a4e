#include "storage/kinds/models.h"

#include "storage/kinds/kinds.h"

namespace skeleta::storage {
namespace {

constexpr const char* general = "since 1.8, if a model is not the tied ReLU without noise";
constexpr const char* other_values = "since 1.8, if values are not uniform on [0, 1]";
constexpr const char* groups = "since 1.8, if features are not independent";

// Along [instance], of models that are more than ReLU(WᵀWx − b).
const Fields<Autoencoder>& general_fields() {
  using Model = Autoencoder;
  static const auto fields = joined(
      block<Model>(
          "/model", general,
          {
              {word("activation", "instance",
                    "of z = Ax + noise − b; jumprelu: z where z > jump, else 0"),
               &Model::activation},
              {real("noise", "instance", "standard deviation of the noise in each hidden dimension")
                   .from(0)
                   .finite(),
               &Model::noise},
          }),
      block<Model>("/model", "since 1.8, if untied",
                   {
                       {real("W_out", "instance feature hidden",
                             "weights of the decoder, A = W_out W; tied: Wᵀ")
                            .finite(),
                        &Model::W_out},
                   }),
      block<Model>("/model", "since 1.8, if jumprelu",
                   {
                       {real("jump", "instance feature", "below which an output is 0; jumprelu")
                            .from(0)
                            .finite(),
                        &Model::jump},
                   }));
  return fields;
}

const Fields<ValueLaw>& value_fields() {
  static const auto fields = block<ValueLaw>(
      "/data", other_values,
      {
          {word("value_law", "feature", "law of the values of the active feature"),
           &ValueLaw::kind},
          {real("value_first", "feature",
                "uniform: least; constant: value; exponential: mean; half-normal: scale; normal: "
                "mean")
               .finite(),
           &ValueLaw::first},
          {real("value_second", "feature", "uniform: most; normal: standard deviation; else 0")
               .finite(),
           &ValueLaw::second},
      });
  return fields;
}

const Fields<ActivityNode>& node_fields() {
  using Node = ActivityNode;
  static const auto fields = block<Node>(
      "/data", groups,
      {
          {axis("node", "feature or group of features; a parent comes before its members")},
          {word("node_kind", "node",
                "feature; independent: members are on or off each by itself; exclusive: at most "
                "one is on"),
           &Node::kind},
          {whole("node_parent", "node", "the group it is a member of; -1 at the top").from(-1),
           &Node::parent},
          {whole("node_feature", "node", "which feature it is; -1 for groups").from(-1),
           &Node::feature},
          {real("node_probability", "node", "that it is on given that its parent is").from(0, 1),
           &Node::probability},
      });
  return fields;
}

}  // namespace

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
      model_fields(), general_fields(),
      block("/data", "always",
            {
                axis("feature", "feature"),
                real("density", "feature", "probability that the feature is active").from(0, 1),
                real("importance", "feature", "weight of the feature's squared error")
                    .from(0)
                    .finite(),
            }),
      value_fields(), node_fields());
}

void put_models(Results& results, const std::vector<const Autoencoder*>& models) {
  put(results, model_fields(), models);
  const auto plain = [](const Autoencoder* model) { return model->tied_relu(); };
  if (!std::ranges::all_of(models, plain)) put(results, general_fields(), models);
}

void put_features(Results& results, const Features& features) {
  results.add("/data/density", features.density);
  results.add("/data/importance", features.importance);
  if (features.plain()) return;
  const DataLaw& law = *features.law;
  const bool uniform =
      std::ranges::all_of(law.values, [](const ValueLaw& value) { return value == ValueLaw(); });
  if (!uniform) put(results, value_fields(), law.values);
  if (!law.activity.independent()) put(results, node_fields(), law.activity.nodes());
}

}  // namespace skeleta::storage
