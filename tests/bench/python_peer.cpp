// Seconds of processor time of one exact loss with gradient by the evaluator, on one thread: what
// python_bench.py compares Python with. Usage: python_peer FEATURES HIDDEN < W, row after row

#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <vector>

#include "skeleta/exact/loss.h"

namespace {

double processor_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace

int main(int, char** arguments) {
  const long D = std::atol(arguments[1]), d = std::atol(arguments[2]);
  skeleta::Autoencoder model{skeleta::Matrix(d, D), skeleta::Vector::Zero(D)};
  for (long i = 0; i < d; ++i) {
    for (long j = 0; j < D; ++j) std::cin >> model.W(i, j);
  }
  skeleta::exact::Options options;
  options.threads = 1;
  skeleta::exact::Evaluator evaluator(skeleta::Features::uniform(D, 0.05), options);
  skeleta::exact::Gradient gradient;
  const int count = D < 20 ? 10 : 1;  // of rounds that the clock can tell apart
  std::vector<double> rounds;
  const double begin = processor_seconds();
  while (processor_seconds() < begin + 2.0) {
    const double start = processor_seconds();
    for (int k = 0; k < count; ++k) evaluator.loss_and_gradient(model, gradient);
    rounds.push_back((processor_seconds() - start) / count);
  }
  std::sort(rounds.begin(), rounds.end());
  std::cout << rounds[rounds.size() / 20] << '\n';
}
