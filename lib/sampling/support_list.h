#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "skeleta/core/types.h"
#include "skeleta/measure/activity_tree.h"

namespace skeleta::sampling {

/// All supports of l features with a positive probability, in an order in which neighbours look
/// alike: then one number in [0, 1) chooses a support, and an integrand changes little with it.
///
/// What a support A looks like is told by the numbers I_k = Σ_{j∈A} G_jk, k ∈ A, of a symmetric
/// table G: for an autoencoder with Gram matrix G, the pre-activation of feature k when all of A is
/// fully on. The features of a support are kept by increasing I, so that the same place in two
/// supports plays the same part. The supports are then halved again and again, by probability, at
/// the median of that component of (I_1 ≤ … ≤ I_l) which varies most (a k-d tree): the halves are
/// the dyadic intervals in which a Sobol point is stratified, and scrambling makes their left-right
/// order irrelevant.
class SupportList {
 public:
  /// Nothing if the list would be too long: more than 2¹⁷ supports, or 2²³ terms of the sums I.
  /// `density`: entries in [0, 1]; 0 ≤ l ≤ D. `table`: D × D, or 0 × 0 for the order in which the
  /// supports are enumerated. Cost, for C supports: C·l² + C·l·log C operations (82 160
  /// supports of 3 features: .03 s); memory 4·l bytes a support, thrice that meanwhile.
  /// Throws std::invalid_argument if the size of `table` is wrong, an entry is not finite, or
  /// P(N = l) = 0.
  static std::optional<SupportList> make(const Vector& density, Index l, const Matrix& table);
  /// The same for the supports of an activity tree.
  static std::optional<SupportList> make(const ActivityTree& tree, Index l, const Matrix& table);

  std::size_t size() const { return size_; }

  /// The support at u·2⁻⁶⁴ of the cumulative probability; each support's probability is off by less
  /// than 2⁻⁶³.
  std::span<const std::int32_t> at(std::uint64_t u) const {
    return {features_.data() + rank(u) * count_, count_};
  }

 private:
  SupportList() = default;
  SupportList(std::vector<std::int32_t> features, std::vector<double> probability,
              std::size_t count, const Matrix& table);
  void set_probabilities(const std::vector<double>& probability);

  std::size_t rank(std::uint64_t u) const {
    if (cumulative_.empty()) {
      __extension__ using Wide = unsigned __int128;
      return static_cast<std::size_t>(static_cast<Wide>(u) * size_ >> 64);
    }
    std::size_t k = start_[u >> guide_shift_];
    while (u >= cumulative_[k] && k + 1 < size_) ++k;
    return k;
  }

  std::size_t size_ = 0, count_ = 0;
  int guide_shift_ = 0;
  std::vector<std::int32_t> features_;  // size × count
  std::vector<std::uint64_t> cumulative_;  // 2⁶⁴ P(support ≤ k), saturated; empty: equally likely
  std::vector<std::uint32_t> start_;       // where words with the same top bits begin to search
};

}  // namespace skeleta::sampling
