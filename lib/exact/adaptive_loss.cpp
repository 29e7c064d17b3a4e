#include "exact/adaptive_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace skeleta::exact {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

// First order: some 16 rounded operations for each factor, all passed on undamped. Estimated: they
// add up like random signs.
double rounding_factor(bool rigorous, Index count) {
  const auto factors = static_cast<double>(count + 4);
  return epsilon * (rigorous ? 16.0 * factors : 4.0 * std::sqrt(factors));
}

// How E(x_i − x̂_i)² can change if z_i does by δ with E δ² ≤ size²: |E(e + δ)² − E e²| with e the
// error of the output, by Cauchy and Schwarz.
double perturbation(double square_error, double size) {
  return 2.0 * std::sqrt(std::max(square_error, 0.0)) * size + size * size;
}

Index round_up(double nodes) {
  return static_cast<Index>(std::ceil(nodes / static_cast<double>(nodes_per_block))) *
         nodes_per_block;
}

}  // namespace

AdaptiveLoss::AdaptiveLoss(const Features& features, const Options& options)
    : features_(features), options_(options), tasks_(at(features.size())) {
  const auto count = static_cast<std::size_t>(features.size());
  workspaces_.resize(std::min(count, static_cast<std::size_t>(resolve_threads(options.threads))));
  for (Workspace& workspace : workspaces_) {
    workspace.row.resize(features.size());
    workspace.phases.resize(features.size());
    workspace.gradient.resize(features.size());
  }
}

double AdaptiveLoss::target_for(double value) const {
  // Below the smallest normal number nothing can be told apart.
  return std::max({options_.absolute_target, options_.relative_target * std::abs(value), zero_,
                   std::numeric_limits<double>::min()});
}

bool AdaptiveLoss::has_contour(Index i) const {
  const Output& output = tasks_[at(i)].output;
  return importance(i) > 0.0 && output.count > 0 && output.side == Side::both;
}

// |δG_ik| ≤ (d + 2) ε/2 · |w_i||w_k|, and √E(Σ_k δG_ik x_k)² ≤ Σ_k |δG_ik| √(p_k/3).
void AdaptiveLoss::read_outputs(const ReluAutoencoder& model) {
  model_ = &model;
  gram_.resize(features_.size(), features_.size());
  for_each_block([&](Index first, Index columns) {
    gram_.middleCols(first, columns).noalias() =
        model.W.transpose() * model.W.middleCols(first, columns);
  });
  double norms = 0.0;
  for (Index k = 0; k < features_.size(); ++k) {
    norms += model.W.col(k).norm() * std::sqrt(features_.density(k) / 3.0);
  }
  row_error_ = (static_cast<double>(model.hidden() + 2) * 0.5 * epsilon * norms) *
               model.W.colwise().norm().transpose();
  zero_ = 4.0 * features_.importance.dot(row_error_.cwiseAbs2());
  for (Task& task : tasks_) {
    task = {};
    task.fine_limit = fine_limit_;
  }
  for_each_row([&](Index i, Workspace& workspace) {
    read_output(workspace.row, gram_.col(i).data(), tasks_[at(i)].output);
  });
}

// Below the loss: the parts with at most one active feature. If these vanish (few features, all in
// their own directions) a thousandth of the loss of the zero model; plan is repeated if that is
// wrong.
double AdaptiveLoss::first_guess() const {
  double low = 0.0;
  for (Index i = 0; i < features_.size(); ++i) low += importance(i) * tasks_[at(i)].output.closed;
  return std::max(low, 1e-3 * features_.importance.dot(features_.density) / 3.0);
}

// What each output may leave out. Bounds add up linearly; estimated errors of many outputs mostly
// like random signs (truncation_total); rows of Γ like squares.
void AdaptiveLoss::set_shares(double truncation, double value) {
  const auto count = static_cast<double>(features_.size());
  share_ = truncation / (rigorous() ? count : std::min(count, 3.0 * std::sqrt(count)));
  derivatives_share_ = options_.gradient_target * std::abs(value) / std::sqrt(count);
}

