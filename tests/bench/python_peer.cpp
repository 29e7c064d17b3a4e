// Seconds of one exact loss with gradient by the evaluator: what python_bench.py compares Python
// with. Usage: python_peer FEATURES HIDDEN < W, row after row

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <limits>

#include "skeleta/exact/loss.h"

int main(int, char** arguments) {
  using Clock = std::chrono::steady_clock;
  const long D = std::atol(arguments[1]), d = std::atol(arguments[2]);
  skeleta::Autoencoder model{skeleta::Matrix(d, D), skeleta::Vector::Zero(D)};
  for (long i = 0; i < d; ++i) {
    for (long j = 0; j < D; ++j) std::cin >> model.W(i, j);
  }
  skeleta::exact::Evaluator evaluator(skeleta::Features::uniform(D, 0.05), {});
  skeleta::Matrix dW;
  skeleta::Vector db;
  double best = std::numeric_limits<double>::infinity();
  for (int round = 0, count = 1; round < 9; ++round) {
    const auto start = Clock::now();
    for (int k = 0; k < count; ++k) evaluator.loss_and_gradient(model, dW, db);
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    if (seconds < 0.1) {
      count *= 2;
      --round;
    } else {
      best = std::min(best, seconds / count);
    }
  }
  std::cout << best << '\n';
}
