#pragma once

#include <vector>

#include "exact/contour.h"
#include "exact/row.h"

/// e^{s g} at the nodes s_k = γ + 2πik/T of the contour, eight nodes at a time.
///
/// For each feature v_k = e^{s_k g} − 1 is kept instead of the exponential, so that (e^{sg} −
/// 1)/(sg) is accurate for the smallest g; nodes k + 8 follow from nodes k by
///   v_{k+8} = v_k cos + (v_k i sin + (e^{iα} − 1)),  α = 16πg/T,
/// four fused operations. Each step adds a relative error of a few ε; after `restart` nodes the
/// state is computed afresh.
namespace skeleta::exact {

constexpr Index restart = 512;

class Phases {
 public:
  void resize(Index features);

  /// For the features of `row`, and the points of its fine law, on this contour.
  void set(const Row& row, const Contour& contour);
  /// Moves to nodes first, first + 1, …, first + 7. Must precede any use.
  void start(Index first);

  /// e^{s_k g_n} − 1 at the present nodes of feature n: read, then advance.
  Complex& state(Index n) { return state_[static_cast<std::size_t>(n)]; }
  /// e^{iα} − 1 = (step_re, step_im) and cos α.
  double step_re(Index n) const { return step_re_[static_cast<std::size_t>(n)]; }
  double step_im(Index n) const { return step_im_[static_cast<std::size_t>(n)]; }

  SKELETA_INLINE void advance(Index n, Complex& v) const {
    const double re = step_re(n), im = step_im(n), cosine = 1.0 + re;
    const Lanes next = (v.re * cosine + re) - v.im * im;
    v.im = (v.re * im + im) + v.im * cosine;
    v.re = next;
  }

 private:
  Index count_ = 0;
  std::vector<double> turns_, growth_, step_re_, step_im_;  // g/T, e^{γg} − 1, e^{iα} − 1
  std::vector<Complex> state_;
};

/// e^{−s_k c} at consecutive groups of eight nodes.
class Decay {
 public:
  Decay(const Contour& contour, double c, Index first);
  const Complex& value() const { return value_; }
  SKELETA_INLINE void advance() { value_ = value_ + value_ * step_; }

 private:
  Complex value_, step_;
};

}  // namespace skeleta::exact
