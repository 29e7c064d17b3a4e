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
#include "skeleta/exact/low_skeletons.h"

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

// Σ_i v_i E[(x_i − y_i)²; N ≥ first] ≤ Σ_i v_i E[(y_i)²; N ≥ first] + Σ_i v_i E x_i², as both are
// positive.
double most_beyond(const Autoencoder& model, const Features& apart, Index first) {
  return std::min(firing(model, apart, first) + loss_of_zero_model(apart),
                  bounds::LossTail(model, apart).above(first - 1));
}

void add_apart(Index l, double contribution, estimate::Known& known) {
  const auto at = static_cast<std::size_t>(l);
  known.apart.resize(std::max(known.apart.size(), at + 1), 0.0);
  known.apart[at] += contribution;
}

// By contour integrals, with the error that they have; false if a bound alone is no worse.
bool by_contours(const Autoencoder& model, const Features& apart, Index first,
                 const estimate::Options& options, estimate::Known& known) {
  exact::Options precise;
  precise.threads = options.threads;
  precise.relative_target = options.samples > 0 ? 1e-6 : 0.01 * options.relative_tolerance;
  precise.absolute_target = options.samples > 0 ? 0.0 : 0.01 * options.absolute_tolerance;
  precise.refuse_unreachable = false;
  const IntegralBySkeleton loss = exact_loss(model, apart, precise).loss;
  if (!std::isfinite(loss.value)) return false;
  const bool precise_enough = loss.stop_reason == StopReason::exact;
  if (!precise_enough && loss.error_bound > most_beyond(model, apart, first)) return false;
  double listed = 0.0;
  for (const SkeletonPart& part : loss.skeletons) {
    add_apart(part.l, part.contribution, known);
    listed += part.contribution;
  }
  // What lies on skeletons that are not listed, since they are improbable, may be most of all. It
  // is put on the next one of them.
  const double others = std::max(loss.value - listed, 0.0);
  const Index next = loss.skeletons.back().l + 1;
  const Index at = next <= model.features() ? next : loss.skeletons.front().l - 1;
  if (at >= 0 && others > 0.0) add_apart(at, others, known);
  known.apart_error = loss.error_bound;
  return true;
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
  if (cost <= seconds && by_contours(model, rare.apart, first, options, known)) return;
  for (Index l = 0; l < first; ++l) {
    add_apart(l, exact::skeleton_part(model, rare.apart, l, options.threads).contribution, known);
  }
  known.unseen_above = most_beyond(model, rare.apart, first);
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
  known.unseen_above = most_beyond(model, only(features, outputs), 0);
}

}  // namespace skeleta::approximation
