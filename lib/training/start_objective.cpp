#include "training/start_objective.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "skeleta/training/parameters.h"
#include "skeleta/training/sampled_objective.h"

namespace skeleta::training {
namespace {

constexpr Index usual_nodes = 4096;

// As many as an evaluation can have in some ten milliseconds.
Index many_nodes(Index features) {
  constexpr Index factors = Index{1} << 23, most = Index{1} << 18;
  return std::clamp(factors / (features * features), usual_nodes, most);
}

// exact::hessian on supports of up to `most` features, each of l = 0, 1, … in so many closed forms.
double seconds_of_support_hessian(Index features, Index most) {
  constexpr std::array<double, 6> forms{1, 1, 1, 15, 405, 27540};
  constexpr double of_form = 5e-8;
  const auto D = static_cast<double>(features);
  double supports = 1.0, sum = 0.0;
  for (Index l = 0; l <= std::min(most, features); ++l) {
    if (l >= std::ssize(forms)) return INFINITY;
    if (l > 0) supports *= (D - static_cast<double>(l) + 1.0) / static_cast<double>(l);
    sum += supports * forms[static_cast<std::size_t>(l)];
  }
  return of_form * D * sum;
}

}  // namespace

bool has_known_curvature(const Features& features, const Autoencoder& form, const Options& options,
                         double most_seconds) {
  if (options.objective == ObjectiveKind::exact) return true;
  if (!features.plain() || form.activation != Activation::relu || form.noise > 0.0) return false;
  const bool one = options.objective == ObjectiveKind::one_sparse;
  if (!one && options.objective != ObjectiveKind::k_sparse) return false;
  const Index most = one ? 1 : options.k;
  if (form.tied() && most <= 2) return true;
  return seconds_of_support_hessian(features.size(), most) <= most_seconds;
}

double gradient_target(double tolerance) {
  return std::clamp(tolerance, 1e-9, 1e-4);
}

StartObjective::StartObjective(const ScaledFeatures& data, const Autoencoder& form,
                               const Options& options, double zero, int threads)
    : data_(data), form_(form), options_(options), threads_(threads) {
  if (options.coherence_cap < 1.0) cap_.emplace(options.coherence_cap, features().size(), zero);
}

Penalty StartObjective::penalty() const {
  return {std::ldexp(options_.penalty.interference, -data_.exponent),
          std::ldexp(options_.penalty.decay, -data_.exponent)};
}

// What the objective is with the penalty, and its gradient. Losses are in a unit of their own, and
// so is what is charged.
double StartObjective::charged(const Vector& x, double value, Vector& gradient) const {
  if (options_.penalty.active() && std::isfinite(value)) {
    Autoencoder model = form_;
    from_parameters(x, model);
    value += add_penalty(penalty(), model, gradient);
  }
  if (cap_ && std::isfinite(value)) {
    Autoencoder model = form_;
    from_parameters(x, model);
    value += cap_->add(model.W, gradient);
  }
  if (!options_.thresholds) gradient.tail(features().size()).setZero();
  return value;
}

void StartObjective::with(double tolerance, Body body) {
  with_bare(tolerance, [&](optimize::Objective f, double noise) {
    const auto whole = [&](const Vector& x, Vector& gradient) {
      const double value = f(x, gradient);
      return charged(x, value, gradient);
    };
    body(whole, noise);
  });
}

void StartObjective::with_bare(double tolerance, Body body) {
  switch (options_.objective) {
    case ObjectiveKind::exact:
      return with_exact(tolerance, body);
    case ObjectiveKind::one_sparse: {
      auto f = SparseObjective::one_sparse(features(), form_, threads_);
      return body(f, sum_noise);
    }
    case ObjectiveKind::k_sparse: {
      auto f = SparseObjective::k_sparse(features(), form_, options_.k, threads_);
      return body(f, sum_noise);
    }
    case ObjectiveKind::sampled: {
      SampledObjective f(features(), form_,
                         {.batch = options_.batch,
                          .seed = options_.seed,
                          .series = result_->start,
                          .threads = threads_});
      const auto mean = [&](const Vector& at, Vector& gradient) { return f(0, at, gradient); };
      return body(mean, sum_noise);
    }
    case ObjectiveKind::linear: {
      LinearObjective f(features(), form_.hidden());
      // The thresholds do not take part.
      const auto of_weights = [&](const Vector& at, Vector& gradient) {
        gradient.tail(features().size()).setZero();
        return f(at, gradient);
      };
      return body(of_weights, sum_noise);
    }
  }
}

// A gradient tolerance is relative to the loss of the zero model, the engine's targets to the loss,
// which is smaller. Where the minimum is 0 (d = D), only an absolute target can be met.
exact::Options StartObjective::options_of_contour(double tolerance) const {
  exact::Options options;
  options.error_control = exact::ErrorControl::estimated;
  options.gradient_target = gradient_target(tolerance);
  options.relative_target = 0.1 * options.gradient_target;
  options.absolute_target = 1e-3 * options.relative_target * loss_of_zero_model(features());
  options.maximum_nodes = way_ == Way::contour ? usual_nodes : many_nodes(features().size());
  options.threads = threads_;
  return options;
}

void StartObjective::with_exact(double tolerance, Body body) {
  if (way_ == Way::closed) {
    ClosedObjective f(features(), form_);
    resolved_ = true;
    return body(f, closed_noise());
  }
  const exact::Options options = options_of_contour(tolerance);
  ExactObjective f(features(), form_, options);
  body(f, options.relative_target);
  count_unmet(f);
}

void StartObjective::count_unmet(const ExactObjective& f) {
  result_->unmet += f.unmet();
  resolved_ = f.last().met_target();
}

// Sums over the supports of five features cancel more.
double StartObjective::closed_noise() const {
  return features().size() < ClosedObjective::most_features ? sum_noise : 10.0 * sum_noise;
}

bool StartObjective::refine() {
  if (way_ != Way::contour || !features().plain()) return false;
  const bool few = features().size() <= ClosedObjective::most_features &&
                   form_.activation == Activation::relu && form_.noise == 0.0;
  if (!few && many_nodes(features().size()) == usual_nodes) return false;
  way_ = few ? Way::closed : Way::long_contour;
  return true;
}

StartObjective::GradientNorm StartObjective::exact_gradient_norm(const Vector& x) const {
  Vector gradient(x.size());
  const auto norm = [&] {
    if (!options_.thresholds) gradient.tail(features().size()).setZero();
    return gradient.norm();
  };
  if (way_ == Way::closed) {
    ClosedObjective f(features(), form_);
    f(x, gradient);
    return {norm()};
  }
  ExactObjective f(features(), form_, options_of_contour(options_.gradient_tolerance));
  if (!std::isfinite(f(x, gradient))) return {NAN};
  // Of other laws the error's estimate may be far too large.
  if (f.last().met_target() || !features().plain()) return {norm()};
  return {std::max(norm(), f.last().gradient_error), false};
}

}  // namespace skeleta::training
