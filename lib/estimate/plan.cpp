#include <algorithm>
#include <map>
#include <utility>

#include "estimate/methods.h"
#include "estimate/rounds.h"
#include "skeleta/estimate/integrate.h"

namespace skeleta::estimate {
// A method's way to go about the task.
struct Prepared {
  Prepared(const Task& task, const MethodRecord& method) : problem(task, method) {}

  Problem problem;
  std::optional<Setup> setup;  // nothing if there is nothing to sample

  Foreseen foreseen() const {
    const MethodRecord& record = problem.method();
    if (!setup) return {record.method, 0.0, 0.0};
    const double points = setup->total(problem.options());
    const double drawing =
        record.draw_nanoseconds(problem.data()) * std::max(1.0, problem.features().density.sum());
    const bool counted = problem.options().samples > 0;
    return {record.method, points, 1e-9 * points * (problem.known().nanoseconds + drawing),
            counted ? points : setup->allocation->wanted()};
  }

  SampledIntegrals sample() const {
    if (!setup) return nothing_sampled(problem);
    if (problem.options().announce) problem.options().announce(foreseen());
    Rounds rounds(problem, *setup);
    return rounds.result(rounds.run());
  }
};

class Plan::Implementation {
 public:
  explicit Implementation(Task task) : task_(std::move(task)) {
    validate(task_.options);
    skeleta::validate(task_.features);
  }

  const Prepared& prepare(Method method) {
    const MethodRecord& record = record_of(method);
    Prepared& prepared = prepared_.try_emplace(method, task_, record).first->second;
    if (prepared.setup || prepared.problem.nothing_to_sample()) return prepared;
    prepared.setup = record.set_up(prepared.problem, survey(prepared.problem));
    return prepared;
  }

  // The pilots of all methods, the fastest first; what takes long to set up is not looked at where
  // another one is done before.
  std::vector<Foreseen> compare() {
    std::vector<Foreseen> all;
    for (const MethodRecord& record : method_records()) {
      const double begin = record.set_up_seconds(task_.features.size());
      if (std::ranges::any_of(all, [&](const Foreseen& f) { return f.seconds < begin; })) continue;
      all.push_back(prepare(record.method).foreseen());
    }
    std::ranges::stable_sort(all, {}, &Foreseen::seconds);
    return all;
  }

  SampledIntegrals sample() {
    if (task_.options.method != Method::automatic) return prepare(task_.options.method).sample();
    std::vector<Foreseen> foreseen = compare();
    const Method chosen = foreseen.front().method;
    std::erase_if(prepared_, [&](const auto& other) { return other.first != chosen; });
    SampledIntegrals result = prepare(chosen).sample();
    result.foreseen = std::move(foreseen);
    return result;
  }

 private:
  // The same points for all methods that know skeletons, and for the others.
  const Survey& survey(const Problem& problem) {
    std::optional<Survey>& survey = problem.by_skeleton() ? by_skeleton_ : together_;
    if (!survey) {
      survey.emplace(problem, problem.integrand(), problem.controls(),
                     problem.draw(problem.data()));
    }
    return *survey;
  }

  Task task_;
  std::optional<Survey> by_skeleton_, together_;
  std::map<Method, Prepared> prepared_;
};

Plan::Plan(const Features& features, const Integrand& integrand, const Options& options,
           const Known& known)
    : implementation_(std::make_unique<Implementation>(Task{features, integrand, options, known})) {
}

Plan::~Plan() = default;

Foreseen Plan::foresee(Method method) {
  return implementation_->prepare(method).foreseen();
}

SampledIntegrals Plan::sample() {
  return implementation_->sample();
}

}  // namespace skeleta::estimate
