#pragma once

#include "bounds/truncated_loss.h"
#include "certify/loss_box.h"
#include "skeleta/certify/certified_minimum.h"

namespace skeleta::certify {

/// What is certified: min L^(≤k) over the models of d × D weights, and how near a proof comes to
/// it.
class Statement {
 public:
  Statement(const Features& features, Index hidden, const CertifyOptions& options);
  Statement(const Statement&) = delete;  // box_ refers to loss_
  Statement& operator=(const Statement&) = delete;

  const Features& features() const { return features_; }
  Index hidden() const { return hidden_; }
  const CertifyOptions& options() const { return options_; }
  /// k, which is D for the whole loss.
  Index skeletons() const { return options_.skeletons.value_or(features_.size()); }
  const bounds::TruncatedLoss& loss() const { return loss_; }
  const LossBox& box() const { return box_; }
  const BoxLayout& layout() const { return box_.layout(); }

  /// Features of equal density and importance.
  bool alike(Index i, Index j) const;

  /// The lower bound that is sought, no closer than rounding lets it come. It falls with `upper`
  /// alone, so what was left out above an earlier target is above this one.
  double target(const CertifiedMinimum& state) const;
  bool met(const CertifiedMinimum& state) const;

  /// The loss of a model, rounded up.
  double upper(const Autoencoder& model) const;

  /// Descends from the model, and keeps where it ends if that is better.
  void improve(CertifiedMinimum& state, Autoencoder model) const;

 private:
  double gap(const CertifiedMinimum& state) const;
  double rounding(const Autoencoder& model) const;

  Features features_;
  Index hidden_;
  CertifyOptions options_;
  bounds::TruncatedLoss loss_;
  LossBox box_;
  double resolution_ = 0.0;  // what rounding costs bounds around a model with Σ_j |G_ij| ≤ D
};

}  // namespace skeleta::certify
