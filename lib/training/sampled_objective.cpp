#include "skeleta/training/sampled_objective.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "skeleta/core/parallel.h"
#include "skeleta/sampling/count_splitter.h"
#include "skeleta/sampling/point_sampler.h"
#include "skeleta/sampling/stream.h"
#include "training/loops.h"

namespace skeleta::training {

class SampledObjective::Implementation {
 public:
  virtual ~Implementation() = default;
  virtual double evaluate(std::uint64_t step, const Vector& x, Vector& gradient) = 0;
};

namespace {

template <class Scalar>
class Sampled final : public SampledObjective::Implementation {
 public:
  Sampled(Features features, Index hidden, bool tied, const SampleOptions& options)
      : features_(std::move(features)),
        options_(options),
        kernel_(features_.importance, hidden, tied),
        sampler_(features_.data_law(), features_.size()) {
    const ActiveCount law(features_.data_law().activity);
    none_ = law.probability(0);
    some_ = law.at_least(1);
    if (some_ == 0.0) return;  // nothing is ever drawn
    splitter_.emplace(law, law.bulk({1, features_.size()}, 1e-18));
    points_ = static_cast<std::uint64_t>(std::ceil(static_cast<double>(options.batch) * some_));
    // The same for any number of threads: some 128 points each, but not more than 64 chunks.
    chunks_.resize(std::clamp<std::uint64_t>((points_ + 127) / 128, 1, 64));
    for (Chunk& chunk : chunks_) chunk = {sampler_.scratch(), {}, {}, kernel_.sums()};
    const double scattered = features_.density.sum() * static_cast<double>(features_.size());
    const double seconds = 1e-9 * static_cast<double>(points_) * (50.0 + scattered);
    threads_ = worthwhile_threads(seconds, options.threads);
  }

  double evaluate(std::uint64_t step, const Vector& x, Vector& gradient) override {
    if (!x.allFinite()) return std::numeric_limits<double>::quiet_NaN();
    loops().of<Scalar>().read(kernel_, x);
    parallel_for(chunks_.size(), threads_, [&](std::size_t k) { run(step, k); });
    gradient.setZero();
    double value = 0.0;
    for (const Chunk& chunk : chunks_) {
      kernel_.add_to(gradient, chunk.sums);
      value += chunk.sums.value;
    }
    const double weight = points_ > 0 ? some_ / static_cast<double>(points_) : 0.0;
    gradient *= weight;
    return weight * value + add_empty(x, gradient);
  }

 private:
  struct Chunk {
    sampling::PointSampler::Scratch scratch;
    sampling::SparseBatch batch;
    std::vector<std::uint64_t> counts;
    typename BatchKernel<Scalar>::Sums sums;
  };

  void run(std::uint64_t step, std::size_t index) {
    constexpr std::uint64_t at_once = 4096;  // points in memory
    Chunk& chunk = chunks_[index];
    kernel_.reset(chunk.sums);
    const std::uint64_t all = chunks_.size();
    const std::uint64_t first = points_ * index / all, end = points_ * (index + 1) / all;
    // A family for each skeleton; that of Q_0, which is never drawn, says how many there are of
    // each.
    const auto key = [&](Index l) {
      return sampling::StreamKey{
          .seed = options_.seed,
          .purpose = sampling::Purpose::training,
          .replicate = step,
          .stratum = (options_.series << 32) + static_cast<std::uint64_t>(l)};
    };
    const CountRange range = splitter_->range();
    chunk.counts.resize(static_cast<std::size_t>(range.size()));
    splitter_->draw(key(0), index, end - first, chunk.counts);
    for (Index l = range.first; l <= range.last; ++l) {
      const std::uint64_t count = chunk.counts[static_cast<std::size_t>(l - range.first)];
      for (std::uint64_t done = 0; done < count; done += at_once) {
        sampler_.draw(l, key(l), first + done, std::min(at_once, count - done), chunk.batch,
                      chunk.scratch);
        loops().of<Scalar>().add(kernel_, chunk.batch, chunk.sums);
      }
    }
  }

  // Nobody is active: Σ v_i ((−b_i)₊)² with probability π_0.
  double add_empty(const Vector& x, Vector& gradient) const {
    double value = 0.0;
    for (Index i = 0; i < features_.size(); ++i) {
      const Index at = x.size() - features_.size() + i;
      const double constant = std::max(-x(at), 0.0), weight = none_ * features_.importance(i);
      value += weight * constant * constant;
      gradient(at) -= 2.0 * weight * constant;
    }
    return value;
  }

  Features features_;
  SampleOptions options_;
  BatchKernel<Scalar> kernel_;
  sampling::PointSampler sampler_;
  double none_ = 1.0, some_ = 0.0;  // P(N = 0), P(N ≥ 1)
  std::uint64_t points_ = 0;
  int threads_ = 1;
  std::optional<sampling::CountSplitter> splitter_;  // none if nothing is ever drawn
  std::vector<Chunk> chunks_;
};

}  // namespace

SampledObjective::SampledObjective(Features features, const Autoencoder& form,
                                   const SampleOptions& options)
    : SampledObjective(std::move(features), form.hidden(), form.tied(), options) {
  require_known(form);
}

SampledObjective::SampledObjective(Features features, Index hidden, const SampleOptions& options)
    : SampledObjective(std::move(features), hidden, true, options) {}

SampledObjective::SampledObjective(Features features, Index hidden, bool tied,
                                   const SampleOptions& options) {
  validate(features);
  if (hidden < 1) {
    throw std::invalid_argument(fmt::format("hidden = {} must be at least 1", hidden));
  }
  if (options.batch < 1) throw std::invalid_argument("batch = 0 must be at least 1");
  if (options.precision == estimate::Precision::float32) {
    implementation_ = std::make_unique<Sampled<float>>(std::move(features), hidden, tied, options);
  } else {
    implementation_ = std::make_unique<Sampled<double>>(std::move(features), hidden, tied, options);
  }
}

void SampledObjective::require_known(const Autoencoder& form) {
  if (form.activation == Activation::relu && form.noise == 0.0) return;
  throw std::invalid_argument(
      "the objective sampled knows only ReLU models without noise: a batch has no noise, and the "
      "gradient at its points misses the jumps of JumpReLU");
}

SampledObjective::~SampledObjective() = default;
SampledObjective::SampledObjective(SampledObjective&&) noexcept = default;
SampledObjective& SampledObjective::operator=(SampledObjective&&) noexcept = default;

double SampledObjective::operator()(std::uint64_t step, const Vector& x, Vector& gradient) {
  return implementation_->evaluate(step, x, gradient);
}

}  // namespace skeleta::training