void AdaptiveLoss::plan(double guess) {
  const double target = target_for(guess);
  const auto count = static_cast<double>(features_.size());
  set_shares(0.5 * target, guess);
  if (with_gradient_) sums_.setZero(features_.size(), features_.size());
  // The indicators under the gradient have Chernoff factors up to 100 times those of the loss.
  const double aliasing =
      0.1 * (with_gradient_ ? std::min(target, 1e-2 * options_.gradient_target * guess) : target);
  for_each_row([&](Index i, Workspace& workspace) {
    Task& task = tasks_[at(i)];
    task.total = task.derivative_total = {};
    if (importance(i) == 0.0) return;
    choose_fine(i, workspace);
    const double tolerance = aliasing / (count * importance(i));
    choose_period(std::max(tolerance, std::numeric_limits<double>::min()), task.output);
    if (has_contour(i)) {
      task.output.pairs = pair_ramps(workspace.row, gram_.col(i).data());
      task.goal = first_nodes(workspace.row, task.output, share_ / importance(i));
      extend(i, workspace);
    }
    finish(i, workspace);
  });
}

// Where the fine law may hide too much, all features are main.
void AdaptiveLoss::choose_fine(Index i, Workspace& workspace) {
  Task& task = tasks_[at(i)];
  const FineError error = fine_error(workspace.row);
  const double weight = importance(i) * workspace.row.mass;
  task.fine = {weight * error.square, 2.0 * weight * error.derivatives};
  const bool harmless = task.fine.square <= 0.25 * share_ &&
                        (!with_gradient_ || task.fine.derivatives <= 0.25 * derivatives_share_);
  if (harmless) return;
  task.fine_limit = 0.0;
  task.fine = {};
  read_row(gram_.col(i).data(), model_->b(i), i, features_.density, 0.0, workspace.row);
  read_output(workspace.row, gram_.col(i).data(), task.output);
}

Index AdaptiveLoss::first_nodes(const Row& row, const Output& output, double share) const {
  constexpr Index least = 2 * nodes_per_block;
  // Many features hardly ever get by with the least, and a round costs as much as 30 nodes.
  if (!rigorous()) return std::min(row.count < 64 ? least : 2 * least, most_nodes());
  const double tolerance = share * output.period / (2.0 * output.mass);
  return nodes_for_bound(row, output, tolerance, least, most_nodes());
}

void AdaptiveLoss::extend(Index i, Workspace& workspace) {
  Task& task = tasks_[at(i)];
  const Index first = task.total.nodes();
  const std::size_t blocks = at((task.goal - first) / nodes_per_block);
  workspace.sums.resize(blocks);
  if (with_gradient_) {
    workspace.derivatives.resize(blocks);
    sum_gradient(workspace.row, task.output, workspace.phases, workspace.gradient, first,
                 workspace.sums, workspace.derivatives, sums_.col(i).data());
    task.derivative_total.add(workspace.derivatives);
  } else {
    sum_loss(workspace.row, task.output, workspace.phases, first, workspace.sums);
  }
  task.total.add(workspace.sums);
}

void AdaptiveLoss::finish(Index i, Workspace& workspace) {
  Task& task = tasks_[at(i)];
  const Output& output = task.output;
  const bool contour = has_contour(i);
  const double unit = contour ? 2.0 / output.period : 0.0;
  const double sum = unit * task.total.value();
  const double value = square_error(output, sum);
  task.value = importance(i) * value;
  const double noise = row_error_(i) + output.dropped;
  task.fixed =
      importance(i) * ((output.count > 0 ? output.aliasing : 0.0) + perturbation(value, noise)) +
      task.fine.square;
  const double magnitude = output.closed + output.mass * output.rest.square + 2.0 * output.pairs +
                           output.mass * (unit * task.total.amplitude() + std::abs(sum)) +
                           std::abs(value);
  task.rounding = importance(i) * rounding_factor(rigorous(), output.count) * magnitude;
  task.truncation = task.derivatives = 0.0;
  if (contour) {
    const double tail = rigorous() ? truncation_bound(workspace.row, output, task.total.nodes())
                                   : task.total.estimated_tail();
    const double weight = importance(i) * output.mass * unit;
    task.truncation = weight * tail;
    if (with_gradient_) {
      task.derivatives =
          2.0 * weight * task.derivative_total.estimated_tail() + task.fine.derivatives;
    }
  }
}

