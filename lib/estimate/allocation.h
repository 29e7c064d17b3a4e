#pragma once

#include <cstdint>
#include <vector>

namespace skeleta::estimate {

/// Shares points out over strata. What it says depends on the pilot alone, so that the way from one
/// total to a larger one never takes points away from a stratum.
class Allocation {
 public:
  virtual ~Allocation() = default;

  /// Fewest points in all.
  virtual double least() const = 0;
  /// Points in all with which the pilot foresees the target to be met; at least `least`.
  virtual double for_target() const = 0;
  /// The same without regard to what can be drawn: infinite where no number of points is enough.
  virtual double wanted() const = 0;
  /// By what factor the number of points must grow for the error to shrink by this one.
  virtual double growth(double shrink) const = 0;
  /// Points of each stratum, of each replicate. Throws std::invalid_argument if `total` is too few.
  virtual std::vector<std::uint64_t> share(double total) const = 0;
};

/// Independent points: n_s ∝ π_s s_s (Neyman 1934), after a floor for each of 128 or what half of
/// them allows. With weights π_s s_s relative to the target, n = (Σ π_s s_s)².
class NeymanAllocation : public Allocation {
 public:
  /// `weights`: π_s s_s over the target of the standard error; infinite for a target of 0.
  explicit NeymanAllocation(std::vector<double> weights);

  double least() const override;
  double for_target() const override;
  double wanted() const override;
  double growth(double shrink) const override { return shrink * shrink; }
  std::vector<std::uint64_t> share(double total) const override;

 private:
  std::vector<double> weights_;
  double sum_ = 0.0;
};

/// Replicated point sets of n_s = 2^k points each: always doubles the stratum that gains most for
/// its points, taking the squared error of stratum s to be e_s² (n/n_s)^rate_s.
class DoublingAllocation : public Allocation {
 public:
  /// `errors`: π_s s_s over the target, as seen with replicates of `points` points each; `rates`:
  /// of their squares, 1 for independent points, more for points that fill a skeleton evenly.
  DoublingAllocation(std::vector<double> errors, std::vector<double> rates, std::uint64_t points,
                     std::size_t replicates);

  double least() const override;
  double for_target() const override;
  double wanted() const override;
  double growth(double shrink) const override;
  std::vector<std::uint64_t> share(double total) const override;

 private:
  // Doubles until `enough` of (points in all, squared error).
  template <class Enough>
  std::vector<std::uint64_t> double_until(Enough enough) const;

  std::vector<double> errors_, rates_;
  std::uint64_t points_;
  double replicates_;
  bool known_ = true;  // are the errors numbers?
};

}  // namespace skeleta::estimate
