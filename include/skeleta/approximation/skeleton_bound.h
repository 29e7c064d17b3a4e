#pragma once

#include <vector>

#include "skeleta/core/types.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::approximation {

/// Rigorous upper bounds of the contributions C_0, …, C_last, sharper than bounds::LossTail (2.1 to
/// 3.2 times the true tail beyond Q1 on the shipped models of 5 and 20 features, where that has 7
/// to 10). mathematics.md, Proposition 4.6.
///
/// With φ, φ₁, ψ of exact/closed_forms.h, g = row i of G, a_j = P(j active, N = l), a_jk likewise,
/// μ and σ² the mean and variance of z_i given N = l,
///   C_l = Σ_i v_i { a_i/3 + E[(z_i − b_i)₊²; N = l] − 2 E[x_i (z_i − b_i)₊; N = l] },
///   E[(z − b)₊²; N = l] ≤ Σ_j a_j φ(g_j; b/l) + Σ_{j≠k} a_jk φ₁(g_j; b/l) φ₁(g_k; b/l),
///                       ≤ π_l (σ² + ((μ − b)₊)²),
///   E[x_i (z − b)₊; N = l] ≥ a_i ψ(g_i; b − ½ E[Σ_{k≠i active} g_k | i active, N = l]):
/// the first since (Σ y_j)₊ ≤ Σ (y_j)₊ with y_j = g_j x_j − b/l, the last by Jensen's inequality
/// over the other features. The smaller of the two is taken for each output. Densities may be
/// unequal: sums over active features are exact, by adding one feature after the other.
/// Rounding is covered by an allowance of 1e-12 of the sizes of the terms. So far for tied ReLU
/// models on plain features; all other models and laws have bounds by the exact second moments of
/// z given N = l (lib/approximation/law_skeleton_bound.h).
///
/// Cost some 10 D²·last² operations, memory D·last for each thread. The same bits for any number of
/// threads. Throws std::invalid_argument if model or features are not valid or disagree in size, or
/// last is not in 0..D.
std::vector<double> contribution_bounds(const Autoencoder& model, const Features& features,
                                        Index last, int threads = 1);

/// Upper bounds of Σ_{l>k} C_l for k = 0, …, last: what these and bounds::LossTail (of other models
/// and laws LawTail), which also bounds what lies beyond `last`, say together.
std::vector<double> tail_bounds(const Autoencoder& model, const Features& features, Index last,
                                int threads = 1);

}  // namespace skeleta::approximation
