#include "skeleta/exact/support_sum.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <stdexcept>

#include "core/products.h"
#include "exact/direct_support.h"
#include "exact/supports.h"
#include "measure/distributions.h"
#include "skeleta/core/parallel.h"

namespace skeleta::exact {
namespace {

// The next of the subsets of {0, …, count − 1} of its size, in lexicographic order; false after the
// last one.
bool advance(std::vector<Index>& support, Index count) {
  const auto size = static_cast<Index>(support.size());
  for (Index k = size; k-- > 0;) {
    if (support[static_cast<std::size_t>(k)] == count - size + k) continue;
    Index next = support[static_cast<std::size_t>(k)];
    for (Index m = k; m < size; ++m) support[static_cast<std::size_t>(m)] = ++next;
    return true;
  }
  return false;
}

// With these features always active, and no other.
Features active(const Features& features, const std::vector<Index>& support) {
  Features result{Vector::Zero(features.size()), features.importance};
  for (const Index j : support) result.density(j) = 1.0;
  if (features.plain()) return result;
  return Features::of({ActivityTree::independent(result.density), features.law->values},
                      features.importance);
}

}  // namespace

struct SupportSum::Support {
  double probability;
  std::vector<Index> active;
  std::optional<Evaluator> evaluator;  // made when it is needed
  Loss loss;
  Gradient gradient;
};

SupportSum::~SupportSum() = default;
SupportSum::SupportSum(SupportSum&&) noexcept = default;
SupportSum& SupportSum::operator=(SupportSum&&) noexcept = default;

double SupportSum::supports(Index features, CountRange skeletons) {
  double sum = 0.0;
  for (Index l = skeletons.first; l <= skeletons.last; ++l) {
    sum += binomial_coefficient(features, l);
  }
  return sum;
}

SupportSum::SupportSum(const Features& features, CountRange skeletons, const Options& options)
    : features_(features), options_(options) {
  validate(features);
  validate(options);
  law_ = features.data_law();
  const Index count = features.size();
  if (skeletons.empty() || skeletons.first < 0 || skeletons.last > count) {
    throw std::invalid_argument(fmt::format("skeletons = {}..{} must be a range within 0..{}",
                                            skeletons.first, skeletons.last, count));
  }
  if (supports(count, skeletons) > most_supports) {
    throw std::invalid_argument(fmt::format(
        "{} features have {:.3g} supports of {} to {} active ones, more than the {:.0f} that can "
        "be "
        "summed over",
        count, supports(count, skeletons), skeletons.first, skeletons.last, most_supports));
  }
  const Supports law(features);
  for (Index l = skeletons.first; l <= skeletons.last; ++l) {
    std::vector<Index> support(static_cast<std::size_t>(l));
    std::iota(support.begin(), support.end(), Index{0});
    do {
      const double probability = law.probability(support);
      if (!(probability > 0.0)) continue;
      supports_.push_back({probability, support, {}, {}, {}});
    } while (advance(support, count));
  }
}

void SupportSum::evaluate(const Autoencoder& model, Support& support) const {
  if ((features_.plain() && model.tied_relu()) ||
      !DirectSupport::knows(features_, model, support.active)) {
    if (!support.evaluator) {
      Options of_one = options_;
      of_one.threads = 1;  // over supports
      support.evaluator.emplace(active(features_, support.active), of_one);
    }
    support.loss = support.evaluator->loss_and_gradient(model, support.gradient);
    return;
  }
  const DirectSupport direct(law_, support.active);
  const Matrix& W = model.W;
  const Matrix decoder = model.tied() ? Matrix(W.transpose()) : model.W_out;
  const Matrix columns = W(Eigen::all, support.active);
  // |S| × D; a row of nothing would lie nowhere
  const Matrix A = skeleta::product(decoder, columns).transpose();
  Loss& loss = support.loss = {};
  Gradient& gradient = support.gradient;
  Matrix gamma(A.cols(), A.rows());  // dL/dAᵀ
  gradient.db.resize(model.features());
  for (Index i = 0; i < model.features(); ++i) {
    const double v = features_.importance(i);
    const DirectOutput output = direct.output(i, A.col(i), model.b(i));
    loss.value += v * output.value;
    loss.error_bound += 1e-11 * v * output.size;
    loss.gradient_error += 1e-11 * v * output.size;
    gradient.db(i) = 2.0 * v * output.slope;
    for (Index k = 0; k < A.rows(); ++k) {
      gamma(i, k) = -2.0 * v * output.product[static_cast<std::size_t>(k)];
    }
  }
  // dL/dW = W_outᵀ Γ, dL/dW_out = Γ Wᵀ; tied, the sum of both.
  const Matrix by_decoder = product_transposed(gamma, columns);
  gradient.dW.setZero(W.rows(), W.cols());
  gradient.dW(Eigen::all, support.active) = transposed_product(decoder, gamma);
  if (model.tied()) {
    gradient.dW += by_decoder.transpose();
  } else {
    gradient.dW_out = by_decoder;
  }
}

Loss SupportSum::loss_and_gradient(const Autoencoder& model, Gradient& gradient) {
  validate(model);
  validate(features_, model.features());
  parallel_for(supports_.size(), options_.threads,
               [&](std::size_t s) { evaluate(model, supports_[s]); });
  Loss sum;
  gradient.dW.setZero(model.hidden(), model.features());
  gradient.dW_out.setZero(model.W_out.rows(), model.W_out.cols());
  gradient.db.setZero(model.features());
  for (const Support& support : supports_) {
    const double p = support.probability;
    sum.value += p * support.loss.value;
    sum.error_bound += p * support.loss.error_bound;
    sum.gradient_error += p * support.loss.gradient_error;
    sum.nodes = std::max(sum.nodes, support.loss.nodes);
    sum.factors += support.loss.factors;
    if (!support.loss.met_target()) sum.stop_reason = StopReason::nodes;
    gradient.dW += p * support.gradient.dW;
    if (!model.tied()) gradient.dW_out += p * support.gradient.dW_out;
    gradient.db += p * support.gradient.db;
  }
  return sum;
}

}  // namespace skeleta::exact
