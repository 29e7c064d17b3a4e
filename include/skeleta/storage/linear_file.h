#pragma once

#include <optional>
#include <string>
#include <vector>

#include "skeleta/linear/critical_points.h"
#include "skeleta/linear/flows.h"
#include "skeleta/linear/moment_law.h"
#include "skeleta/storage/result_file.h"

namespace skeleta::storage {

/// One flow, looked at at all times.
struct FlowRun {
  std::string rule;                         ///< "untied", "encoder", "decoder", "gradient"
  linear::LinearAutoencoder end{};          ///< Where it ended.
  std::vector<double> loss{};               ///< By time, up to an early end.
  std::vector<Vector> strength{};           ///< Of the modes.
  std::vector<double> imbalance_drift{};    ///< ‖AᵀA − BBᵀ − its start‖_F, by time.
  linear::Classification classification{};  ///< Of the end.
  optimize::FlowSummary summary{};          ///< What it took, and why it ended.
};

/// Σ/T of one density and number of samples.
struct MomentRow {
  linear::MomentLaw law;                           ///< What is known in advance.
  std::optional<linear::MeasuredMoment> measured;  ///< Of one data set.
  double seconds = 0.0;                            ///< Wall time.
};

/// Loss when the first k modes are learned, k = 0, …, hidden.
Vector critical_losses(const linear::Spectrum& spectrum, Index hidden);

/// What the files of linear critical-points, flow and moments hold.
Results critical_points_results(const linear::Spectrum& spectrum, Index hidden,
                                const std::vector<linear::CriticalPoint>& points);
Results flows_results(const linear::Spectrum& spectrum, Index hidden,
                      const std::vector<double>& times, const std::vector<FlowRun>& runs);
Results moments_results(const std::vector<MomentRow>& rows);

}  // namespace skeleta::storage
