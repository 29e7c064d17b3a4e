#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "skeleta/core/names.h"
#include "skeleta/core/types.h"
#include "skeleta/linear/linear_autoencoder.h"
#include "skeleta/linear/spectrum.h"
#include "skeleta/optimize/flow.h"

namespace skeleta::linear {

using skeleta::to_string;

/// The right-hand side of the untied flow, −½∇L:
///   Ȧ = (Σ − ABΣ)Bᵀ,  Ḃ = Aᵀ(Σ − ABΣ).
/// Throws std::invalid_argument if the shapes disagree.
LinearAutoencoder untied_velocity(const LinearAutoencoder& model, const Matrix& Sigma);

/// AᵀA − BBᵀ, d × d: the untied flow conserves it (mathematics.md, Proposition 8.4).
Matrix imbalance(const LinearAutoencoder& model);

/// Ways to tie A = Wᵀ, B = W (mathematics.md, Remark 8.7). With P = WᵀW:
enum class TiedRule : std::int8_t {
  encoder,  ///< Ẇ = W(Σ − PΣ), from the equation of B alone. Every projection P stands still.
  decoder,  ///< Ẇ = W(Σ − ΣP), from the equation of A alone: Oja's subspace rule.
  gradient,  ///< Their sum, −½∇ of the tied loss.
};

constexpr auto names_of(TiedRule) {
  return std::to_array<std::string_view>({"encoder", "decoder", "gradient"});
}

/// W is d × D. Throws std::invalid_argument if the shapes disagree. Cost 2dD².
Matrix tied_velocity(TiedRule rule, const Matrix& W, const Matrix& Sigma);

/// tr (I − P)Σ(I − P), the loss of (Wᵀ, W).
double tied_loss(const Matrix& W, const Matrix& Sigma);

/// E(W) = (λ/4)‖I − WᵀW‖_F², for Σ = λI (mathematics.md, Proposition 8.6). The encoder rule is its
/// gradient flow then, and so is the decoder rule, which is the same there.
double energy(const Matrix& W, double lambda);

using UntiedObserver = std::function<bool(double t, const LinearAutoencoder&)>;
using TiedObserver = std::function<bool(double t, const Matrix& W)>;

/// Integrates a flow from times.front() on and shows the model at each of the times; it ends as the
/// last one shown. See optimize::flow for accuracy, stop reasons and errors. Throws
/// std::invalid_argument also if Σ is not symmetric or the shapes disagree.
optimize::FlowSummary untied_flow(LinearAutoencoder& model, const Matrix& Sigma,
                                  const std::vector<double>& times,
                                  const optimize::FlowOptions& options = {},
                                  const UntiedObserver& observer = {});
optimize::FlowSummary tied_flow(TiedRule rule, Matrix& W, const Matrix& Sigma,
                                const std::vector<double>& times,
                                const optimize::FlowOptions& options = {},
                                const TiedObserver& observer = {});

/// The strength s(t) = 1/(1 + (1/s₀ − 1)e^{−2λt}) of a mode that starts aligned and balanced
/// (A = Bᵀ = Σ_i √s_i u_i e_iᵀ, Saxe, McClelland & Ganguli 2014), for the untied flow and the two
/// tied rules; the tied gradient flow runs at twice the speed: call it with 2λ.
double mode_strength(double initial, double eigenvalue, double t);

/// Strengths of the modes, u_iᵀ A B u_i for each eigenvector: 1 where the mode has been learned.
Vector mode_strengths(const LinearAutoencoder& model, const Spectrum& spectrum);

}  // namespace skeleta::linear
