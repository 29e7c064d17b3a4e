#include <fmt/format.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "bindings.h"
#include "computed.h"
#include "problem.h"
#include "report.h"
#include "skeleta/approximation/cheapest_loss.h"
#include "skeleta/approximation/sampled_loss.h"
#include "skeleta/core/parallel.h"
#include "skeleta/estimate/integrate.h"

namespace skeleta::python {
namespace {

// Sets what the keywords say; the other members keep the defaults of the library.
class Keywords {
 public:
  explicit Keywords(const py::dict& given) : given_(given) {}

  template <class T>
  Keywords& into(const char* name, T& member) {
    if (!given_.contains(name)) return *this;
    if constexpr (Named<T>) {
      member = choice<T>(given_[name], name);
    } else {
      member = read<T>(given_[name], name);
    }
    return *this;
  }
  /// As in the program, an absolute tolerance alone is meant alone.
  Keywords& tolerances(double& relative, double& absolute) {
    if (given_.contains("abs_tol")) relative = 0.0;
    return into("rel_tol", relative).into("abs_tol", absolute);
  }

 private:
  py::dict given_;
};

estimate::Method method_named(const std::string& name) {
  if (const auto method = estimate::method_named(name)) return *method;
  std::string all;
  for (const estimate::MethodInfo& info : estimate::methods())
    all += fmt::format("{}, ", info.name);
  throw std::invalid_argument(fmt::format("method '{}' is none of {}exact", name, all));
}

// Called with the interpreter's lock; what it returns does not matter, what it raises ends the
// work.
ProgressCallback progress_of(const py::object& callback) {
  if (callback.is_none()) return {};
  return [&callback](const Progress& progress) {
    const py::gil_scoped_acquire lock;
    callback(progress.done, progress.planned, progress.value, progress.standard_error);
    return true;
  };
}

estimate::Options sampling_options(const std::string& method, const py::dict& given,
                                   const py::object& progress) {
  estimate::Options options;
  options.method = method_named(method);
  Keywords(given)
      .tolerances(options.relative_tolerance, options.absolute_tolerance)
      .into("samples", options.samples)
      .into("max_samples", options.max_samples)
      .into("max_seconds", options.max_seconds)
      .into("confidence", options.confidence)
      .into("replicates", options.replicates)
      .into("seed", options.seed)
      .into("threads", options.threads);
  options.progress = progress_of(progress);
  estimate::validate(options);
  return options;
}

exact::Options exact_options(const py::dict& given) {
  exact::Options options;
  options.threads = 0;
  Keywords(given)
      .tolerances(options.relative_target, options.absolute_target)
      .into("max_nodes", options.maximum_nodes)
      .into("skeletons", options.skeletons)
      .into("threads", options.threads)
      .into("error_control", options.error_control);
  exact::validate(options);
  return options;
}

// Method "auto", and nothing was said that only samples have.
bool may_be_exact(const std::string& method, const py::dict& given) {
  const auto of_samples = {"samples",    "max_samples", "max_seconds",
                           "replicates", "precision",   "confidence"};
  return method == "auto" && std::ranges::none_of(of_samples, [&](const char* name) {
           return given.contains(name) && !given[name].is_none();
         });
}

exact::Options integrals_of_auto(const py::dict& given) {
  exact::Options options;
  Keywords(given)
      .tolerances(options.relative_target, options.absolute_target)
      .into("threads", options.threads);
  exact::validate(options);
  return options;
}

py::dict to_python(const IntegralBySkeleton& found) {
  const auto& parts = found.skeletons;
  return py::dict(
      "value"_a = found.value, "standard_error"_a = found.standard_error, "low"_a = found.low,
      "high"_a = found.high, "confidence"_a = found.confidence, "error_bound"_a = found.error_bound,
      "samples"_a = found.samples, "non_finite"_a = found.non_finite,
      "stop_reason"_a = to_string(found.stop_reason),
      "skeletons"_a = py::dict(
          "l"_a = column<std::int64_t>(parts, [](const SkeletonPart& part) { return part.l; }),
          "probability"_a =
              column<double>(parts, [](const SkeletonPart& part) { return part.probability; }),
          "mean"_a = column<double>(parts, [](const SkeletonPart& part) { return part.mean; }),
          "contribution"_a =
              column<double>(parts, [](const SkeletonPart& part) { return part.contribution; }),
          "standard_error"_a =
              column<double>(parts, [](const SkeletonPart& part) { return part.standard_error; }),
          "samples"_a =
              column<std::int64_t>(parts, [](const SkeletonPart& part) { return part.samples; })));
}

// One of the models: as the program's estimate, of which it also has the JSON.
py::dict estimate_model(const Problem& problem, std::size_t k, const std::string& method,
                        const py::dict& given, const py::object& progress) {
  storage::EstimateRun run;
  run.model = problem.models[k];
  run.features = problem.features_of(k);
  run.instance = static_cast<Index>(k);
  std::uint64_t seed = estimate::Options{}.seed;
  Keywords(given).into("seed", seed);
  int threads = 0;
  const auto is_exact = [&](const approximation::ExactLoss& found, exact::ErrorControl control) {
    run.method = "exact";
    run.kernel = program::exact_kernel(control);
    run.loss = found.loss;
    run.one_sparse = found.one_sparse;
  };
  const auto start = std::chrono::steady_clock::now();
  if (method == "exact") {
    const exact::Options options = exact_options(given);
    threads = options.threads;
    is_exact(computed([&] { return approximation::exact_loss(run.model, run.features, options); }),
             options.error_control);
  } else {
    const estimate::Options options = sampling_options(method, given, progress);
    threads = options.threads;
    auto precision = estimate::Precision::float64;
    Keywords(given).into("precision", precision);
    const bool choose = may_be_exact(method, given);
    const exact::Options integrals = choose ? integrals_of_auto(given) : exact::Options{};
    const approximation::CheapestLoss cheapest = computed([&] {
      if (choose) {
        return approximation::cheapest_loss(run.model, run.features, options, integrals, precision);
      }
      approximation::CheapestLoss sampled;
      sampled.sampled = approximation::sampled_loss(run.model, run.features, options, precision);
      return sampled;
    });
    if (cheapest.exact) {
      is_exact(cheapest.integral, exact::ErrorControl::rigorous);
    } else {
      const approximation::SampledLoss& found = cheapest.sampled;
      run.method = to_string(found.method);
      run.kernel =
          to_string(found.path) + (precision == estimate::Precision::float32 ? "-float32" : "");
      run.loss = found.loss;
      run.one_sparse = found.one_sparse;
    }
  }
  run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  py::dict result = to_python(run.loss);
  result["method"] = run.method;
  result["json"] = program::to_json(run, seed, resolve_threads(threads)).dump();
  result["warnings"] = program::warnings(run);
  return result;
}

py::dict estimate_one(const Problem& problem, std::size_t k, py::handle method,
                      const py::dict& given, const py::object& progress) {
  return of_instance(problem, k, [&] {
    return estimate_model(problem, k, read<std::string>(method, "method"), given, progress);
  });
}

// f on whole batches of points, one Python call each: dense, or (features, values).
estimate::Integrand integrand_of(const py::object& f, Index features, std::size_t outputs,
                                 bool sparse) {
  const auto call = [&f, features, outputs, sparse](const estimate::SparseBatch& batch,
                                                    std::span<double> values) {
    const py::gil_scoped_acquire lock;
    const std::size_t points = batch.size(), l = batch.active_count();
    py::object result;
    if (sparse) {
      py::array_t<std::int32_t> active({points, l});
      py::array_t<double> value({points, l});
      std::copy(batch.active().begin(), batch.active().end(), active.mutable_data());
      std::copy(batch.value().begin(), batch.value().end(), value.mutable_data());
      result = f(active, value);
    } else {
      const auto D = static_cast<std::size_t>(features);
      py::array_t<double> X({points, D});
      double* const x = X.mutable_data();
      std::fill(x, x + points * D, 0.0);
      for (std::size_t i = 0; i < points; ++i) {
        const auto point = batch[i];
        for (std::size_t a = 0; a < l; ++a) {
          x[i * D + static_cast<std::size_t>(point.active[a])] = point.value[a];
        }
      }
      result = f(X);
    }
    const Numbers numbers = python::numbers(result, "what f returned");
    const bool fits = static_cast<std::size_t>(numbers.size()) == points * outputs &&
                      numbers.ndim() >= 1 && static_cast<std::size_t>(numbers.shape(0)) == points;
    if (!fits) {
      throw std::invalid_argument(
          fmt::format("f returned shape {} for {} points, but must return one number{} for each",
                      shape_text(numbers), points,
                      outputs > 1 ? fmt::format(" per output, ({}, {}),", points, outputs) : ""));
    }
    std::copy(numbers.data(), numbers.data() + numbers.size(), values.begin());
  };
  constexpr std::size_t numbers_at_once = 1u << 18, fewest = 16, most = 4096;
  const std::size_t points = numbers_at_once / static_cast<std::size_t>(features);
  return estimate::Integrand::of_batches(
      outputs, [call]() -> estimate::BatchIntegrand { return call; },
      std::clamp(points, fewest, most));
}

py::list integrate(const Law& law, const py::object& f, py::handle output_count, bool sparse,
                   py::handle method, const py::dict& given, const py::object& progress) {
  const auto outputs = read<std::uint32_t>(output_count, "outputs");
  if (outputs < 1) throw std::invalid_argument("outputs = 0 must be at least 1");
  const Features features = Features::of(*law, Vector::Ones(law->size()));
  const estimate::Options options =
      sampling_options(read<std::string>(method, "method"), given, progress);
  const estimate::Integrand integrand = integrand_of(f, law->size(), outputs, sparse);
  const auto found =
      computed([&] { return estimate::integrate_all(features, integrand, options); });
  py::list results;
  for (const IntegralBySkeleton& one : found.outputs) {
    py::dict result = to_python(one);
    result["method"] = to_string(found.method);
    results.append(result);
  }
  return results;
}

}  // namespace

void bind_estimate(py::module_& module) {
  module.def("estimate", &estimate_one);
  module.def("integrate", &integrate);
}

}  // namespace skeleta::python
