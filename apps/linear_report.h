#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "skeleta/linear/critical_points.h"
#include "skeleta/linear/flows.h"
#include "skeleta/linear/moment_law.h"
#include "skeleta/storage/result_file.h"

namespace skeleta::program {

/// Sets are counted from 1 here, as in the notes: 1 is the largest eigenvalue.
void print_critical_points(std::ostream& out, const linear::Spectrum& spectrum,
                           const std::vector<linear::CriticalPoint>& points);
nlohmann::ordered_json critical_points_json(const linear::Spectrum& spectrum, Index hidden,
                                            const std::vector<linear::CriticalPoint>& points);
storage::Results critical_points_results(const linear::Spectrum& spectrum,
                                         const std::vector<linear::CriticalPoint>& points);

/// Where a given model stands.
void print_classification(std::ostream& out, const linear::Classification& where);
nlohmann::ordered_json to_json(const linear::Classification& where);

/// One flow, looked at at all times.
struct FlowRun {
  std::string rule;  ///< "untied", "encoder", "decoder", "gradient"
  linear::LinearAutoencoder end{};
  std::vector<double> loss{};      ///< By time, up to an early end.
  std::vector<Vector> strength{};  ///< Of the modes.
  std::vector<double> imbalance_drift{};
  linear::Classification classification{};  ///< Of the end.
  optimize::FlowSummary summary{};
};

void print_flows(std::ostream& out, const linear::Spectrum& spectrum, Index hidden,
                 const std::vector<double>& times, const std::vector<FlowRun>& runs);
nlohmann::ordered_json flows_json(const linear::Spectrum& spectrum, Index hidden,
                                  const std::vector<double>& times,
                                  const std::vector<FlowRun>& runs);
storage::Results flows_results(const linear::Spectrum& spectrum, Index hidden,
                               const std::vector<double>& times, const std::vector<FlowRun>& runs);

/// Σ/T of one density and number of samples.
struct MomentRow {
  linear::MomentLaw law;
  std::optional<linear::MeasuredMoment> measured;  ///< Of one data set.
  double seconds = 0.0;
};

void print_moments(std::ostream& out, const std::vector<MomentRow>& rows);
nlohmann::ordered_json moments_json(const std::vector<MomentRow>& rows);
storage::Results moments_results(const std::vector<MomentRow>& rows);

}  // namespace skeleta::program
