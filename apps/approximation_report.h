#pragma once

#include <cstdint>
#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "skeleta/approximation/sparse_share.h"
#include "skeleta/bounds/count_tail.h"
#include "skeleta/certify/certified_minimum.h"
#include "skeleta/training/certificate.h"

namespace skeleta::program {

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

/// The largest density of the curve up to which, at every listed one, the 1-sparse minimiser costs
/// at most epsilon times the minimum; none if it costs more at the smallest.
std::optional<double> largest_density_by_excess(const std::vector<CurvePoint>& curve,
                                                double epsilon);

/// What is proven, and what rests on the starts having found the global minima.
std::string rigorous(const ApproximationReport& report);

void print_approximation(std::ostream& out, const ApproximationReport& report);

/// With the stable keys of `skeleta approximate --json`. What is not a number is null.
nlohmann::ordered_json to_json(const ApproximationReport& report);

}  // namespace skeleta::program
