#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <vector>

#include "core/shared_loop.h"
#include "exact/fine_error.h"
#include "exact/gradient.h"
#include "exact/kept_curvature.h"
#include "exact/loops.h"
#include "exact/main_entries.h"
#include "exact/phases.h"
#include "exact/row_curvature.h"
#include "exact/task.h"
#include "skeleta/core/parallel.h"
#include "skeleta/exact/loss.h"

/// The loop over outputs and nodes: gives every output as many nodes as the target asks for.
namespace skeleta::exact {

/// Buffers of one thread.
struct Workspace {
  explicit Workspace(Index features) {
    row.resize(features);
    phases.resize(features);
    gradient.resize(features);
    bound.resize(features);
    curvature.resize(features);
    column.resize(features);
    others.resize(static_cast<std::size_t>(features));
  }

  Row row;
  Phases phases;
  std::vector<NodeSum> sums, derivatives;
  GradientWorkspace gradient;
  DerivativeWorkspace bound;
  SkeletonWorkspace skeletons;
  CurvatureWorkspace curvature;
  CurvatureSums curvature_sums;
  Vector column;  ///< Of gram, without its tiny entries.
  KeptCurvature::Buffers kept;
  std::vector<Others> others;  ///< For finish_gradient.
};

/// How small errors are asked to be, in the unit of AdaptiveLoss.
struct Target {
  double absolute, relative, gradient;
  double least = 0.0;  ///< A loss that the rounding of G cannot tell from 0, if that is little.

  double of_loss(double value) const {
    return std::max({absolute, relative * std::abs(value), least});
  }

  /// Relative to the loss. Losses below absolute/relative count as that: near a minimum of 0
  /// derivatives need not be better than the loss.
  double of_gradient(double value) const {
    return gradient * std::max(std::abs(value), relative > 0.0 ? absolute / relative : 0.0);
  }
};

/// What an evaluation is for.
enum class Wanted : std::int8_t { loss, gradient, skeletons };

/// All outputs' second derivatives by (row i of A, b_i), and how well they are known.
struct Curvatures {
  std::vector<Matrix> K;
  Vector errors;                 ///< Estimates, in norm.
  std::vector<char> on_contour;  ///< Would more nodes lower them?

  double error() const { return errors.norm(); }
  bool may_extend() const { return std::ranges::find(on_contour, char{1}) != on_contour.end(); }
};

/// With few nodes, of a model with so many features.
double seconds_of_all_rows(Index features);

/// Do several ranks gain anything from a part of the rows each?
inline bool worth_sharing(Index features) {
  constexpr double exchange = 1e-3;  // seconds, with what the ranks wait for each other
  return seconds_of_all_rows(features) > exchange;
}

class AdaptiveLoss {
 public:
  AdaptiveLoss(const Features& features, const Options& options);

  /// Evaluates the loss of a valid model, and what gradient() or contributions() will need.
  Loss evaluate(const Autoencoder& model, Wanted wanted);

  /// The gradient of the model evaluated last.
  void gradient(Gradient& result);

  /// The second derivatives by A and b of the model whose gradient was taken last, times a
  /// direction (curvature.h), on the contours of that gradient with `more` times its nodes. With
  /// fewer (more < 1) and up to 600 features the first product keeps what further ones at the same
  /// point need (kept_curvature.h), some 512 D² bytes. Returns an estimate of the error of (R, r)
  /// in norm, of kept ones none.
  double row_products(const Matrix& U, const Vector& beta, double more, Matrix& R, Vector& r);

  /// All of them at once, dense; rows that read few features in closed form (main_entries.h). Of
  /// `curvatures` that came from fewer nodes only rows that more of them improve are done again.
  void curvatures(double more, Curvatures& curvatures);

  const Matrix& gamma() const { return gamma_; }  ///< Column i is row i of Γ, after gradient().

  /// C_0, …, C_most of the model evaluated last, with the same nodes.
  Vector contributions(Index most);

 private:
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
  double importance(Index i) const { return unit_.features.importance(i); }
  bool rigorous() const { return rigorous_; }
  bool has_energies(const Autoencoder& model) const;
  bool may_be_lost(Index i) const;
  Index most_nodes() const { return options_.maximum_nodes / nodes_per_block * nodes_per_block; }

  const Matrix& decoder() const { return model_->tied() ? model_->W : decoder_; }
  const Vector& output_norms() const { return model_->tied() ? norms_ : output_norms_; }
  bool has_contour(Index i) const;
  /// body(i, workspace) with workspace.row holding output i, for all i of [0, D), in parallel.
  /// Ranks share them: the others hear of tasks_[i], and what pass(parcel, i) hands over.
  template <class Body, class Pass>
  void for_each_row(Body body, Pass pass);
  template <class Body>
  void for_each_row(Body body) {
    for_each_row(body, [](Parcel&, Index) {});
  }

