#include "approximation/rare_outputs.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>

#include "approximation/firing_survey.h"
#include "bounds/firing_bound.h"
#include "exact/closed_forms.h"
#include "skeleta/approximation/exact_loss.h"
#include "skeleta/bounds/loss_tail.h"

namespace skeleta::approximation {
namespace {

double target(const estimate::Options& options, double value) {
  return std::max(options.relative_tolerance * std::abs(value), options.absolute_tolerance);
}

Features only(Features features, const std::vector<Index>& outputs) {
  Vector kept = Vector::Zero(features.size());
  for (const Index i : outputs) kept(i) = features.importance(i);
  features.importance = kept;
  return features;
}

// Σ_i v_i p_i E(x_i − y_i⁰)²: what the features cost alone.
double loss_alone(const Autoencoder& model, const Features& features) {
  double sum = 0.0;
  for (Index i = 0; i < features.size(); ++i) {
    sum += features.importance(i) * features.density(i) *
           exact::own_error(model.W.col(i).squaredNorm(), model.b(i));
  }
  return sum;
}

// Tells sets of outputs apart: below 2⁵³, and never 0.
double label(const std::vector<Index>& outputs) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const Index i : outputs) hash = (hash ^ static_cast<std::uint64_t>(i)) * 0x100000001b3;
  return outputs.empty() ? 0.0 : static_cast<double>((hash >> 12) | 1);
}

// Rigorous bound of Σ_i v_i E[(z_i − b_i)₊²; N ≥ first].
double firing(const Autoencoder& model, const Features& features, Index first) {
  double sum = 0.0;
  for (Index i = 0; i < features.size(); ++i) {
    if (features.importance(i) == 0.0) continue;
    sum += features.importance(i) *
           bounds::firing_bound(gram_columns(model, i, 1), model.b(i), features.density, first);
  }
  return sum;
}

// The residual is at most v_i y_i² (and v_i x_i² if a feature alone is reconstructed but not with
// others), and at least −v_i (x_i − y_i⁰)².
void bound(const Autoencoder& model, const Features& apart, Index first, estimate::Known& known) {
  const double inputs = loss_of_zero_model(apart);
  const double others = firing(model, apart, first) + inputs;
  known.unseen_above = std::min(others, bounds::LossTail(model, apart).above(first - 1));
  known.unseen_below = loss_alone(model, apart);
}

}  // namespace

RareOutputs rare_outputs(const Autoencoder& model, const Features& features,
                         const estimate::Known& known, const estimate::Options& options) {
  const auto first = static_cast<Index>(known.parts.size());
  const auto shared =
      std::make_shared<FiringSurvey>(model, features, first, &*known.controls, options.seed);
  FiringSurvey& survey = *shared;
  const double value =
      known.parts.front().contribution + loss_alone(model, features) + survey.mean();
  RareOutputs rare;
  rare.outputs = options.samples > 0 ? survey.hidden(static_cast<double>(options.samples), 0.0)
                                     : survey.hidden(0.0, target(options, value));
  rare.apart = only(features, rare.outputs);
  rare.sampled = features;
  for (const Index i : rare.outputs) rare.sampled.importance(i) = 0.0;
  rare.survey = shared;
  return rare;
}

void take_apart(const Autoencoder& model, const RareOutputs& rare, Index first, double seconds,
                const estimate::Options& options, estimate::Known& known) {
  if (rare.outputs.empty()) return;
  known.variant = label(rare.outputs);
  constexpr double nodes = 2000.0, factor = 0.6e-9;
  const double cost = static_cast<double>(rare.outputs.size()) * nodes * factor *
                      static_cast<double>(model.features());
  if (cost <= seconds) {
    exact::Options precise;
    precise.threads = options.threads;
    precise.relative_target = options.samples > 0 ? 1e-6 : 0.01 * options.relative_tolerance;
    precise.absolute_target = options.samples > 0 ? 0.0 : 0.01 * options.absolute_tolerance;
    precise.refuse_unreachable = false;  // what rounding does not allow is bounded instead
    const IntegralBySkeleton loss = exact_loss(model, rare.apart, precise).loss;
    if (loss.stop_reason == StopReason::exact) {
      double listed = 0.0;
      for (const SkeletonPart& part : loss.skeletons) {
        known.apart.resize(static_cast<std::size_t>(part.l) + 1, 0.0);
        known.apart.back() = part.contribution;
        listed += part.contribution;
      }
      // What lies on skeletons that are not listed, since they are improbable, may be most of all.
      // It is put on the next one of them.
      const double others = std::max(loss.value - listed, 0.0);
      const Index next = loss.skeletons.back().l + 1;
      const Index at = next <= model.features() ? next : loss.skeletons.front().l - 1;
      if (at >= 0 && others > 0.0) {
        known.apart.resize(std::max(known.apart.size(), static_cast<std::size_t>(at) + 1), 0.0);
        known.apart[static_cast<std::size_t>(at)] += others;
      }
      known.apart_error = loss.error_bound;
      return;
    }
  }
  bound(model, rare.apart, first, known);
}

void bound_unseen(const Autoencoder& model, const Features& features,
                  const estimate::Options& options, estimate::Known& known) {
  const auto shared = std::make_shared<FiringSurvey>(model, features, 0, nullptr, options.seed);
  FiringSurvey& survey = *shared;
  known.missed = [shared](auto ranges) { return shared->missed(ranges); };
  const double asked = target(options, survey.mean());
  const std::vector<Index> outputs = options.samples > 0
                                         ? survey.hidden(static_cast<double>(options.samples), 0.0)
                                         : survey.hidden(0.0, asked);
  if (outputs.empty()) return;
  if (options.samples == 0) {
    for (double points = 1e4; points <= 1e8; points *= 10.0) {
      if (!survey.hidden(points, asked).empty()) continue;
      known.least_points = static_cast<std::uint64_t>(10.0 * points);
      return;
    }
  }
  const Features rare = only(features, outputs);
  const double inputs = loss_of_zero_model(rare);
  known.unseen_above =
      std::min(firing(model, rare, 0) + inputs, bounds::LossTail(model, rare).above(-1));
}

}  // namespace skeleta::approximation
