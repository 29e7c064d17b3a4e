#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "skeleta/core/types.h"

namespace skeleta {

/// Values on their way from one process to another of the same program. One function that hands all
/// parts of a thing to a parcel both packs and unpacks it, so that the two cannot disagree.
class Parcel {
 public:
  /// Packs what it is given.
  Parcel() = default;
  /// Unpacks `bytes`, which outlive it, in the order in which they were packed.
  explicit Parcel(std::span<const std::byte> bytes) : from_(bytes), packs_(false) {}

  /// What was packed so far.
  const std::vector<std::byte>& bytes() const { return bytes_; }
  /// Likewise, leaving none.
  std::vector<std::byte> release() { return std::move(bytes_); }

  /// Packs or sets each of the values: numbers and structs without pointers, strings and vectors of
  /// them, Eigen's dense matrices. Throws std::logic_error if there is nothing left to unpack.
  template <class... Values>
  void operator()(Values&... values) {
    (one(values), ...);
  }

  /// Packs or sets the length of a vector, whose elements are to follow.
  template <class T>
  void length(std::vector<T>& values) {
    std::size_t count = values.size();
    one(count);
    values.resize(count);
  }

  /// Packs or sets `size` numbers at `data`.
  template <class T>
  void block(T* data, std::size_t size) {
    static_assert(std::is_trivially_copyable_v<T>);
    const std::size_t count = size * sizeof(T);
    if (count == 0) return;
    if (packs_) {
      const auto* const begin = reinterpret_cast<const std::byte*>(data);
      bytes_.insert(bytes_.end(), begin, begin + count);
      return;
    }
    if (count > from_.size()) throw std::logic_error("a parcel holds less than is asked of it");
    std::memcpy(data, from_.data(), count);
    from_ = from_.subspan(count);
  }

 private:
  template <class T>
  void one(T& value) {
    if constexpr (std::is_base_of_v<Eigen::DenseBase<T>, T>) {
      Index rows = value.rows(), columns = value.cols();
      (*this)(rows, columns);
      value.resize(rows, columns);
      block(value.data(), static_cast<std::size_t>(value.size()));
    } else {
      block(&value, 1);
    }
  }
  template <class T>
  void one(std::vector<T>& values) {
    length(values);
    block(values.data(), values.size());
  }
  void one(std::string& text) {
    std::size_t count = text.size();
    one(count);
    text.resize(count);
    block(text.data(), count);
  }

  std::vector<std::byte> bytes_;
  std::span<const std::byte> from_;
  bool packs_ = true;
};

}  // namespace skeleta
