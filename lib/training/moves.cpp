#include "training/moves.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/products.h"
#include "skeleta/sampling/normal_stream.h"
#include "training/features.h"

namespace skeleta::training {
namespace {

using sampling::PointStream;

std::size_t below(PointStream& random, std::size_t n) {
  return static_cast<std::size_t>(random.below(n));
}

// A quarter of the longest column tells who is represented: minima have columns near 1, or short
// ones.
std::vector<Index> those_of(const Autoencoder& model, bool represented) {
  const Vector norms = model.W.colwise().norm();
  std::vector<Index> found;
  for (Index i = 0; i < norms.size(); ++i) {
    if ((norms(i) > 0.25 * norms.maxCoeff()) == represented) found.push_back(i);
  }
  return found;
}

Index one_of(const std::vector<Index>& list, PointStream& random) {
  return list[below(random, list.size())];
}

// Two different places of 0, …, n − 1, n ≥ 2.
std::pair<Index, Index> two_of(Index n, PointStream& random) {
  const auto i = static_cast<Index>(below(random, static_cast<std::size_t>(n)));
  const auto j = static_cast<Index>(below(random, static_cast<std::size_t>(n - 1)));
  return {i, j < i ? j : j + 1};
}

// The column, and of untied models the row of the decoder, along it.
void place(Autoencoder& model, Index i, const Vector& column, double threshold) {
  model.W.col(i) = column;
  if (!model.tied()) model.W_out.row(i) = column.transpose();
  model.b(i) = threshold;
}

void drop(Autoencoder& model, Index i, const Features& features) {
  const double mean =
      features.plain() ? 0.5 : features.law->values[static_cast<std::size_t>(i)].moment(1);
  place(model, i, Vector::Zero(model.hidden()), -features.density(i) * mean);
}

Vector direction(Index hidden, PointStream& random) {
  sampling::NormalStream normal(random);
  Vector v(hidden);
  do {
    for (double& entry : v) entry = normal();
  } while (v.norm() == 0.0);
  return v.normalized();
}

// Of some random directions the one that is farthest from all columns: one alone is anywhere, many
// find the widest hole.
Vector hole(const Autoencoder& model, const std::vector<Index>& represented, PointStream& random) {
  const std::size_t tries = 1 + below(random, 24);
  Vector best;
  double least = INFINITY;
  for (std::size_t k = 0; k < tries; ++k) {
    const Vector v = direction(model.hidden(), random);
    double nearest = -1.0;
    for (const Index j : represented) {
      nearest = std::max(nearest, v.dot(model.W.col(j)) / model.W.col(j).norm());
    }
    if (nearest >= least) continue;
    least = nearest;
    best = v;
  }
  return best;
}

struct Typical {
  double length = 0.0, threshold = 0.0;
};

Typical typical_of(const Autoencoder& model, const std::vector<Index>& represented) {
  Typical mean;
  for (const Index i : represented) {
    mean.length += model.W.col(i).norm();
    mean.threshold += model.b(i);
  }
  const auto count = static_cast<double>(represented.size());
  return {mean.length / count, mean.threshold / count};
}

void exchange(Autoencoder& model, Index i, Index j) {
  model.W.col(i).swap(model.W.col(j));
  if (!model.tied()) model.W_out.row(i).swap(model.W_out.row(j));
  std::swap(model.b(i), model.b(j));
}

void merge(Autoencoder& model, Index i, Index j) {
  const Vector middle = 0.5 * (model.W.col(i) + model.W.col(j));
  const double threshold = 0.5 * (model.b(i) + model.b(j));
  place(model, i, middle, threshold);
  place(model, j, middle, threshold);
}

// Columns of length r reach each other by r²c, c the largest inner product: with that for a
// threshold they are silent for each other, and r²(1 − c) = 1 answers 1 with 1.
Typical silent(const Matrix& points) {
  Matrix G = transposed_product(points, points);
  G.diagonal().setConstant(-1.0);
  const double c = std::max(G.maxCoeff(), 0.0);
  constexpr double longest = 2.5;  // r² of an octagon
  const double square = std::min(1.0 / std::max(1.0 - c, 1e-3), longest);
  return {std::sqrt(square), square * c};
}

void configure(Autoencoder& model, const Features& features, const Matrix& points,
               PointStream& random) {
  std::vector<Index> order(static_cast<std::size_t>(model.features()));
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::size_t j = below(random, i + 1);
    order[i] = order[j];
    order[j] = static_cast<Index>(i);
  }
  const Typical size = silent(points);
  for (std::size_t k = 0; k < order.size(); ++k) {
    const auto column = static_cast<Index>(k);
    if (column < points.cols()) {
      place(model, order[k], size.length * points.col(column), size.threshold);
    } else {
      drop(model, order[k], features);
    }
  }
}

void shake(Autoencoder& model, PointStream& random) {
  constexpr double share = 0.3;
  sampling::NormalStream normal(random);
  for (Matrix* weights : {&model.W, &model.W_out}) {
    if (weights->size() == 0) continue;
    const double size = std::sqrt(weights->squaredNorm() / static_cast<double>(weights->size()));
    for (Index k = 0; k < weights->size(); ++k) weights->data()[k] += share * size * normal();
  }
}

}  // namespace

Autoencoder moved(Move move, Autoencoder model, const Features& features,
                  std::span<const Matrix> configurations, PointStream& random) {
  const Index count = model.features();
  const std::vector<Index> here = those_of(model, true), dropped = those_of(model, false);
  switch (move) {
    case Move::exchange: {
      if (count < 2 || all_alike(features)) break;
      const auto [i, j] = two_of(count, random);
      exchange(model, i, j);
      break;
    }
    case Move::drop:
      drop(model, static_cast<Index>(below(random, static_cast<std::size_t>(count))), features);
      for (const Index i : dropped) drop(model, i, features);  // their outputs may be dead
      break;
    case Move::revive: {
      if (here.empty() || dropped.empty()) break;
      const Typical size = typical_of(model, here);
      place(model, one_of(dropped, random), size.length * hole(model, here, random),
            size.threshold);
      break;
    }
    case Move::pair: {
      if (here.size() < 2 && dropped.empty()) break;
      if (here.empty()) break;
      const Index j = one_of(here, random);
      std::vector<Index> others = dropped;
      if (others.empty()) others = here;
      std::erase(others, j);
      place(model, one_of(others, random), -model.W.col(j), model.b(j));
      break;
    }
    case Move::merge: {
      if (here.size() < 2) break;
      const auto [i, j] = two_of(static_cast<Index>(here.size()), random);
      merge(model, here[static_cast<std::size_t>(i)], here[static_cast<std::size_t>(j)]);
      break;
    }
    case Move::configuration:
      if (configurations.empty()) break;
      configure(model, features, configurations[below(random, configurations.size())], random);
      break;
    case Move::shake:
      shake(model, random);
      break;
  }
  return model;
}

void scatter(Vector& x, Index thresholds, double deviation, PointStream& random) {
  sampling::NormalStream normal(random);
  for (double& w : x.head(x.size() - thresholds)) w = deviation * normal();
}

double xavier_deviation(Index features, Index hidden) {
  return std::sqrt(2.0 / static_cast<double>(hidden + features));
}

}  // namespace skeleta::training
