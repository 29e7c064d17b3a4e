#include "certify/loss_box.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/products.h"

namespace skeleta::certify {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr std::size_t most_pieces = 200;  // of one threshold's range

std::span<const double> column(const Matrix& m, Index j) {
  return {m.col(j).data(), static_cast<std::size_t>(m.rows())};
}

Vector positive(const Vector& v) {
  return v.cwiseMax(0.0);
}

}  // namespace

double own_error_floor(double g) {
  const double ratio = (g - 1.0) / (g + 1.0);
  return g <= 1.0 ? (1.0 - g) * (1.0 - g) / 12.0 : ratio * ratio / 3.0;
}

// The box of weights and what follows from it for the Gram matrix.
struct LossBox::Weights {
  Matrix centre, radius;   // d × D
  Matrix gram, low, high;  // D × D
  Matrix bilinear;         // Σ_k ρ_ki ρ_kj

  Weights(std::span<const double> from, std::span<const double> to, Index hidden, Index features) {
    const Eigen::Map<const Matrix> lower(from.data(), hidden, features);
    const Eigen::Map<const Matrix> upper(to.data(), hidden, features);
    centre = 0.5 * (lower + upper);
    radius = (1.0 + 4.0 * epsilon) * (upper - centre).cwiseMax(centre - lower);
    gram = transposed_product(centre, centre);
    bilinear = transposed_product(radius, radius);
    low = high = Matrix::Zero(features, features);
    for (Index i = 0; i < features; ++i) {
      for (Index j = 0; j < features; ++j) add_products(lower, upper, i, j);
    }
  }

  // w_i·w_j over the box, rounded outwards.
  void add_products(const auto& lower, const auto& upper, Index i, Index j) {
    double size = 0.0;
    for (Index k = 0; k < lower.rows(); ++k) {
      const double products[] = {lower(k, i) * lower(k, j), lower(k, i) * upper(k, j),
                                 upper(k, i) * lower(k, j), upper(k, i) * upper(k, j)};
      auto [least, most] = std::minmax_element(std::begin(products), std::end(products));
      const bool square_reaches_zero = i == j && lower(k, i) < 0.0 && upper(k, i) > 0.0;
      low(j, i) += square_reaches_zero ? 0.0 : *least;
      high(j, i) += *most;
      size += std::max(std::abs(*least), std::abs(*most));
    }
    const double slack = 2.0 * static_cast<double>(lower.rows() + 2) * epsilon * size;
    low(j, i) -= slack;
    high(j, i) += slack;
  }
};

// A piece of the threshold's range of one output.
struct LossBox::Piece {
  double low, high;
  double value;           // F at the centre
  double plain;           // the better of the corner's and the floor's bound
  double threshold_loss;  // what the centred form gives away for the threshold
  double second_order;    // and for the weights, apart from their linear part
  double rounding;
  Matrix gradient;                          // dF/dW at the centre
  bounds::PositivePartMoments least, most;  // at the corners (G low, b high), (G high, b low)

  double centred(const Matrix& multiplier, const Matrix& radius) const {
    return value - threshold_loss - second_order -
           (gradient - multiplier).cwiseAbs().cwiseProduct(radius).sum();
  }
  // Lower bound of F − λ·δ on the piece.
  double bound(const Matrix& multiplier, const Matrix& radius) const {
    return std::max(centred(multiplier, radius),
                    plain - multiplier.cwiseAbs().cwiseProduct(radius).sum()) -
           rounding;
  }
};

struct LossBox::Output {
  std::vector<Piece> pieces;
  const Piece* best = nullptr;  // the one with the smallest value
  Matrix multiplier, none;

  // Smallest bound over the pieces, of F − λ·δ or of F.
  double shifted(const Matrix& radius) const { return least(multiplier, radius); }
  double unshifted(const Matrix& radius) const { return least(none, radius); }

 private:
  double least(const Matrix& lambda, const Matrix& radius) const {
    double result = std::numeric_limits<double>::infinity();
    for (const Piece& piece : pieces) result = std::min(result, piece.bound(lambda, radius));
    return result;
  }
};

LossBox::LossBox(const bounds::TruncatedLoss& loss, Index hidden)
    : loss_(loss),
      hidden_(hidden),
      layout_{static_cast<std::size_t>(hidden * loss.features()),
              static_cast<std::size_t>(loss.features())} {}