// Rigorous: the sum. Estimated: three standard deviations if the outputs' errors are independent,
// and what the last round changed in sum, in case they are not (symmetric models); never more than
// the sum.
double AdaptiveLoss::truncation_total() const {
  double total = 0.0, squares = 0.0, drift = 0.0;
  for (const Task& task : tasks_) {
    total += task.truncation;
    squares += task.truncation * task.truncation;
    drift += std::copysign(task.truncation, task.total.last_value());
  }
  return rigorous() ? total : std::min(total, 3.0 * std::sqrt(squares) + std::abs(drift));
}

double AdaptiveLoss::derivatives_total() const {
  double squares = 0.0;
  for (const Task& task : tasks_) squares += task.derivatives * task.derivatives;
  return std::sqrt(squares);
}

Loss AdaptiveLoss::summary() const {
  Loss result;
  double fixed = 0.0;
  for (const Task& task : tasks_) {
    result.value += task.value;
    fixed += task.fixed + task.rounding;
    result.nodes = std::max(result.nodes, task.total.nodes());
    result.factors +=
        static_cast<double>(task.total.nodes()) * static_cast<double>(task.output.count);
  }
  fixed += epsilon * static_cast<double>(features_.size()) * std::abs(result.value);
  result.error_bound = fixed + truncation_total();
  result.gradient_error = derivatives_total();
  const bool met = result.error_bound <= target_for(result.value) &&
                   result.gradient_error <= options_.gradient_target * std::abs(result.value);
  result.stop_reason = met ? StopReason::exact : StopReason::nodes;
  return result;
}

// Sets the goals of the next round; false if there is nothing left to raise.
bool AdaptiveLoss::raise_goals(const Loss& present) {
  const double truncation = truncation_total();
  const double allowed = target_for(present.value) - (present.error_bound - truncation);
  set_shares(0.7 * std::max(allowed, 0.0), present.value);
  double worst = 0.0;
  for (const Task& task : tasks_) worst = std::max(worst, task.truncation);
  double limit = std::numeric_limits<double>::infinity();
  if (truncation > allowed && allowed > 0.0) limit = std::min(share_, 0.5 * worst);
  bool raised = false;
  for (Index i = 0; i < features_.size(); ++i) {
    Task& task = tasks_[at(i)];
    task.goal = task.total.nodes();
    if (!has_contour(i)) continue;
    const double excess = std::max(task.truncation / limit, task.derivatives / derivatives_share_);
    if (!(excess > 1.0)) continue;
    // The tail falls like n⁻⁴ in the end; more than double at once would trust that too far.
    const double factor = std::pow(excess / 0.7, 0.25);
    const double goal = static_cast<double>(task.goal) * std::clamp(factor, 1.1, 2.0);
    task.goal = std::min(round_up(goal), most_nodes());
    raised = raised || task.goal > task.total.nodes();
  }
  return raised;
}

void AdaptiveLoss::run_round() {
  for_each_row([&](Index i, Workspace& workspace) {
    if (!has_contour(i) || tasks_[at(i)].goal <= tasks_[at(i)].total.nodes()) return;
    extend(i, workspace);
    finish(i, workspace);
  });
}

