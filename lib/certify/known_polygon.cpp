#include "certify/known_polygon.h"

#include <cmath>

#include "certify/interval.h"
#include "skeleta/certify/polygon.h"
#include "skeleta/core/cancellation.h"

namespace skeleta::certify {
namespace {

constexpr std::uint64_t boxes_of_a_hexagon = 100'000;

// Columns in the order of their angles, the first along the first axis.
Autoencoder regular_polygon(const PolygonStage& stage) {
  const Index k = stage.corners;
  const double r = 0.5 * (stage.column[0] + stage.column[1]);
  const double angle = 2.0 * std::acos(-1.0) / static_cast<double>(k);
  Autoencoder model{Matrix(2, k), Vector::Constant(k, stage.threshold())};
  for (Index j = 0; j < k; ++j) {
    const double turn = angle * static_cast<double>(j);
    model.W.col(j) << r * std::cos(turn), r * std::sin(turn);
  }
  model.W(1, 0) = 0.0;
  return model;
}

}  // namespace

bool is_polygon(const Statement& statement) {
  const Features& features = statement.features();
  const Index k = features.size();
  if (statement.hidden() != 2 || statement.skeletons() != 1 || (k != 5 && k != 6)) return false;
  if (statement.options().max_boxes < boxes_of_a_hexagon) return false;
  for (Index j = 1; j < k; ++j) {
    if (!statement.alike(0, j)) return false;
  }
  const double p = features.density(0);
  return p > 0.0 && p < 1.0 && features.importance(0) > 0.0;
}

CertifiedMinimum polygon_minimum(const Statement& statement, const CertifyCallback& callback) {
  const Features& features = statement.features();
  CertifiedMinimum state;
  state.open_width = statement.layout().size();
  state.model = {Matrix::Zero(2, features.size()), Vector::Zero(features.size())};
  state.upper = statement.upper(state.model);
  try {
    const PolygonProof proof =
        prove_polygon(features.size(), statement.options().threads, [&](std::uint64_t boxes) {
          state.boxes = boxes;
          return !callback || callback(state);
        });
    const Interval p = features.density(0), v = features.importance(0);
    const Interval weight = v * p * power(Interval(1.0) - p, static_cast<int>(features.size()) - 1);
    state.boxes = proof.boxes();
    state.rounds = 1;
    state.radius = proof.last().longest;
    state.model = regular_polygon(proof.last());
    state.upper = statement.upper(state.model);
    state.lower = std::min((weight * Interval(proof.last().lower)).lo, state.upper);
  } catch (const Interrupted&) {
    state.stop_reason = CertifyStop::interrupted;
    return state;
  }
  state.stop_reason = statement.met(state) ? CertifyStop::gap : CertifyStop::rounding;
  return state;
}

double pentagon_sparsity(const PolygonStage& proof) {
  constexpr double step = 1e-4;
  const Autoencoder model = regular_polygon(proof);
  // 5 L(model)/π₁ ≥ 5 L_1 of a global minimum.
  const auto suffices = [&](double p) {
    const Statement whole(Features::uniform(5, p), 2, {});
    const Interval one = Interval(p) * power(Interval(1.0) - Interval(p), 4);
    return (Interval(whole.upper(model)) / one).hi <= below(proof.lower + proof.slack);
  };
  int steps = 0;
  while (steps < 1000 && suffices(step * (steps + 1))) ++steps;
  return 1.0 - step * steps;
}

}  // namespace skeleta::certify