// Neighbours know one of the corners already.
LossBox::Piece LossBox::evaluate(const Weights& weights, Index i, double low, double high,
                                 const bounds::PositivePartMoments* known_least,
                                 const bounds::PositivePartMoments* known_most) const {
  const Index count = loss_.features();
  const double v = loss_.importance(i), middle = 0.5 * (low + high);
  const double radius = (1.0 + 4.0 * epsilon) * std::max(high - middle, middle - low);
  const auto g = weights.gram.col(i), g_low = weights.low.col(i), g_high = weights.high.col(i);
  const bounds::PositivePartMoments centre = loss_.moments(column(weights.gram, i), middle, i);
  const bounds::PositivePartMoments least =
      known_least ? *known_least : loss_.moments(column(weights.low, i), high, i);
  const bounds::PositivePartMoments most =
      known_most ? *known_most : loss_.moments(column(weights.high, i), low, i);
  const bounds::OutputLoss output = loss_.output(centre, i);

  Piece piece{low, high, output.value, 0.0, 0.0, 0.0, 0.0, Matrix(hidden_, count), least, most};
  const double own = std::clamp(1.0, std::max(g_low(i), 0.0), g_high(i));
  piece.plain =
      std::max(loss_.corner(least, most, i), v * loss_.own_probability(i) * own_error_floor(own));
  const double excess = std::max(most.above - centre.above, centre.above - least.above);
  piece.threshold_loss = radius * (std::abs(output.by_threshold) + 2.0 * v * excess);
  const Eigen::Map<const Vector> f(output.by_entry.data(), count);
  for (Index j = 0; j < count; ++j) {
    const auto n = static_cast<std::size_t>(j);
    const double up = (most.product[n] - centre.product[n]) * (g_high(j) - g(j));
    const double down = (centre.product[n] - least.product[n]) * (g(j) - g_low(j));
    piece.second_order += 2.0 * v * std::max({up, down, 0.0});
    piece.second_order += (j == i ? std::max(-f(j), 0.0) : std::abs(f(j))) * weights.bilinear(j, i);
  }
  piece.gradient.noalias() = weights.centre.col(i) * f.transpose();
  piece.gradient.col(i) += weights.centre * f;
  piece.rounding = loss_.rounding(i, g_low.cwiseAbs().cwiseMax(g_high.cwiseAbs()).sum(), low, high);
  return piece;
}

// Halves the piece with the lowest bound until thresholds cost it less than weights do.
LossBox::Output LossBox::search(const Weights& weights, Index i, double low, double high) const {
  Output output;
  output.none = Matrix::Zero(hidden_, loss_.features());
  auto& pieces = output.pieces;
  pieces.push_back(evaluate(weights, i, low, high, nullptr, nullptr));
  while (true) {
    output.best = &*std::min_element(pieces.begin(), pieces.end(),
                                     [](auto& a, auto& b) { return a.value < b.value; });
    output.multiplier = output.best->gradient;
    const auto lowest = std::min_element(pieces.begin(), pieces.end(), [&](auto& a, auto& b) {
      return a.bound(output.multiplier, weights.radius) <
             b.bound(output.multiplier, weights.radius);
    });
    if (lowest->threshold_loss <= 0.5 * lowest->second_order || pieces.size() >= most_pieces) {
      return output;
    }
    const Piece whole = std::move(*lowest);
    const double middle = 0.5 * (whole.low + whole.high);
    *lowest = evaluate(weights, i, whole.low, middle, nullptr, &whole.most);
    pieces.push_back(evaluate(weights, i, middle, whole.high, &whole.least, nullptr));
  }
}

LossBox::Result LossBox::operator()(std::span<double> box, double target) const {
  const Index count = loss_.features();
  const Weights weights(layout_.weight_low(box), layout_.weight_high(box), hidden_, count);
  const auto b_low = layout_.threshold_low(box), b_high = layout_.threshold_high(box);
  Result result;
  std::vector<Output> outputs;
  Matrix multipliers = Matrix::Zero(hidden_, count);
  double shifted = 0.0, unshifted = 0.0;
  for (Index i = 0; i < count; ++i) {
    const auto n = static_cast<std::size_t>(i);
    // Above the largest z the output is always 0; below the smallest z − 1 it is larger than x_i,
    // and grows as the threshold falls.
    const double least = -positive(-weights.low.col(i)).sum() * (1.0 + 8.0 * epsilon) - 1.0;
    const double most = positive(weights.high.col(i)).sum() * (1.0 + 8.0 * epsilon);
    b_low[n] = std::max(b_low[n], least);
    b_high[n] = std::min(b_high[n], most);
    if (b_low[n] > b_high[n]) {
      result.bound = target;
      return result;
    }
    outputs.push_back(search(weights, i, b_low[n], b_high[n]));
    const Output& output = outputs.back();
    result.value += output.best->value;
    result.b[n] = 0.5 * (output.best->low + output.best->high);
    multipliers += output.multiplier;
    shifted += output.shifted(weights.radius);
    unshifted += output.unshifted(weights.radius);
  }
  shifted -= multipliers.cwiseAbs().cwiseProduct(weights.radius).sum();
  result.bound = std::max({shifted, unshifted, 0.0});

  for (Index i = 0; i < count; ++i) {
    const auto n = static_cast<std::size_t>(i);
    const Output& output = outputs[n];
    const double others = shifted - output.shifted(weights.radius);
    const double others_unshifted = unshifted - output.unshifted(weights.radius);
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const Piece& piece : output.pieces) {
      if (others + piece.bound(output.multiplier, weights.radius) >= target ||
          others_unshifted + piece.bound(output.none, weights.radius) >= target) {
        continue;
      }
      low = std::min(low, piece.low);
      high = std::max(high, piece.high);
    }
    if (low > high) {
      result.bound = std::max(result.bound, target);
      return result;
    }
    b_low[n] = low;
    b_high[n] = high;
  }
  return result;
}

}  // namespace skeleta::certify
