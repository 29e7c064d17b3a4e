#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace skeleta {

/// c_0 + c_1 ε + … + c_{n−1} ε^{n−1}, higher powers left out: Taylor coefficients. n = 2: a dual
/// number, value and tangent.
template <class T, std::size_t n>
struct Series {
  std::array<T, n> c{};

  Series() = default;
  explicit Series(double constant) { c[0] = T(constant); }
  explicit Series(const std::array<T, n>& coefficients) : c(coefficients) {}

  friend Series operator+(Series a, const Series& b) {
    for (std::size_t k = 0; k < n; ++k) a.c[k] = a.c[k] + b.c[k];
    return a;
  }
  friend Series operator*(double x, Series a) {
    for (T& y : a.c) y = x * y;
    return a;
  }
  friend Series operator*(const Series& a, const Series& b) {
    Series result;
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t k = 0; i + k < n; ++k) result.c[i + k] = result.c[i + k] + a.c[i] * b.c[k];
    }
    return result;
  }
};

/// A polynomial in a marker y as long as it needs to be, powers above `most` left out: the law of a
/// number, or a generating function skeleton by skeleton. Its coefficients stay non-negative where
/// those of its operands are, so nothing cancels.
template <class T>
class Polynomial {
 public:
  Polynomial() = default;
  explicit Polynomial(double constant) : c_{T(constant)} {}
  /// x·y, in the ring of polynomials up to y^most.
  static Polynomial marked(const T& x, std::size_t most) {
    Polynomial result;
    result.most_ = most;
    if (most > 0) result.c_ = {T(0.0), x};
    return result;
  }

  /// Those that are not kept, or beyond the degree, are 0.
  T operator[](std::size_t l) const { return l < c_.size() ? c_[l] : T(0.0); }
  std::size_t size() const { return c_.size(); }
  const std::vector<T>& coefficients() const { return c_; }

  friend Polynomial operator+(const Polynomial& a, const Polynomial& b) {
    if (a.size() < b.size()) return b + a;
    Polynomial result = a;
    result.most_ = std::min(a.most_, b.most_);
    for (std::size_t k = 0; k < b.size(); ++k) result.c_[k] = a.c_[k] + b.c_[k];
    return result;
  }
  friend Polynomial operator*(double x, Polynomial a) {
    for (T& y : a.c_) y = x * y;
    return a;
  }
  /// Cost: the product of the lengths.
  friend Polynomial operator*(const Polynomial& a, const Polynomial& b) {
    Polynomial result;
    result.most_ = std::min(a.most_, b.most_);
    if (a.c_.empty() || b.c_.empty()) return result;
    const std::size_t degree = a.c_.size() + b.c_.size() - 2;
    result.c_.assign(std::min(degree, result.most_) + 1, T(0.0));
    for (std::size_t i = 0; i < std::min(a.c_.size(), result.c_.size()); ++i) {
      const std::size_t end = std::min(b.c_.size(), result.c_.size() - i);
      for (std::size_t k = 0; k < end; ++k) {
        result.c_[i + k] = result.c_[i + k] + a.c_[i] * b.c_[k];
      }
    }
    return result;
  }

 private:
  std::vector<T> c_;
  std::size_t most_ = static_cast<std::size_t>(-1);
};

}  // namespace skeleta
