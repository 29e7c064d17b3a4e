#pragma once

#include <cstdint>
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
  Index instance = 0;
  approximation::SparseShares loss;
  std::vector<approximation::GradientAgreement> gradients;  ///< k = 0, 1, …
};

/// The certificate at one sparsity.
struct CurvePoint {
  double sparsity = 0.0;
  training::Certificate certificate;
};

/// Everything that `skeleta approximate` found; parts that were not asked for are absent.
struct ApproximationReport {
  std::string title;
  Index features = 0;
  std::optional<Index> hidden;
  std::optional<double> sparsity;  ///< If all features have the same.
  double epsilon = 0.0;
  /// The largest common density at which P(N >= 2), and P(N >= 2)/P(N = 1), are <= epsilon.
  double largest_two_active = 0.0, largest_ratio = 0.0;
  std::optional<CountLaw> count;
  std::vector<bounds::OneSparseRow> table;
  std::optional<ModelShare> model;
  std::optional<training::Certificate> certificate;
  std::vector<CurvePoint> curve;
  std::optional<bool> trained;  ///< With --train: is every certificate there?
  std::optional<certify::CertifiedMinimum> certified;
  std::optional<Index> certified_skeletons;  ///< k, if not the whole loss.
  bool interrupted = false;
  std::uint64_t seed = 1;
  int threads = 1;
  double seconds = 0.0;
};

/// "gap", "boxes", …
std::string to_string(certify::CertifyStop reason);

/// What a file of `skeleta approximate` holds: the reports of one command, which differ by instance
/// only, and the state of --certify, to go on from.
Results approximation_results(const std::vector<ApproximationReport>& reports);

/// The state of --certify, bit by bit; nothing if the file has none.
std::optional<certify::CertifiedMinimum> certified_of(const ResultFile& file);

}  // namespace skeleta::storage
