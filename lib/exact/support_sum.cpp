#include "skeleta/exact/support_sum.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/special_functions/binomial.hpp>
#include <numeric>
#include <stdexcept>

#include "exact/supports.h"
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

}  // namespace

double SupportSum::supports(Index features, CountRange skeletons) {
  double sum = 0.0;
  for (Index l = skeletons.first; l <= skeletons.last; ++l) {
    sum += boost::math::binomial_coefficient<double>(static_cast<unsigned>(features),
                                                     static_cast<unsigned>(l));
  }
  return sum;
}

SupportSum::SupportSum(const Features& features, CountRange skeletons, const Options& options)
    : threads_(options.threads) {
  validate(features);
  require_plain(features, "the sum over supports");
  validate(options);
  const Index count = features.size();
  if (skeletons.empty() || skeletons.first < 1 || skeletons.last > count) {
    throw std::invalid_argument(fmt::format("skeletons = {}..{} must be a range within 1..{}",
                                            skeletons.first, skeletons.last, count));
  }
  if (supports(count, skeletons) > most_supports) {
    throw std::invalid_argument(fmt::format(
        "{} features have {:.3g} supports of {} to {} active ones, more than the {:.0f} that can "
        "be "
        "summed over",
        count, supports(count, skeletons), skeletons.first, skeletons.last, most_supports));
  }
  Options of_one = options;
  of_one.threads = 1;  // over supports
  const Supports law(features.density);
  for (Index l = skeletons.first; l <= skeletons.last; ++l) {
    std::vector<Index> support(static_cast<std::size_t>(l));
    std::iota(support.begin(), support.end(), Index{0});
    do {
      const double probability = law.probability(support);
      if (!(probability > 0.0)) continue;
      Features active{Vector::Zero(count), features.importance};
      for (const Index j : support) active.density(j) = 1.0;
      supports_.push_back({probability, Evaluator(std::move(active), of_one), {}, {}});
    } while (advance(support, count));
  }
}

Loss SupportSum::loss_and_gradient(const Autoencoder& model, Matrix& dW, Vector& db) {
  validate(model);
  require_tied_relu(model, "the sum over supports");
  parallel_for(supports_.size(), threads_, [&](std::size_t s) {
    Support& support = supports_[s];
    support.loss = support.evaluator.loss_and_gradient(model, support.gradient);
  });
  Loss sum;
  dW.setZero(model.hidden(), model.features());
  db.setZero(model.features());
  for (const Support& support : supports_) {
    const double p = support.probability;
    sum.value += p * support.loss.value;
    sum.error_bound += p * support.loss.error_bound;
    sum.gradient_error += p * support.loss.gradient_error;
    sum.nodes = std::max(sum.nodes, support.loss.nodes);
    sum.factors += support.loss.factors;
    if (!support.loss.met_target()) sum.stop_reason = StopReason::nodes;
    dW += p * support.gradient.dW;
    db += p * support.gradient.db;
  }
  return sum;
}

}  // namespace skeleta::exact
