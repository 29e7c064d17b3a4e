"""What a process needs: Ctrl-C, other threads, forks, no leaks."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import skeleta

LONG = {  # each takes minutes
    "loss": "skeleta.loss(rng.normal(size=(20, 1500)) / 5, density=0.01, relative_target=1e-12)",
    "estimate": "skeleta.estimate(rng.normal(size=(2, 50)), density=0.1, samples=10**12, max_seconds=1e9)",
    "train": "skeleta.train(features=150, hidden=20, sparsity=0.9, starts=1000)",
    "integrate": "skeleta.integrate(np.full(5, 0.5), lambda x: x[:, 0], samples=10**12)",
    "sample": "skeleta.sample(0.01, 3 * 10**7, features=50, sparse=True)",
}


@pytest.mark.parametrize("what", LONG)
def test_ctrl_c_ends_work_within_a_second(what):
    code = f"""
import numpy as np, os, signal, skeleta, sys, threading, time
rng = np.random.default_rng(0)
def interrupt():
    time.sleep(0.5)
    global sent
    sent = time.monotonic()
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    {LONG[what]}
    print("it was done before")
except KeyboardInterrupt:
    print("stopped after", time.monotonic() - sent)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert found.stdout.startswith("stopped after"), found.stdout + found.stderr
    assert float(found.stdout.split()[2]) < (1.0 if os.environ.get("SKELETA_TIMED") else 10.0)


def test_other_threads_go_on_meanwhile(model):
    ticks = []

    def tick():
        while not done.is_set():
            ticks.append(None)
            time.sleep(0.001)

    done = threading.Event()
    other = threading.Thread(target=tick)
    other.start()
    skeleta.estimate(*model, 0.1, method="plain", samples=30_000_000, threads=1)
    done.set()
    other.join()
    assert len(ticks) > 20


def test_several_threads_get_what_one_gets(model):
    W, bias = model
    expected = [skeleta.loss_and_gradient(W * (1 + k / 10), bias, 0.1) for k in range(8)]
    evaluator = skeleta.Evaluator(5, 0.1)
    wrong = []

    def work(k):
        for _ in range(50):
            for found in (skeleta.loss_and_gradient(W * (1 + k / 10), bias, 0.1),
                          evaluator.loss_and_gradient(W * (1 + k / 10), bias)):
                if found.loss.value != expected[k].loss.value or (found.W != expected[k].W).any():
                    wrong.append(k)
        if skeleta.thomson.solve(4, 3, starts=2).energy != energy:
            wrong.append(k)

    energy = skeleta.thomson.solve(4, 3, starts=2).energy
    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_fork_computes_too(model):
    W = np.stack([model[0]] * 50)
    expected = skeleta.loss(W, model[1], 0.1).value  # with all threads
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        try:
            same = (skeleta.loss(W, model[1], 0.1).value == expected).all()
            same = same and skeleta.thomson.solve(4, 3, starts=2).hits >= 1
            os._exit(0 if same else 1)
        except BaseException:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0


def test_nothing_leaks(model):
    W, bias = model
    density = np.full(5, 0.1)
    evaluator = skeleta.Evaluator(5, density, relative_target=1e-2)

    def calls(count):
        for _ in range(count):
            evaluator.loss_and_gradient(W, bias)
            skeleta.loss(W, bias, density, relative_target=1e-2)
            for bad in (dict(density=-1.0), dict(density=[0.1])):
                try:
                    skeleta.loss(W, bias, **bad)
                except ValueError:
                    pass

    calls(2000)
    counts = [sys.getrefcount(object_) for object_ in (W, bias, density, None)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB
    calls(25_000)  # a hundred thousand calls in all
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 2000, f"{grown} KiB"
    after = [sys.getrefcount(object_) for object_ in (W, bias, density, None)]
    assert after[:3] == counts[:3] and abs(after[3] - counts[3]) < 100
