"""The speed of the Python module, each figure beside its goal.

PYTHONPATH=BUILD/python python3 tests/bench/python_bench.py [PEER]

PEER: the program python_peer (SKELETA_BENCH=ON), which times the same evaluations in C++; without it these
figures are nan.
"""

import subprocess
import sys
import time

import numpy as np

import skeleta
from skeleta import _core


def seconds(work, clock=time.thread_time, rounds=1000):
    """Of one call, of processor time if nothing else is said: of many short rounds one of the least, the twentieth
    part from below, which others on the machine disturb little, and a slip of the clock not at all."""
    work()
    start = clock()
    work()
    count = max(1, int(3e-4 / max(1e-6, clock() - start)))
    figures, end = [], time.monotonic() + 5.0
    for _ in range(rounds):
        start = clock()
        for _ in range(count):
            work()
        figures.append((clock() - start) / count)
        if time.monotonic() > end:
            break
    return sorted(figures)[len(figures) // 20]


def say(what, figure, goal):
    print(f"{what:68} {figure:>12}   goal {goal}")


def alternating(count, *measures):
    """The least of several measures each, taken in turn: whatever else the machine does meets all of them."""
    return [min(figures) for figures in zip(*([measure() for measure in measures] for _ in range(count)))]


def peer(features, hidden):
    """The C++ evaluator's seconds of processor time for loss and gradient of the same model."""
    if len(sys.argv) < 2:
        return float("nan")
    rng = np.random.default_rng(0)
    W = rng.normal(size=(hidden, features)) / np.sqrt(hidden)
    numbers = " ".join(map(repr, map(float, W.ravel())))
    return float(subprocess.run([sys.argv[1], str(features), str(hidden)], input=numbers, text=True,
                                capture_output=True, check=True).stdout)


def model(features, hidden):
    rng = np.random.default_rng(0)
    return rng.normal(size=(hidden, features)) / np.sqrt(hidden), np.zeros(features)


def parameters(torch, W):
    """A model to start from, and PyTorch's optimizer of it."""
    W = torch.nn.Parameter(W.clone())
    bias = torch.nn.Parameter(torch.zeros(W.shape[1], dtype=W.dtype))
    return W, bias, torch.optim.AdamW([W, bias], lr=1e-2, weight_decay=0.0)


def sampled_training(torch, start, steps):
    """Seconds, and the exact loss at the end, of batches of 1024 with a step size that falls to 0."""
    W, bias, optimizer = parameters(torch, start)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=steps)
    begin = time.perf_counter()
    for _ in range(steps):
        x = torch.rand(1024, 5) * (torch.rand(1024, 5) < 0.05)
        optimizer.zero_grad()
        ((x - torch.relu(x @ W.T @ W + bias)) ** 2).sum(-1).mean().backward()
        optimizer.step()
        schedule.step()
    spent = time.perf_counter() - begin
    return spent, skeleta.loss(W.detach().numpy(), bias.detach().numpy(), 0.05).value


def exact_training(torch, exact_loss, start, target):
    """Seconds until the exact loss is at most `target`, on it with a constant step size."""
    W, bias, optimizer = parameters(torch, start)
    begin = time.perf_counter()
    for _ in range(20_000):
        optimizer.zero_grad()
        loss = exact_loss(W, bias, 0.05, relative_target=1e-6, gradient_target=1e-4, threads=1)
        if loss.item() <= target:
            return time.perf_counter() - begin
        loss.backward()
        optimizer.step()
    return float("inf")


def training(torch, exact_loss):
    """D = 5, d = 2: seconds to the same loss from the same start, for shorter and longer trainings on batches."""
    torch.manual_seed(1)
    torch.set_num_threads(1)  # the fastest for tensors as small as these
    start = torch.nn.init.xavier_normal_(torch.empty(2, 5))
    best = skeleta.train(features=5, hidden=2, sparsity=0.95, threads=1).best["loss"]
    for steps in (1000, 3000, 10_000):
        theirs, reached = sampled_training(torch, start, steps)
        ours = exact_training(torch, exact_loss, start.double(), reached)
        say(f"D = 5: {steps} steps on batches ({reached / best - 1:.1e} above least) over exact",
            f"{theirs / ours:.1f}", ">= 20")
        say("    seconds of each", f"{theirs:.2f}, {ours:.3f}", "-")


def main():
    W, bias = model(5, 2)
    evaluate = skeleta.Evaluator(5, 0.05, threads=1)
    inner, outer, whole = alternating(
        3, lambda: peer(5, 2), lambda: seconds(lambda: evaluate.loss_and_gradient(W, bias)),
        lambda: seconds(lambda: skeleta.loss_and_gradient(W, bias, 0.05, threads=1)))
    say("D = 5: Evaluator.loss_and_gradient, above C++", f"{1e6 * (outer - inner):.1f} us", "<= 20 us")
    say("D = 5: loss_and_gradient, above C++'s Evaluator", f"{1e6 * (whole - inner):.1f} us", "<= 20 us")
    say("D = 5: loss_and_gradient in all", f"{1e6 * whole:.1f} us", "-")

    try:
        import torch

        from skeleta.torch import exact_loss
    except ImportError:
        print("PyTorch is not here: nothing said of it")
    else:
        W, bias = model(80, 20)
        tensor = torch.tensor(W, requires_grad=True)
        offset = torch.tensor(bias, requires_grad=True)

        def forward_and_backward():
            exact_loss(tensor, offset, 0.05, threads=1).backward()

        inner, both = alternating(3, lambda: peer(80, 20), lambda: seconds(forward_and_backward))
        say("D = 80: forward and backward over C++'s Evaluator", f"{both / inner:.3f}", "<= 1.05")
        say("D = 80: forward and backward", f"{1e3 * both:.2f} ms", "-")
        training(torch, exact_loss)

    rng = np.random.default_rng(1)
    stack = rng.normal(size=(1000, 2, 5))

    def singly():
        return [skeleta.loss(W, None, 0.05, threads=1) for W in stack]

    def together():
        return skeleta.loss(stack, None, 0.05, threads=2)

    one, batch = alternating(3, *(lambda work=work: seconds(work, time.perf_counter) for work in (singly, together)))
    say("1000 models of D = 5: one by one over one call, 2 threads", f"{one / batch:.2f}", ">= 1.8")
    one, batch = alternating(3, *(lambda work=work: seconds(work, time.process_time) for work in (singly, together)))
    say("    twice the ratio of processor time: if two processors were idle", f"{2.0 * one / batch:.2f}", ">= 1.8")


if __name__ == "__main__":
    print(f"skeleta {skeleta.__version__}, commit {_core.commit[:10]}")
    main()
