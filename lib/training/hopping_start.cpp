#include "training/hopping_start.h"

#include <algorithm>

#include "skeleta/optimize/hopping.h"
#include "skeleta/training/parameters.h"
#include "training/features.h"
#include "training/one_start.h"

namespace skeleta::training {
namespace {

// Descents of hops are told apart by their values alone: these tell more than the tolerance does.
constexpr double hop_tolerance = 1e-5;

Options options_of_hops(const Options& options) {
  Options hop = options;
  hop.gradient_tolerance = std::max(hop.gradient_tolerance, hop_tolerance);
  hop.record_every = 0;
  if (hop.optimizer == OptimizerKind::automatic) hop.optimizer = OptimizerKind::lbfgs;
  return hop;
}

// A walk makes thousands of evaluations, each too short to be shared if there are few features.
int threads_for(const Features& features, const Options& options) {
  return features.size() < many_features ? 1 : options.threads;
}

std::vector<Move> moves_for(const Features& features, const Options& options) {
  std::vector<Move> moves;
  for (const auto& [move, use] : {std::pair{Move::exchange, !all_alike(features)},
                                  {Move::drop, true},
                                  {Move::revive, true},
                                  {Move::pair, true},
                                  {Move::merge, true},
                                  {Move::configuration, !options.configurations.empty()},
                                  {Move::shake, true}}) {
    if (use) moves.push_back(move);
  }
  return moves;
}

}  // namespace

HoppingStart::HoppingStart(const ScaledFeatures& data, Index hidden, const Options& options)
    : data_(data),
      hidden_(hidden),
      options_(options),
      form_(form_of(data.features, hidden, options)),
      threads_(threads_for(data.features, options)),
      hop_(options_of_hops(options)),
      few_(hop_),
      begins_with_few_(options.objective == ObjectiveKind::exact && data.features.plain() &&
                       form_.tied_relu() && data.features.size() > 1),
      moves_(moves_for(data.features, options)) {
  few_.objective = ObjectiveKind::one_sparse;
}

void HoppingStart::run(Vector& x, sampling::PointStream& random, TrainedModel& result) {
  optimize::HoppingOptions walk;
  walk.patience = options_.patience;
  walk.tolerance = options_.minima.loss_tolerance;
  const double value = descend(hop_, x);
  optimize::walk(walk, value, x, [&](const Vector& here, Vector& there) {
    // One place of the list more: a start from elsewhere.
    if (random.below(moves_.size() + 1) == moves_.size()) {
      begin_anew(there, random);
    } else {
      move_from(here, there, random);
    }
    return descend(hop_, there);
  });
  OneStart(data_, hidden_, options_, threads_).run(x, random, result);
  result.summary.evaluations += spent_.summary.evaluations;
  result.unmet += spent_.unmet;
}

// The value where a descent with these options ends, in the unit of the data; x is there. NaN if
// it left the range of numbers.
double HoppingStart::descend(const Options& options, Vector& x) {
  TrainedModel end;
  OneStart(data_, hidden_, options, threads_).descend(x, end);
  spent_.summary.evaluations += end.summary.evaluations;
  spent_.unmet += end.unmet;
  return end.diverged() ? NAN : end.summary.value;
}

// From a random point, or from where the loss on one active feature leads it.
void HoppingStart::begin_anew(Vector& x, sampling::PointStream& random) {
  x.tail(form_.features()).setZero();
  scatter(x, form_.features(), xavier_deviation(form_.features(), hidden_), random);
  if (begins_with_few_ && random.below(2) == 0) descend(few_, x);
}

// One move, or now and then two: some minima are two moves apart.
void HoppingStart::move_from(const Vector& here, Vector& there,
                             sampling::PointStream& random) const {
  Autoencoder model = form_;
  from_parameters(here, model);
  const int moves = random.below(4) == 0 ? 2 : 1;
  for (int k = 0; k < moves; ++k) {
    const Move move = moves_[static_cast<std::size_t>(random.below(moves_.size()))];
    model = moved(move, std::move(model), data_.features, options_.configurations, random);
  }
  if (!options_.thresholds) model.b.setZero();
  there = to_parameters(model);
}

}  // namespace skeleta::training