  double fine_limit(Wanted wanted) const;
  void read_outputs(const Autoencoder& model);
  double first_guess() const;
  void plan(double guess);
  bool negligible_output(Index i, double target);
  AliasTolerance alias_tolerance(Index i, double guess) const;
  void choose_fine(Index i, Workspace& workspace);
  Index first_nodes(const Row& row, const Output& output, double share) const;
  bool raise_goals(const Loss& present);
  void run_round();
  void extend(Index i, Workspace& workspace);
  void finish(Index i, Workspace& workspace);
  void finish_derivatives(Index i, Workspace& workspace);
  Loss summary() const;
  bool aliases_exceed(const Loss& loss) const;
  std::optional<Loss> unreachable(const Loss& loss) const;
  double row_product(Index i, const double* u, double beta, double more, Workspace& workspace,
                     double* result, double& slope);
  Matrix main_curvature(Index i, std::span<const Index> main, double threshold, Index nodes,
                        Workspace& workspace, double& error);
  Index curvature_nodes(Index i, double more) const;
  void read_curvature_row(Index i, Workspace& workspace);
  const Matrix* closed_row(Index i);
  const KeptCurvature* kept_row(Index i, double more, Workspace& workspace);
  void set_shares(double truncation, double value);

  const Features& features_;
  const Options& options_;
  const int threads_;
  const ScaledFeatures unit_;   ///< Of all losses and errors here, in which no sum overflows.
  const double least_density_;  ///< Of those above 0.
  Target target_;
  const Autoencoder* model_ = nullptr;
  Matrix decoder_;                  ///< W_outᵀ, d × D; empty if tied.
  Matrix gram_;                     ///< Column i is row i of A.
  Vector norms_;                    ///< |w_k|
  Vector output_norms_;             ///< |row i of the decoder|; empty if tied.
  Vector row_error_;                ///< Bound on √E(δz_i)², δz_i from the rounding of G.
  double share_ = 0.0;              ///< Truncation allowed to one output.
  double derivatives_share_ = 0.0;  ///< Likewise of its derivatives.
  bool with_gradient_ = false;
  bool rigorous_ = true;     ///< As asked for, or where nothing can be estimated.
  double fine_limit_ = 0.0;  ///< For rows where it does no harm.
  /// Column i is row i of Γ in the making: Σ Re F_j by position in the row of output i while nodes
  /// are added, and the entries of Γ, by feature, once gradient() has finished it. Before that only
  /// the rank of the output has it.
  Matrix gamma_;
  std::vector<Task> tasks_;
  std::vector<Workspace> workspaces_;
  /// Second derivatives of outputs, once a product asked for them at the model evaluated last: K
  /// where it is closed, else empty; and on few nodes of the contour.
  struct KnownRow {
    bool closed_known = false;
    Matrix K;
    std::optional<KeptCurvature> kept;
  };
  std::vector<KnownRow> known_rows_;
};

template <class Body, class Pass>
void AdaptiveLoss::for_each_row(Body body, Pass pass) {
  const int threads = resolve_threads(threads_);
  const std::size_t workers = std::min(tasks_.size(), static_cast<std::size_t>(threads));
  while (workspaces_.size() < workers) workspaces_.emplace_back(features_.size());
  const auto compute = [&](std::size_t output, std::size_t worker) {
    const auto i = static_cast<Index>(output);
    Workspace& workspace = workspaces_[worker];
    read_row(gram_.col(i).data(), model_->b(i), i, features_.density, tasks_[output].fine_limit,
             workspace.row);
    body(i, workspace);
  };
  if (!worth_sharing(features_.size())) {
    return parallel_for(tasks_.size(), threads, compute);
  }
  // Rows of Γ may be all D² numbers: they go in parts.
  constexpr std::size_t most_bytes = 1 << 26;
  const std::size_t bytes = sizeof(Task) + sizeof(double) * tasks_.size();
  const std::size_t part = std::max(std::size_t{1}, most_bytes / bytes);
  for (std::size_t first = 0; first < tasks_.size(); first += part) {
    for_each_shared(
        std::min(part, tasks_.size() - first), threads,
        [&](std::size_t k, std::size_t worker) { compute(first + k, worker); },
        [&](Parcel& parcel, std::size_t k) {
          parcel(tasks_[first + k]);
          pass(parcel, static_cast<Index>(first + k));
        });
  }
}

}  // namespace skeleta::exact
