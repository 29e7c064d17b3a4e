#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "skeleta/approximation/sparse_share.h"
#include "skeleta/bounds/count_tail.h"
#include "skeleta/certify/certified_minimum.h"
#include "skeleta/storage/result_file.h"
#include "skeleta/training/certificate.h"

namespace skeleta::storage {

/// The law of N, the number of active features.
struct CountLaw {
  std::vector<double> probability;       ///< P(N = l) for l = 0, …, most
  std::vector<bounds::CountTail> tails;  ///< m = 0, …, most
};

/// How the loss of a model splits by skeleton, and how well its truncation descends.
struct ModelShare {
  Index instance = 0;                                       ///< Its number in the model file.
  approximation::SparseShares loss;                         ///< By truncation.
  std::vector<approximation::GradientAgreement> gradients;  ///< k = 0, 1, …
};

/// The certificate at one sparsity.
struct CurvePoint {
  double sparsity = 0.0;              ///< S, of all features.
  training::Certificate certificate;  ///< At that sparsity.
  std::int64_t number = 0;            ///< In the list of sparsities that was asked for.
};

/// Everything that `skeleta approximate` found; parts that were not asked for are absent.
struct ApproximationReport {
  static constexpr double nan = std::numeric_limits<double>::quiet_NaN();  ///< No density.
  Index features = 0;                                                      ///< D.
  std::optional<Index> hidden;                                             ///< d.
  double least_density = nan;       ///< Of the features; NaN if none was given.
  double most_density = nan;        ///< Likewise.
  double epsilon = 0.0;             ///< What the rest beyond Q1 may weigh.
  double largest_two_active = 0.0;  ///< The largest common density at which P(N ≥ 2) ≤ epsilon.
  double largest_ratio = 0.0;       ///< Likewise P(N ≥ 2)/P(N = 1) ≤ epsilon.
  std::optional<CountLaw> count;    ///< The law of the number of active features.
  std::vector<bounds::OneSparseRow> table;             ///< By sparsity; empty if not asked for.
  std::optional<ModelShare> model;                     ///< Of the model that was given.
  std::optional<training::Certificate> certificate;    ///< Of --train at one sparsity.
  std::vector<CurvePoint> curve;                       ///< Of --train at several sparsities.
  std::optional<certify::CertifiedMinimum> certified;  ///< Of --certify.
  std::optional<Index> certified_skeletons;            ///< k, if not the whole loss.
  bool interrupted = false;                            ///< What was not finished is missing.
  bool failed = false;                                 ///< Likewise, since something failed.
  double seconds = 0.0;                                ///< Wall time of the numerics.
};

/// What a file of `skeleta approximate` holds: the reports of one command, which differ by instance
/// only, and the state of --certify, to go on from.
Results approximation_results(const std::vector<ApproximationReport>& reports);

/// The state of --certify, bit by bit; nothing if the file has none.
std::optional<certify::CertifiedMinimum> certified_of(const ResultFile& file);

}  // namespace skeleta::storage
