#pragma once

#include <vector>

#include "skeleta/sampling/stream.h"
#include "skeleta/training/train.h"
#include "training/moves.h"
#include "training/natural_coordinates.h"

namespace skeleta::training {

/// One start of Search::hopping: a walk over minima, to the exactly evaluated end of its last
/// descent. Likewise as OneStart, which does the descents.
class HoppingStart {
 public:
  HoppingStart(const ScaledFeatures& data, Index hidden, const Options& options);

  /// Walks from where x leads to and fills `result`, but for its number `start`, which is read.
  /// `random` goes on after the words that x was drawn with.
  void run(Vector& x, sampling::PointStream& random, TrainedModel& result);

 private:
  double descend(const Options& options, Vector& x);
  void begin_anew(Vector& x, sampling::PointStream& random);
  void move_from(const Vector& here, Vector& there, sampling::PointStream& random) const;

  const ScaledFeatures& data_;
  Index hidden_;
  const Options& options_;
  Autoencoder form_;
  int threads_;
  Options hop_, few_;        ///< Of the descents of hops, and of those on few active features.
  bool begins_with_few_;     ///< Does the model have such an objective, and is it another one?
  std::vector<Move> moves_;  ///< Those that change a model of this form.
  TrainedModel spent_;       ///< Evaluations of all descents but the last.
};

}  // namespace skeleta::training
