#include "exact/curvature.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "core/products.h"
#include "exact/weight_gradient.h"

namespace skeleta::exact {
namespace {

Matrix decoder_of(const Autoencoder& model) {
  return model.tied() ? model.W : Matrix(model.W_out.transpose());
}

// V_i = noise² |o_i|² has the slope 2 noise² o_i.
double variance_scale(const Autoencoder& model) {
  return 2.0 * model.noise * model.noise;
}

// Where the parameters stand in the order of Hessian::matrix.
class ParameterPlaces {
 public:
  explicit ParameterPlaces(const Autoencoder& model)
      : tied_(model.tied()), d_(model.hidden()), D_(model.features()) {}

  Index count() const { return D_ * (tied_ ? d_ + 1 : 2 * d_ + 1); }
  Index of_encoder(Index j, Index a) const { return j * d_ + a; }
  Index of_decoder(Index i, Index a) const { return tied_ ? i * d_ + a : D_ * d_ + i + a * D_; }
  Index of_threshold(Index i) const { return count() - D_ + i; }

 private:
  bool tied_;
  Index d_, D_;
};

// Adds to both (p, q) and (q, p): to the diagonal twice, as a quadratic form asks for.
void add_twice(Matrix& H, Index p, Index q, double value) {
  H(p, q) += value;
  H(q, p) += value;
}

// One output's K, (D + 1) × (D + 1), with what dA_ij = ⟨o_i, dw_j⟩ + ⟨w_j, do_i⟩ makes of it.
void add_row(const Autoencoder& model, const Matrix& decoder, const Matrix& K, Index i,
             const ParameterPlaces& places, Matrix& H) {
  const Index D = model.features(), d = model.hidden();
  const auto o = decoder.col(i);
  const Matrix A = K.topLeftCorner(D, D), WA = skeleta::product(model.W, A);
  const Matrix square = product_transposed(WA, model.W), oo = o * o.transpose();
  const Vector k = K.col(D).head(D), Wk = model.W * k;
  for (Index j = 0; j < D; ++j) {
    for (Index l = 0; l < D; ++l) {
      H.block(places.of_encoder(l, 0), places.of_encoder(j, 0), d, d) += A(l, j) * oo;
    }
    for (Index a = 0; a < d; ++a) {
      for (Index e = 0; e < d; ++e) {
        add_twice(H, places.of_decoder(i, a), places.of_encoder(j, e), WA(a, j) * o(e));
      }
      add_twice(H, places.of_encoder(j, a), places.of_threshold(i), k(j) * o(a));
    }
  }
  for (Index a = 0; a < d; ++a) {
    for (Index e = 0; e < d; ++e) {
      H(places.of_decoder(i, a), places.of_decoder(i, e)) += square(a, e);
    }
    add_twice(H, places.of_decoder(i, a), places.of_threshold(i), Wk(a));
  }
  H(places.of_threshold(i), places.of_threshold(i)) += K(D, D);
}

// dV_i = σ' ⟨o_i, do_i⟩, σ' = 2σ², beside dA_i and db_i, and N_i σ' |do_i|².
void add_noise(const Autoencoder& model, const Matrix& decoder, const Matrix& K, double slope,
               Index i, const ParameterPlaces& places, Matrix& H) {
  const Index D = model.features(), d = model.hidden();
  const double scale = variance_scale(model);
  const auto o = decoder.col(i);
  const Vector k = K.col(D + 1).head(D), Wk = model.W * k;
  for (Index a = 0; a < d; ++a) {
    const Index p = places.of_decoder(i, a);
    const double of_variance = scale * o(a);
    for (Index j = 0; j < D; ++j) {
      for (Index e = 0; e < d; ++e) {
        add_twice(H, p, places.of_encoder(j, e), of_variance * k(j) * o(e));
      }
    }
    for (Index e = 0; e < d; ++e) {
      const Index q = places.of_decoder(i, e);
      add_twice(H, p, q, of_variance * Wk(e));
      H(p, q) += of_variance * scale * o(e) * K(D + 1, D + 1);
    }
    add_twice(H, p, places.of_threshold(i), of_variance * K(D, D + 1));
    H(p, p) += scale * slope;
  }
}

}  // namespace

void times_direction(const Autoencoder& model, const RowSlopes& slopes, RowProducts rows,
                     const Gradient& direction, int threads, Gradient& product) {
  const Matrix decoder = decoder_of(model);
  Autoencoder moved{direction.dW, direction.db};
  moved.W_out = direction.dW_out;
  const Matrix moved_decoder = decoder_of(moved);
  const Index count = model.features();
  const double scale = variance_scale(model);
  RowChange change{Matrix(count, count), direction.db, {}}, result{Matrix(count, count), {}, {}};
  set_transposed_product(moved.W, decoder, change.rows);
  change.rows += transposed_product(model.W, moved_decoder);
  if (scale > 0.0) {
    change.variances = scale * decoder.cwiseProduct(moved_decoder).colwise().sum().transpose();
  }
  rows(change, result);
  set_weight_gradient(model, decoder, result.rows, threads, product);
  product.db = result.thresholds;
  Gradient by_slope;
  set_weight_gradient(moved, moved_decoder, slopes.gamma, threads, by_slope);
  product.dW += by_slope.dW;
  product.dW_out += by_slope.dW_out;
  if (scale == 0.0) return;
  const Matrix of_decoder = scale * (decoder * result.variances.asDiagonal() +
                                     moved_decoder * slopes.variances.asDiagonal());
  if (model.tied()) {
    product.dW += of_decoder;
  } else {
    product.dW_out += of_decoder.transpose();
  }
}

void require_dense(const Autoencoder& model) {
  constexpr Index most = 6000;
  const Index count = ParameterPlaces(model).count();
  if (count > most) {
    throw std::invalid_argument(fmt::format(
        "the Hessian of {} parameters has more than {} rows: ask for its products with vectors",
        count, most));
  }
}

std::vector<Matrix> row_curvatures(Index features, RowProducts rows, double& asymmetry) {
  const Index D = features;
  std::vector<Matrix> K(static_cast<std::size_t>(D), Matrix(D + 1, D + 1));
  RowChange change, product{Matrix(D, D), Vector(D), {}};
  for (Index k = 0; k <= D; ++k) {
    change.rows.setZero(D, D);
    change.thresholds.setZero(D);
    if (k < D) {
      change.rows.row(k).setOnes();
    } else {
      change.thresholds.setOnes();
    }
    rows(change, product);
    for (Index i = 0; i < D; ++i) {
      Matrix& of_output = K[static_cast<std::size_t>(i)];
      of_output.col(k).head(D) = product.rows.col(i);
      of_output(D, k) = product.thresholds(i);
    }
  }
  double squares = 0.0;
  for (Matrix& of_output : K) {
    squares += (of_output - of_output.transpose()).squaredNorm();
    of_output = (0.5 * (of_output + of_output.transpose())).eval();
  }
  asymmetry = std::sqrt(squares);
  return K;
}

Matrix dense_hessian(const Autoencoder& model, const RowSlopes& slopes, std::span<const Matrix> K) {
  const Index D = model.features();
  const ParameterPlaces places(model);
  const Matrix decoder = decoder_of(model);
  Matrix H = Matrix::Zero(places.count(), places.count());
  for (Index i = 0; i < D; ++i) {
    const Matrix& of_output = K[static_cast<std::size_t>(i)];
    add_row(model, decoder, of_output, i, places, H);
    if (variance_scale(model) > 0.0) {
      add_noise(model, decoder, of_output, slopes.variances(i), i, places, H);
    }
  }
  for (Index i = 0; i < D; ++i) {
    for (Index j = 0; j < D; ++j) {
      for (Index a = 0; a < model.hidden(); ++a) {
        add_twice(H, places.of_decoder(i, a), places.of_encoder(j, a), slopes.gamma(j, i));
      }
    }
  }
  return H;
}

}  // namespace skeleta::exact
