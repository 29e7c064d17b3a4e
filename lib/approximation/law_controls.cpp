#include "approximation/law_controls.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "approximation/loss_controls.h"
#include "skeleta/estimate/loss_kernel.h"
#include "skeleta/measure/data_law.h"

namespace skeleta::approximation {
namespace {

using estimate::BatchIntegrand;
using estimate::SparseBatch;
using estimate::SparsePoint;

constexpr Index few_thousand = 1000;  // features up to which Q_1 takes a second at most

// y = act(z).
double answer(const Autoencoder& model, Index i, double z) {
  switch (model.activation) {
    case Activation::relu:
      return std::max(z, 0.0);
    case Activation::identity:
      return z;
    case Activation::jumprelu:
      return z > model.jump(i) ? z : 0.0;
  }
  return z;
}

// What all threads share.
struct LawTables {
  Autoencoder model;       // of its arrays only b and jump
  Vector own, importance;  // A_jj, v_j
  bool alone;              // is the first control there?
  Matrix pairs;            // ½(A + Aᵀ), or empty

  Index outputs() const { return (alone ? 1 : 0) + 2 + (pairs.size() > 0 ? 1 : 0); }

  void evaluate(const SparsePoint& point, double* values) const {
    double sum = 0.0, squares = 0.0, costs = 0.0, along = 0.0;
    for (std::size_t k = 0; k < point.count(); ++k) {
      const Index j = point.active[k];
      const double x = point.value[k];
      sum += x;
      squares += x * x;
      if (alone) {
        const double error = x - answer(model, j, own(j) * x - model.b(j));
        costs += importance(j) * error * error;
      }
      if (pairs.size() == 0) continue;
      double part = 0.0;
      for (std::size_t a = 0; a < k; ++a) part += point.value[a] * pairs(point.active[a], j);
      along += x * part;
    }
    if (alone) *values++ = costs;
    *values++ = sum;
    *values++ = 0.5 * (sum * sum - squares);
    if (pairs.size() > 0) *values++ = along;
  }
};

estimate::Integrand law_integrand(std::shared_ptr<const LawTables> tables) {
  return estimate::Integrand::of_batches(
      static_cast<std::size_t>(tables->outputs()), [tables]() -> BatchIntegrand {
        return [tables](const SparseBatch& batch, std::span<double> values) {
          for (std::size_t i = 0; i < batch.size(); ++i) {
            tables->evaluate(batch[i],
                             values.data() + i * static_cast<std::size_t>(tables->outputs()));
          }
        };
      });
}

// A_jj.
Vector own_weights(const Autoencoder& model) {
  if (model.tied()) return model.W.colwise().squaredNorm();
  return model.W_out.cwiseProduct(model.W.transpose()).rowwise().sum();
}

// E[(g·x)²; N = l], l = 0, 1, ….
Vector squares_by_count(const DataLaw& law, const Vector& g, Index last) {
  const auto moments = sum_moments_by_count(law, g, last);
  Vector result(last + 1);
  for (Index l = 0; l <= last; ++l) result(l) = moments[static_cast<std::size_t>(l)][2];
  return result;
}

// E[Σ_{j,k} A_jk x_j x_k; N = l].
Vector forms_by_count(const Autoencoder& model, const DataLaw& law, Index last) {
  Vector result = Vector::Zero(last + 1);
  for (Index a = 0; a < model.hidden(); ++a) {
    const Vector in = model.W.row(a);
    if (model.tied()) {
      result += squares_by_count(law, in, last);
      continue;
    }
    const Vector out = model.W_out.col(a);
    result +=
        0.25 * (squares_by_count(law, in + out, last) - squares_by_count(law, in - out, last));
  }
  return result;
}

}  // namespace

double error_of_one(const Autoencoder& model, Index i, const ValueLaw& value, double g, bool own) {
  const double b = model.b(i), x = own ? 1.0 : 0.0;
  if (model.activation == Activation::identity) {
    const double slope = x - g;
    return slope * slope * value.moment(2) + 2.0 * b * slope * value.moment(1) + b * b;
  }
  // y = (z − θ)₊ + θ 1{z > θ}.
  const double jump = model.jump.size() > 0 ? model.jump(i) : 0.0, c = b + jump;
  const auto ramp = [&](int j, int n) { return value.ramp_moment(j, n, g, c); };
  double square = ramp(0, 2), product = own ? ramp(1, 1) : 0.0;
  if (jump > 0.0) {
    square += jump * (2.0 * ramp(0, 1) + jump * ramp(0, 0));
    if (own) product += jump * ramp(1, 0);
  }
  return std::max(x * value.moment(2) - 2.0 * product + square, 0.0);
}

std::vector<SkeletonPart> low_parts(const Autoencoder& model, const Features& features) {
  const DataLaw law = features.data_law();
  const ActiveCount number(law.activity);
  const auto part = [&](Index l, double contribution) {
    const double probability = number.probability(l);
    return SkeletonPart{l, probability, contribution / probability, contribution, 0.0, 0};
  };
  SparseBatch empty;
  empty.reset(0, 1);
  double loss = 0.0;
  estimate::loss_integrand(model, features, estimate::KernelPath::hidden)()(empty, {&loss, 1});
  std::vector<SkeletonPart> parts{part(0, number.probability(0) * loss)};
  if (model.noise > 0.0 || model.features() > few_thousand) return parts;
  const Vector alone = active_by_count(law.activity, 1).col(1);
  double sum = 0.0;
  for (Index i = 0; i < law.size(); ++i) {
    if (features.importance(i) == 0.0) continue;
    const Vector g = output_weights(model, i, 1);
    for (Index j = 0; j < law.size(); ++j) {
      if (alone(j) == 0.0) continue;
      sum += features.importance(i) * alone(j) *
             error_of_one(model, i, law.values[static_cast<std::size_t>(j)], g(j), i == j);
    }
  }
  parts.push_back(part(1, sum));
  return parts;
}

estimate::Controls law_controls(const Autoencoder& model, const Features& features) {
  const DataLaw law = features.data_law();
  const ActiveCount number(law.activity);
  const Index count = law.size(), last = number.bulk({0, count}, 1e-18).last;
  auto tables = std::make_shared<LawTables>();
  tables->model = {Matrix(), model.b, Matrix(), model.activation, model.jump, 0.0};
  tables->own = own_weights(model);
  tables->importance = features.importance;
  tables->alone = model.noise == 0.0;
  if (count <= many_features) {
    const Matrix weights = output_weights(model, 0, count);
    tables->pairs = 0.5 * (weights + weights.transpose());
  }

  Vector first(count), second(count), cost(count);
  for (Index j = 0; j < count; ++j) {
    const ValueLaw& value = law.values[static_cast<std::size_t>(j)];
    first(j) = value.moment(1);
    second(j) = value.moment(2);
    if (tables->alone) {
      cost(j) = features.importance(j) * error_of_one(model, j, value, tables->own(j), true);
    }
  }
  const Matrix active = active_by_count(law.activity, last).transpose();
  Matrix mean(last + 1, tables->outputs());
  Index next = 0;
  if (tables->alone) mean.col(next++) = active * cost;
  mean.col(next++) = active * first;
  mean.col(next++) = 0.5 * (squares_by_count(law, Vector::Ones(count), last) - active * second);
  if (tables->pairs.size() > 0) {
    mean.col(next++) =
        0.5 * (forms_by_count(model, law, last) - active * tables->own.cwiseProduct(second));
  }
  for (Index l = 0; l <= last; ++l) {
    const double probability = number.probability(l);
    mean.row(l) *= probability > 0.0 ? 1.0 / probability : 0.0;
  }
  std::vector<std::optional<double>> coefficient(static_cast<std::size_t>(tables->outputs()));
  if (tables->alone) coefficient[0] = 1.0;
  return {law_integrand(tables), mean, coefficient};
}

}  // namespace skeleta::approximation
