"""Sampled integrals: the loss by all methods, and any function of the data."""

import json

from . import _core
from ._html import table
from ._law import Law, law_of
from ._problem import problem
from ._progress import listener, of_samples


class Integral:
    """An integral over the sparse cube, by skeleton: attributes value, standard_error, low, high (an interval
    of the given confidence), error_bound (rigorous, of what was not sampled), samples, non_finite,
    stop_reason, method, and skeletons: arrays l, probability, mean, contribution, standard_error, samples."""

    def __init__(self, found: dict):
        self.__dict__.update(found)

    def __float__(self) -> float:
        return float(self.value)

    def __repr__(self) -> str:
        return (f"{type(self).__name__}(value={self.value!r}, standard_error={self.standard_error!r}, "
                f"stop_reason={self.stop_reason!r}, method={self.method!r})")

    def _repr_html_(self) -> str:
        parts = self.skeletons
        return table(["l", "probability", "mean", "contribution", "standard error"], parts["l"],
                     parts["probability"], parts["mean"], parts["contribution"], parts["standard_error"],
                     caption=f"{self.value:.8g} &plusmn; {self.standard_error:.2g}, {self.method}")


class Estimate(Integral):
    """The loss of a model, as the program's estimate: also `one_sparse`, what Q0 and Q1 say of it, `warnings`
    that a careful reader must know, and `json()`, the object that `skeleta estimate --json` prints."""

    def __init__(self, found: dict):
        found = dict(found)
        self._json = found.pop("json")
        super().__init__(found)

    def json(self) -> dict:
        return json.loads(self._json)

    @property
    def one_sparse(self) -> dict:
        return self.json()["one_sparse"]


EXACT = {"rel_tol", "abs_tol", "skeletons", "max_nodes", "error_control", "threads", "seed"}
SAMPLED = {"samples", "rel_tol", "abs_tol", "max_samples", "max_seconds", "confidence", "replicates", "seed",
           "threads", "precision"}


def options_for(method: str, given: dict) -> dict:
    """Without those that are None. Raises ValueError for what the method does not take."""
    given = {name: value for name, value in given.items() if value is not None}
    for name in given.keys() - (EXACT if method == "exact" else SAMPLED):
        raise ValueError(f"{name} is not for method '{method}'")
    if "replicates" in given and method != "quasi":
        raise ValueError(f"replicates is not for method '{method}'")
    if "samples" in given and given.keys() & {"rel_tol", "abs_tol", "max_samples"}:
        raise ValueError("samples cannot be given together with rel_tol, abs_tol or max_samples")
    return given


def estimate(W, bias=None, density=None, *, threshold=None, sparsity=None, importance=None, law=None,
             decoder=None, activation="relu", jump=None, noise=0.0, method="auto", samples=None,
             rel_tol=None, abs_tol=None, max_samples=None, max_seconds=None, replicates=None, precision=None,
             error_control=None, skeletons=None, max_nodes=None, confidence=None, seed=1, threads=0,
             progress=None):
    """The loss by number of active features: what `skeleta estimate` computes, with its options.

    method: auto takes what is foreseen to be the fastest, samples or, unless something is asked for that only
    samples have, the exact loss; else plain, stratified, quasi, importance, or exact. The model and its data as in
    skeleta.loss; of several instances, a list of results. progress(done, planned, value, standard_error) is called now and
    then; progress=True draws a line on a terminal, a bar in a notebook. Returns an Estimate. The same bits as the
    program's for the same options, and for any threads.

    >>> import numpy as np
    >>> found = estimate(np.array([[1.0, -1.0]]), density=0.05, method="quasi")
    >>> abs(found.value - 0.00083333) < 1e-5
    True
    """
    task = problem(W, bias, threshold, density, sparsity, importance, law, decoder, activation, jump, noise)
    given = options_for(method, {
        "samples": samples, "rel_tol": rel_tol, "abs_tol": abs_tol, "max_samples": max_samples,
        "max_seconds": max_seconds, "replicates": replicates, "precision": precision,
        "error_control": error_control, "skeletons": skeletons, "max_nodes": max_nodes,
        "confidence": confidence, "seed": seed, "threads": threads})
    with listener(progress, of_samples) as tell:
        found = [Estimate(_core.estimate(task, k, method, given, tell)) for k in range(task.instances)]
    return found if task.batch else found[0]


def some_law(density, features) -> Law:
    law = density if isinstance(density, Law) else Law(density, features=features)
    if features is not None and features != law.features:
        raise ValueError(f"features = {features}, but the law has {law.features}")
    return law


def integrate(law, f, *, features=None, outputs=1, sparse=False, method="stratified", samples=None, rel_tol=None,
              abs_tol=None, max_samples=None, max_seconds=None, replicates=None, confidence=None, seed=1,
              threads=1, progress=None):
    """E f(x) over the law of the data, by skeleton, for any function f.

    law: a Law, or the densities [feature] of independent features with values uniform on [0, 1]; one
    density needs features. f(x) gets whole batches x [point, feature] and returns one number for each
    point, or [point, outputs]; with sparse=True it is called f(active, values), both [point, active]. It
    is called with the interpreter's lock, so that threads (1, 0: all) only help to draw points; no number
    depends on them. What f raises reaches the caller; ValueError, if it returns what is no number. progress as in
    estimate. Returns an Integral, of several outputs a list.

    >>> found = integrate([0.1, 0.2], lambda x: x.sum(axis=1), samples=100_000)
    >>> abs(found.value - 0.15) < 5 * found.standard_error + 1e-12
    True
    """
    given = options_for(method, {
        "samples": samples, "rel_tol": rel_tol, "abs_tol": abs_tol, "max_samples": max_samples,
        "max_seconds": max_seconds, "replicates": replicates, "confidence": confidence, "seed": seed,
        "threads": threads})
    if method == "exact":
        raise ValueError("method 'exact' is for the loss alone")
    with listener(progress, of_samples) as tell:
        found = [Integral(one) for one in
                 _core.integrate(law_of(some_law(law, features)), f, outputs, sparse, method, given, tell)]
    for one in found:
        if one.stop_reason == "non_finite":
            raise ValueError(f"f was NaN or infinite at {one.non_finite} points: its integral is no number")
    return found if outputs > 1 else found[0]


def sample(law, n, *, features=None, seed=1, sparse=False):
    """n independent points of the law: an array [n, feature]; with sparse=True the three arrays of its CSR
    form, (indptr, indices, data). law as in integrate. A function of law, n and seed.

    >>> sample([0.5, 1.0], 3).shape
    (3, 2)
    >>> indptr, indices, data = sample([0.5, 1.0], 3, sparse=True)
    >>> bool(indptr[-1] == len(data) == len(indices))
    True
    """
    return (_core.sample if sparse else _core.dense_sample)(law_of(some_law(law, features)), n, seed)
