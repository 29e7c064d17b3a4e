#include "certify/known_pair.h"

#include <algorithm>
#include <cmath>

#include "certify/phase_problem.h"

namespace skeleta::certify {
namespace {

// The mirror image of the model whose columns have opposite signs, with its best thresholds.
void set_model(const Statement& statement, const CertifiedMinimum& state, PhaseProof& proof) {
  const Vector& density = statement.features().density;
  proof.columns = {std::abs(state.model.W(0, 0)), -std::abs(state.model.W(0, 1))};
  const double gamma = -proof.columns[0] * proof.columns[1];
  for (std::size_t i = 0; gamma > 0.0 && i < 2; ++i) {
    const auto j = static_cast<Index>(i);
    proof.thresholds[i] = PairOutput(density(j), density(1 - j))
                              .threshold(proof.columns[i] * proof.columns[i], gamma);
  }
}

}  // namespace

bool is_pair(const Statement& statement) {
  const Features& features = statement.features();
  if (features.size() != 2 || statement.hidden() != 1 || statement.skeletons() != 2) return false;
  const double v = features.importance(0), w = features.importance(1);
  return features.density.minCoeff() >= least_density && v > 0.0 && w > 0.0 &&
         std::max(v, w) <= most_ratio * std::min(v, w);
}

void round_outwards(const Statement& statement, CertifiedMinimum& state) {
  const Features& features = statement.features();
  PhaseProof proof;
  proof.point = {1.0, features.density(0), 0.0};
  set_model(statement, state, proof);
  const PhaseProblem problem(proof, {features.importance(0), features.importance(1)},
                             {features.density(0), features.density(1)});
  state.upper =
      std::max(state.upper, std::min({problem.plain(0).hi, problem.plain(1).hi,
                                      problem.antipodal(proof.columns, proof.thresholds)}));
  proof.upper = state.upper;
  for (std::size_t i = 0; i < 2; ++i) proof.longest[i] = problem.longest(i, state.upper);
  double step = state.upper - statement.target(state);
  for (proof.lower = state.lower; proof.lower > 0.0 && !grown(problem, proof); step *= 2.0) {
    proof.lower = state.lower - step;
    state.stop_reason = CertifyStop::rounding;
  }
  state.lower = std::max(proof.lower, 0.0);
}

}  // namespace skeleta::certify
