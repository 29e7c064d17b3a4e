#include "exact/adaptive_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "core/products.h"
#include "exact/given_units.h"
#include "exact/perturbation.h"
#include "exact/weight_gradient.h"

namespace skeleta::exact {
namespace {

// Of estimated tails; chosen by how rarely they are exceeded (options.h).
constexpr double caution_of_loss = 6.0, caution_of_derivatives = 3.0;

// First order: some 16 rounded operations for each factor, all passed on undamped. Estimated: they
// add up like random signs.
double rounding_factor(bool rigorous, Index count) {
  const auto factors = static_cast<double>(count + 4);
  return epsilon * (rigorous ? 16.0 * factors : 4.0 * std::sqrt(factors));
}

// Operations on numbers below the normal ones are off by as much as on the smallest of those. What
// is 0 is that exactly, unless it was lost.
double with_underflow(double magnitude, bool may_be_lost) {
  return magnitude > 0.0 || may_be_lost ? magnitude + std::numeric_limits<double>::min() : 0.0;
}

double least_density(const Vector& density) {
  double least = 1.0;
  for (const double p : density) least = p > 0.0 ? std::min(least, p) : least;
  return least;
}

// |δA_ik| ≤ this |o_i||w_k|, o_i row i of the decoder.
double rounding_of_products(Index hidden) {
  return static_cast<double>(hidden + 2) * 0.5 * epsilon;
}

// The norm over j and b of what the closed forms and moments of E[(x_i − x̂_i) x_j u] are sums of:
// E[x_j (x_i + |z| + |b|)], the last where the threshold acts without z.
double magnitude_of_derivatives(const Row& row, const Output& output, double p_own) {
  double mean = 0.0, densities = 0.0, entries = 0.0;
  for (Index n = 0; n < row.fine_end(); ++n) {
    const double g = std::abs(row.g[static_cast<std::size_t>(n)]), p = row.probability(n);
    mean += p * g;
    densities += p * p;
    entries += p * p * g * g;
  }
  for (const double p : row.idle) densities += p * p;
  const bool constant = output.threshold < 0.0 || output.side == Side::above;
  const double threshold = constant ? std::abs(output.threshold) : 0.0;
  return (p_own + output.scale * mean + threshold) * (1.0 + std::sqrt(densities)) +
         output.scale * std::sqrt(entries);
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

double seconds_of_all_rows(Index features) {
  return 3e-6 * static_cast<double>(features * features);
}

AdaptiveLoss::AdaptiveLoss(const Features& features, const Options& options)
    : features_(features),
      options_(options),
      threads_(worthwhile_threads(seconds_of_all_rows(features.size()), options.threads)),
      unit_(scaled(features)),
      least_density_(least_density(features.density)),
      target_{std::ldexp(options.absolute_target, -unit_.exponent), options.relative_target,
              options.gradient_target},
      tasks_(at(features.size())) {}

bool AdaptiveLoss::has_contour(Index i) const {
  const Output& output = tasks_[at(i)].output;
  return importance(i) > 0.0 && !tasks_[at(i)].bounded && output.count > 0 &&
         output.side == Side::both;
}

// Tails are estimated from energies |F|², with F ~ p² A, or p² A² where x_i is never active. Are
// these normal numbers?
bool AdaptiveLoss::has_energies(const Autoencoder& model) const {
  if (least_density_ < 1e-60) return false;
  const double largest = model.W.cwiseAbs().maxCoeff();
  for (Index i = 0; i < features_.size(); ++i) {
    const double own = model.tied() ? model.W.col(i).cwiseAbs().maxCoeff()
                                    : model.W_out.row(i).cwiseAbs().maxCoeff();
    const bool silent = features_.density(i) == 0.0 && importance(i) > 0.0;
    if (silent && own > 0.0 && own * largest < 1e-30) return false;
  }
  return true;
}

// Whether E(x_i − x̂_i)² may be below all numbers of double and not 0: b², and p_k (A_ik − 1{k =
// i})² /3 where a density is so small that p_k ε² is.
bool AdaptiveLoss::may_be_lost(Index i) const {
  if (tasks_[at(i)].output.threshold < 0.0) return true;
  if (least_density_ > 1e-280) return false;
  for (Index k = 0; k < features_.size(); ++k) {
    if (features_.density(k) > 0.0 && gram_(k, i) != (k == i ? 1.0 : 0.0)) return true;
  }
  return false;
}

// |δA_ik| ≤ (d + 2) ε/2 · |o_i||w_k|, and √E(Σ_k δA_ik x_k)² ≤ Σ_k |δA_ik| √(p_k/3).
void AdaptiveLoss::read_outputs(const Autoencoder& model) {
  model_ = &model;
  if (!model.tied()) decoder_ = model.W_out.transpose();
  gram_.resize(features_.size(), features_.size());
  for_each_block(features_.size(), threads_, [&](Index first, Index columns) {
    set_transposed_product(model.W, decoder().middleCols(first, columns),
                           gram_.middleCols(first, columns));
  });
  column_norms(model.W, norms_);
  if (!model.tied()) column_norms(decoder_, output_norms_);
  double norms = 0.0;
  for (Index k = 0; k < features_.size(); ++k) {
    norms += norms_(k) * std::sqrt(features_.density(k) / 3.0);
  }
  row_error_ = (rounding_of_products(model.hidden()) * norms) * output_norms();
  target_.least = std::min(4.0 * unit_.features.importance.dot(row_error_.cwiseAbs2()),
                           options_.relative_target * loss_of_zero_model(unit_.features));
  for (Task& task : tasks_) {
    task = {};
    task.fine_limit = fine_limit_;
  }
  for_each_row([&](Index i, Workspace& workspace) {
    loops().output(workspace.row, gram_.col(i).data(), tasks_[at(i)].output);
  });
}

// Below the loss: the parts with at most one active feature. If these vanish (few features, all in
// their own directions) a thousandth of the loss of the zero model; plan is repeated if that is
// wrong.
double AdaptiveLoss::first_guess() const {
  double low = 0.0;
  for (Index i = 0; i < features_.size(); ++i) low += importance(i) * tasks_[at(i)].output.closed;
  return std::max(low, 1e-3 * loss_of_zero_model(unit_.features));
}

// What each output may leave out. Bounds add up linearly; estimated errors of many outputs mostly
// like random signs (truncation_total); rows of Γ like squares.
void AdaptiveLoss::set_shares(double truncation, double value) {
  const auto count = static_cast<double>(features_.size());
  share_ = truncation / (rigorous() ? count : std::min(count, 3.0 * std::sqrt(count)));
  derivatives_share_ =
      std::max(target_.of_gradient(value) - derivatives_fixed(tasks_), 0.0) / std::sqrt(count);
}

void AdaptiveLoss::plan(double guess) {
  const double target = target_.of_loss(guess);
  for (Task& task : tasks_) task.derivatives_fixed = 0.0;
  set_shares(0.5 * target, guess);
  if (with_gradient_) gamma_.setZero(features_.size(), features_.size());
  for_each_row([&](Index i, Workspace& workspace) {
    Task& task = tasks_[at(i)];
    task.total = task.derivative_total = {};
    if (importance(i) == 0.0 || negligible_output(i, target)) return;
    choose_fine(i, workspace);
    choose_period(alias_tolerance(i, guess), task.output);
    if (has_contour(i)) {
      task.output.pairs = loops().pairs(workspace.row, gram_.col(i).data());
      task.goal = first_nodes(workspace.row, task.output, share_ / importance(i));
      extend(i, workspace);
    }
    finish(i, workspace);
  });
}

// Outputs that cannot matter are bounded, not evaluated: their tolerances might leave the range of
// double.
bool AdaptiveLoss::negligible_output(Index i, double target) {
  constexpr double matters = 0x1p-100;
  Task& task = tasks_[at(i)];
  const double v = importance(i), largest = largest_square(task.output);
  task.bounded = v * largest <= matters * target;
  if (!task.bounded) return false;
  task.value = task.rounding = task.truncation = task.derivatives = task.perturbation = 0.0;
  task.fixed = v * largest;
  task.derivatives_fixed = 2.0 * v * std::sqrt(largest * task.output.parts);
  task.output.aliasing = task.output.derivative_aliasing = 0.0;
  return true;
}

// A tenth of the targets: bounds of the loss add up, those of rows of Γ like squares.
AliasTolerance AdaptiveLoss::alias_tolerance(Index i, double guess) const {
  const auto count = static_cast<double>(features_.size());
  const double v = importance(i), square = 0.1 * target_.of_loss(guess) / (count * v);
  const double derivatives = 0.1 * target_.of_gradient(guess) / (2.0 * v * std::sqrt(count));
  return {std::min(square, largest_square(tasks_[at(i)].output)),
          with_gradient_ ? std::min(derivatives, 0x1p1000) : INFINITY};
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
  loops().output(workspace.row, gram_.col(i).data(), task.output);
}

Index AdaptiveLoss::first_nodes(const Row& row, const Output& output, double share) const {
  constexpr Index least = 2 * nodes_per_block;
  // Many features hardly ever get by with the least, and a round costs as much as 30 nodes.
  if (!rigorous()) return std::min(row.count < 64 ? least : 2 * least, most_nodes());
  const double tolerance = share * output.period / (2.0 * output.mass);
  return loops().nodes(row, output, tolerance, least, most_nodes());
}

void AdaptiveLoss::extend(Index i, Workspace& workspace) {
  Task& task = tasks_[at(i)];
  const Index first = task.total.nodes();
  const std::size_t blocks = at((task.goal - first) / nodes_per_block);
  workspace.sums.resize(blocks);
  if (with_gradient_) {
    workspace.derivatives.resize(blocks);
    loops().gradient(workspace.row, task.output, workspace.phases, workspace.gradient, first,
                     workspace.sums, workspace.derivatives, gamma_.col(i).data());
    task.derivative_total.add(workspace.derivatives);
  } else {
    loops().loss(workspace.row, task.output, workspace.phases, first, workspace.sums);
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
  const double lost = with_underflow(magnitude, may_be_lost(i));
  task.rounding = importance(i) * rounding_factor(rigorous(), output.count) * lost;
  if (importance(i) > 0.0 && lost > 0.0) {
    task.rounding = std::max(task.rounding, std::numeric_limits<double>::denorm_min());
  }
  task.truncation = 0.0;
  if (contour) {
    const double tail = rigorous() ? loops().truncation(workspace.row, output, task.total.nodes())
                                   : task.total.estimated_tail(caution_of_loss);
    task.truncation = importance(i) * output.mass * unit * tail;
  }
  if (with_gradient_) finish_derivatives(i, workspace);
}

// All errors of E[(x_i − x̂_i) x_j 1{z > b}], in norm over j and b, and 2v_i times them. Estimated
// rounding: the norm of all sums is about √(D + 1) times that of b's.
void AdaptiveLoss::finish_derivatives(Index i, Workspace& workspace) {
  Task& task = tasks_[at(i)];
  const Output& output = task.output;
  const Row& row = workspace.row;
  const double weight = 2.0 * importance(i);
  const double unit = has_contour(i) ? 2.0 / output.period * output.mass : 0.0;
  task.perturbation =
      weight * derivative_perturbation(row, gram_.col(i).data(), features_.density, norms_,
                                       output_norms()(i), rounding_of_products(model_->hidden()));
  const double factor = rounding_factor(rigorous(), output.count);
  double rounding =
      factor *
      with_underflow(magnitude_of_derivatives(row, output, features_.density(i)), may_be_lost(i));
  double tail = 0.0;
  if (has_contour(i)) {
    const Index nodes = task.total.nodes();
    tail = rigorous() ? loops().truncation_of_derivatives(row, output, nodes, workspace.bound)
                      : task.derivative_total.estimated_tail(caution_of_derivatives);
    rounding +=
        unit * (rigorous()
                    ? epsilon * loops().rounding_of_derivatives(row, output, nodes, workspace.bound)
                    : factor * std::sqrt(output.parts) * task.derivative_total.amplitude());
  }
  const double aliasing = output.count > 0 ? output.derivative_aliasing : 0.0;
  task.derivatives = weight * unit * tail;
  task.derivatives_fixed =
      weight * (aliasing + rounding) + task.perturbation + task.fine.derivatives;
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
  result.error_bound = fixed + truncation_total(tasks_, rigorous());
  bool met = result.error_bound <= target_.of_loss(result.value);
  if (with_gradient_) {
    result.gradient_error = derivatives_total(tasks_);
    met = met && result.gradient_error <=
                     std::max(target_.of_gradient(result.value), rounding_of_gradient(tasks_));
  }
  result.stop_reason = met ? StopReason::exact : StopReason::nodes;
  return result;
}

// Sets the goals of the next round; false if there is nothing left to raise.
bool AdaptiveLoss::raise_goals(const Loss& present) {
  const double truncation = truncation_total(tasks_, rigorous());
  const double allowed = target_.of_loss(present.value) - (present.error_bound - truncation);
  set_shares(0.7 * std::max(allowed, 0.0), present.value);
  double worst = 0.0;
  for (const Task& task : tasks_) worst = std::max(worst, task.truncation);
  double limit = std::numeric_limits<double>::infinity();
  if (truncation > allowed && allowed > 0.0) limit = std::min(share_, 0.5 * worst);
  bool raised = false;
  const double derivatives_limit =
      derivatives_share_ > 0.0 ? derivatives_share_ : std::numeric_limits<double>::infinity();
  for (Index i = 0; i < features_.size(); ++i) {
    Task& task = tasks_[at(i)];
    task.goal = task.total.nodes();
    if (!has_contour(i)) continue;
    const double excess = std::max(task.truncation / limit, task.derivatives / derivatives_limit);
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

// The loss with the reason, if double precision cannot tell it to the target.
std::optional<Loss> AdaptiveLoss::unreachable(const Loss& normalised) const {
  const auto refuse = [&](const std::string& message) {
    if (options_.refuse_unreachable) throw std::invalid_argument(message);
  };
  Loss loss = in_given_units(normalised, unit_, options_);
  if (!std::isfinite(loss.value) || !std::isfinite(loss.error_bound)) {
    refuse(
        "the loss of this model exceeds the range of double: scale W and b, or importances, down");
    loss.value = std::numeric_limits<double>::quiet_NaN();
    loss.stop_reason = StopReason::non_finite;
    return loss;
  }
  double rounding = 0.0;
  for (const Task& task : tasks_) rounding += task.rounding;
  if (normalised.value != 0.0 &&
      rounding > target_.of_loss(std::abs(normalised.value) + normalised.error_bound)) {
    const std::string far = fmt::format(
        "the target {:.3g} is below what double precision can reach for this model: rounding alone "
        "may be {:.3g}",
        unit_.restored(target_.of_loss(normalised.value)), unit_.restored(rounding));
    const bool known = normalised.value > normalised.error_bound;  // to one digit
    refuse(known
               ? fmt::format(
                     "{}, {:.3g} of the loss {:.6g}; ask for relative_target {:.0e} or more", far,
                     rounding / normalised.value, loss.value, 4.0 * rounding / normalised.value)
               : fmt::format("{}, and of the loss it is only known that it is at most {:.3g}; ask "
                             "for absolute_target {:.0e} or more",
                             far, loss.value + loss.error_bound, unit_.restored(4.0 * rounding)));
    loss.stop_reason = StopReason::nodes;
    return loss;
  }
  return std::nullopt;
}

// None under rigorous control, whose bounds gain nothing, and for skeletons, which count all
// features. Otherwise so small that what the fine law leaves, in order of size³ in the loss and
// size² in its derivatives, hardly matters: entries a little larger are resolved by a few hundred
// nodes.
double AdaptiveLoss::fine_limit(Wanted wanted) const {
  if (rigorous() || wanted == Wanted::skeletons) return 0.0;
  const double of_loss = 0.25 * std::cbrt(options_.relative_target);
  return wanted == Wanted::loss ? of_loss
                                : std::min(of_loss, 0.2 * std::sqrt(options_.gradient_target));
}

bool AdaptiveLoss::aliases_exceed(const Loss& loss) const {
  double square = 0.0, derivatives = 0.0;
  for (Index i = 0; i < features_.size(); ++i) {
    const Output& output = tasks_[at(i)].output;
    const double of_gradient = 2.0 * importance(i) * output.derivative_aliasing;
    square += importance(i) * output.aliasing;
    derivatives += of_gradient * of_gradient;
  }
  return square > 0.3 * target_.of_loss(loss.value) ||
         (with_gradient_ && std::sqrt(derivatives) > 0.3 * target_.of_gradient(loss.value));
}

Loss AdaptiveLoss::evaluate(const Autoencoder& model, Wanted wanted) {
  with_gradient_ = wanted == Wanted::gradient;
  rigorous_ = options_.error_control == ErrorControl::rigorous || !has_energies(model);
  fine_limit_ = fine_limit(wanted);
  for (KnownRow& row : known_rows_) {
    row.closed_known = false;
    row.kept.reset();
  }
  read_outputs(model);
  double guess = first_guess();
  plan(guess);
  for (;;) {
    const Loss result = summary();
    if (const auto reported = unreachable(result)) return *reported;
    if (result.met_target()) return in_given_units(result, unit_, options_);
    const double lower = 0.5 * std::abs(result.value);
    if (lower < guess && aliases_exceed(result)) {
      guess = lower;
      plan(guess);
    } else if (raise_goals(result)) {
      run_round();
    } else {
      return in_given_units(result, unit_, options_);
    }
  }
}

// Γ_ij = −2 v_i E[(x_i − x̂_i) x_j 1{z_i > b_i}] = dL/dA_ij with A = W_out W: dL/dW = W_outᵀ Γ,
// dL/dW_out = Γ Wᵀ; tied, W(Γ + Γᵀ).
void AdaptiveLoss::gradient(Gradient& result) {
  const Index count = features_.size();
  result.db.resize(count);
  const auto finish = [&](Index i, Workspace& workspace) {
    const Task& task = tasks_[at(i)];
    Eigen::Map<Vector> by_feature(workspace.gradient.entries.data(), count);
    double slope = 0.0;
    by_feature.setZero();
    if (importance(i) > 0.0 && !task.bounded) {
      slope = loops().finish(workspace.row, gram_.col(i).data(), task.output, features_.density,
                             task.derivative_total.value(), gamma_.col(i).data(), workspace.others,
                             by_feature.data());
    }
    result.db(i) = 2.0 * features_.importance(i) * slope;
    gamma_.col(i) = (-2.0 * features_.importance(i)) * by_feature;
  };
  for_each_row(finish, [&](Parcel& parcel, Index i) {
    parcel(result.db(i));
    parcel.block(gamma_.col(i).data(), at(count));
  });
  set_weight_gradient(*model_, decoder(), gamma_, threads_, result);
}

Index AdaptiveLoss::curvature_nodes(Index i, double more) const {
  const double least = static_cast<double>(2 * nodes_per_block);
  const double nodes = more * static_cast<double>(tasks_[at(i)].total.nodes());
  return std::min(round_up(std::max(nodes, least)), most_nodes());
}

void AdaptiveLoss::curvatures(double more, Curvatures& curvatures) {
  const Index count = features_.size();
  const bool again = !curvatures.K.empty();
  if (!again) {
    curvatures.K.assign(at(count), Matrix::Zero(count + 1, count + 1));
    curvatures.errors.setZero(count);
    curvatures.on_contour.assign(at(count), 0);
  }
  const int threads = resolve_threads(threads_);
  const std::size_t workers = std::min(tasks_.size(), static_cast<std::size_t>(threads));
  while (workspaces_.size() < workers) workspaces_.emplace_back(count);
  parallel_for(tasks_.size(), threads, [&](std::size_t output, std::size_t worker) {
    const auto i = static_cast<Index>(output);
    if (importance(i) == 0.0 || tasks_[output].bounded) return;
    if (again && curvatures.on_contour[output] == 0) return;
    const double* row = gram_.col(i).data();
    const MainEntries entries = main_entries(row, i, features_.density);
    const bool contour = !entries.closed && has_contour(i);
    const Index nodes = curvature_nodes(i, more);
    double squares = 0.0, corner = 0.0;
    const auto of_main = [&](double threshold) -> Matrix {
      if (entries.closed) return closed_curvature(row, entries, features_.density, threshold);
      double error = 0.0;
      Matrix K = main_curvature(i, entries.main, threshold, nodes, workspaces_[worker], error);
      squares = std::max(squares, error * error);
      return K;
    };
    const double weight = 2.0 * features_.importance(i);
    curvatures.K[output] =
        weight * whole_curvature(row, entries, features_.density, model_->b(i), of_main, corner);
    curvatures.errors(i) = weight * std::sqrt(squares + corner * corner);
    curvatures.on_contour[output] = contour && nodes < most_nodes() ? 1 : 0;
  });
}

// By columns, from contours. As each has sums of its own, asymmetry shows their errors too.
Matrix AdaptiveLoss::main_curvature(Index i, std::span<const Index> main, double threshold,
                                    Index nodes, Workspace& workspace, double& error) {
  const auto size = static_cast<Index>(main.size());
  workspace.column.setZero();
  for (const Index k : main) workspace.column(k) = gram_(k, i);
  const Row& row = workspace.row;
  read_row(workspace.column.data(), threshold, i, features_.density, 0.0, workspace.row);
  Output output = tasks_[at(i)].output;
  output.threshold = row.threshold;
  output.c = row.c;
  const bool contour = has_contour(i);
  const double unit = contour ? 2.0 / output.period * output.mass : 0.0;
  Matrix K(size + 1, size + 1);
  Vector u = Vector::Zero(features_.size()), by_feature(features_.size());
  double squares = 0.0;
  for (Index n = 0; n <= size; ++n) {
    u.setZero();
    if (n < size) u(main[at(n)]) = 1.0;
    set_direction(row, features_.density, u.data(), n < size ? 0.0 : 1.0, workspace.curvature);
    if (contour) {
      loops().curvature(row, output, workspace.phases, workspace.curvature, nodes,
                        workspace.curvature_sums);
      squares += std::pow(unit * workspace.curvature_sums.tail, 2);
    }
    const RowCurvature sums =
        finish_curvature(row, workspace.column.data(), output, features_.density, u.data(), contour,
                         workspace.curvature, workspace.curvature_sums, by_feature.data());
    for (Index k = 0; k < size; ++k) K(k, n) = by_feature(main[at(k)]);
    K(size, n) = -sums.direction;
  }
  error = std::max(std::sqrt(squares), (K - K.transpose()).norm());
  return 0.5 * (K + K.transpose());
}

double AdaptiveLoss::row_products(const Matrix& U, const Vector& beta, double more, Matrix& R,
                                  Vector& r) {
  const Index count = features_.size();
  R.resize(count, count);
  r.resize(count);
  Vector errors(count);
  const int threads = resolve_threads(threads_);
  const std::size_t workers = std::min(tasks_.size(), static_cast<std::size_t>(threads));
  while (workspaces_.size() < workers) workspaces_.emplace_back(count);
  known_rows_.resize(tasks_.size());
  parallel_for(tasks_.size(), threads, [&](std::size_t output, std::size_t worker) {
    const auto i = static_cast<Index>(output);
    errors(i) =
        row_product(i, U.col(i).data(), beta(i), more, workspaces_[worker], R.col(i).data(), r(i));
  });
  return errors.norm();
}

// Of outputs that read few features: contours of few nodes would miss what is between tiny entries.
const Matrix* AdaptiveLoss::closed_row(Index i) {
  constexpr std::size_t few = 4;        // main features: less than a contour costs
  constexpr Index most_features = 100;  // or else all K take too much memory
  KnownRow& row = known_rows_[at(i)];
  if (!row.closed_known) {
    row.closed_known = true;
    row.K.resize(0, 0);
    if (has_contour(i) && features_.size() <= most_features) {
      const double* entries = gram_.col(i).data();
      const MainEntries main = main_entries(entries, i, features_.density);
      if (main.main.size() <= few) {
        double corner = 0.0;
        row.K = 2.0 * features_.importance(i) *
                whole_curvature(
                    entries, main, features_.density, model_->b(i),
                    [&](double threshold) {
                      return closed_curvature(entries, main, features_.density, threshold);
                    },
                    corner);
      }
    }
  }
  return row.K.size() > 0 ? &row.K : nullptr;
}

// Entries that are hardly there would take the longest contours.
void AdaptiveLoss::read_curvature_row(Index i, Workspace& workspace) {
  constexpr double tiny = 1e-6;
  const double least = tiny * gram_.col(i).cwiseAbs().maxCoeff();
  workspace.column = gram_.col(i);
  for (Index k = 0; k < features_.size(); ++k) {
    if (k != i && std::abs(workspace.column(k)) <= least) workspace.column(k) = 0.0;
  }
  read_row(workspace.column.data(), model_->b(i), i, features_.density, 0.0, workspace.row);
}

// Where steps ask for many products at one point.
const KeptCurvature* AdaptiveLoss::kept_row(Index i, double more, Workspace& workspace) {
  constexpr Index most_features = 600;  // or else it takes too much memory
  if (more >= 1.0 || features_.size() > most_features || !has_contour(i)) return nullptr;
  std::optional<KeptCurvature>& kept = known_rows_[at(i)].kept;
  if (!kept) {
    read_curvature_row(i, workspace);
    kept.emplace(workspace.row, workspace.column.data(), tasks_[at(i)].output, features_.density,
                 curvature_nodes(i, more), workspace.phases, workspace.curvature);
  }
  return kept->reliable() ? &*kept : nullptr;
}

double AdaptiveLoss::row_product(Index i, const double* u, double beta, double more,
                                 Workspace& workspace, double* result, double& slope) {
  const Index count = features_.size();
  const Task& task = tasks_[at(i)];
  slope = 0.0;
  std::fill_n(result, count, 0.0);
  if (importance(i) == 0.0 || task.bounded) return 0.0;
  if (const Matrix* K = closed_row(i)) {
    const Eigen::Map<const Vector> direction(u, count);
    Eigen::Map<Vector>(result, count) =
        K->topLeftCorner(count, count) * direction + beta * K->col(count).head(count);
    slope = K->row(count).head(count).dot(direction) + beta * (*K)(count, count);
    return 0.0;
  }
  const double weight = 2.0 * features_.importance(i);
  const auto finish = [&](const RowCurvature& row, double tail) {
    for (Index k = 0; k < count; ++k) result[k] *= weight;
    slope = -weight * row.direction;
    return weight * tail;
  };
  if (const KeptCurvature* kept = kept_row(i, more, workspace)) {
    return finish(kept->times(features_.density, u, beta, workspace.kept, result), 0.0);
  }
  read_curvature_row(i, workspace);
  set_direction(workspace.row, features_.density, u, beta, workspace.curvature);
  const bool contour = has_contour(i);
  if (contour) {
    loops().curvature(workspace.row, task.output, workspace.phases, workspace.curvature,
                      curvature_nodes(i, more), workspace.curvature_sums);
  }
  const double unit = contour ? 2.0 / task.output.period * task.output.mass : 0.0;
  return finish(
      finish_curvature(workspace.row, workspace.column.data(), task.output, features_.density, u,
                       contour, workspace.curvature, workspace.curvature_sums, result),
      contour ? unit * workspace.curvature_sums.tail : 0.0);
}

Vector AdaptiveLoss::contributions(Index most) {
  if (most < 0) return {};
  Matrix parts = Matrix::Zero(most + 1, features_.size());
  const auto split = [&](Index i, Workspace& workspace) {
    const Task& task = tasks_[at(i)];
    if (importance(i) == 0.0 || task.bounded) return;
    loops().by_count(workspace.row, gram_.col(i).data(), task.output, task.total.nodes(),
                     features_.importance(i), workspace.phases, workspace.skeletons,
                     std::span(parts.col(i).data(), at(most + 1)));
  };
  for_each_row(split,
               [&](Parcel& parcel, Index i) { parcel.block(parts.col(i).data(), at(most + 1)); });
  return parts.rowwise().sum();
}

}  // namespace skeleta::exact