void AdaptiveLoss::refuse_unreachable(const Loss& loss) const {
  if (!std::isfinite(loss.value) || !std::isfinite(loss.error_bound)) {
    throw std::invalid_argument(
        "the loss of this model exceeds the range of double: scale W and b down");
  }
  double rounding = 0.0;
  for (const Task& task : tasks_) rounding += task.rounding;
  if (rounding > target_for(std::abs(loss.value) + loss.error_bound)) {
    throw std::invalid_argument(fmt::format(
        "the target {:.3g} is below what double precision can reach for this model: rounding alone "
        "may be {:.3g}, {:.3g} of the loss {:.6g}; ask for relative_target {:.0e} or more",
        target_for(loss.value), rounding, rounding / loss.value, loss.value,
        4.0 * rounding / loss.value));
  }
}

// None under rigorous control, whose bounds gain nothing, and for skeletons, which count all
// features. Otherwise so small that what the fine law leaves, in order of size³ in the loss and
// size² in its derivatives, hardly matters: entries a little larger are resolved by a few hundred
// nodes.
double AdaptiveLoss::fine_limit(Purpose purpose) const {
  if (rigorous() || purpose == Purpose::skeletons) return 0.0;
  const double of_loss = 0.25 * std::cbrt(options_.relative_target);
  return purpose == Purpose::loss ? of_loss
                                  : std::min(of_loss, 0.2 * std::sqrt(options_.gradient_target));
}

Loss AdaptiveLoss::evaluate(const ReluAutoencoder& model, Purpose purpose) {
  with_gradient_ = purpose == Purpose::gradient;
  fine_limit_ = fine_limit(purpose);
  read_outputs(model);
  plan(first_guess());
  Loss result = summary();
  for (;;) {
    refuse_unreachable(result);
    if (result.met_target()) return result;
    double aliasing = 0.0;
    for (Index i = 0; i < features_.size(); ++i) {
      aliasing += importance(i) * tasks_[at(i)].output.aliasing;
    }
    if (aliasing > 0.3 * target_for(result.value)) {
      plan(0.5 * std::abs(result.value));
    } else if (raise_goals(result)) {
      run_round();
    } else {
      return result;
    }
    result = summary();
  }
}

// Γ_ij = −2 v_i E[(x_i − x̂_i) x_j 1{z_i > b_i}] = dL/dG_ij, so dL/dW = W(Γ + Γᵀ).
void AdaptiveLoss::gradient(Matrix& dW, Vector& db) {
  const Index count = features_.size();
  db.resize(count);
  for_each_row([&](Index i, Workspace& workspace) {
    const Task& task = tasks_[at(i)];
    Eigen::Map<Vector> by_feature(workspace.gradient.entries.data(), count);
    double slope = 0.0;
    by_feature.setZero();
    if (importance(i) > 0.0) {
      slope =
          finish_gradient(workspace.row, gram_.col(i).data(), task.output, features_.density,
                          task.derivative_total.value(), sums_.col(i).data(), by_feature.data());
    }
    db(i) = 2.0 * importance(i) * slope;
    sums_.col(i) = (-2.0 * importance(i)) * by_feature;
  });
  dW.resize(model_->hidden(), count);
  for_each_block([&](Index first, Index columns) {
    auto block = dW.middleCols(first, columns);
    block.noalias() = model_->W * sums_.middleCols(first, columns);
    block.noalias() += model_->W * sums_.middleRows(first, columns).transpose();
  });
}

Vector AdaptiveLoss::contributions(Index most) {
  if (most < 0) return {};
  Matrix parts = Matrix::Zero(most + 1, features_.size());
  for_each_row([&](Index i, Workspace& workspace) {
    if (importance(i) == 0.0) return;
    const Task& task = tasks_[at(i)];
    split_by_count(workspace.row, gram_.col(i).data(), task.output, task.total.nodes(),
                   importance(i), workspace.phases, workspace.skeletons,
                   std::span(parts.col(i).data(), at(most + 1)));
  });
  return parts.rowwise().sum();
}

}  // namespace skeleta::exact
