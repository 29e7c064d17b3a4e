"""The exact loss, its gradient, and both again and again."""

import copy

from . import _core
from ._html import table
from ._law import law_of
from ._model import model_of
from ._problem import exact_options, problem


class Loss:
    """An integral loss, how well it is known, and what that took; of a batch, arrays of these."""

    __slots__ = ("value", "error_bound", "gradient_error", "met_target", "stop_reason", "nodes", "factors",
                 "_problem", "_options", "_beside_gradient", "_skeletons")

    def __init__(self, found, problem=None, options=None, beside_gradient=False):
        (self.value, self.error_bound, self.gradient_error, self.met_target, self.stop_reason, self.nodes,
         self.factors) = found
        self._problem, self._options, self._skeletons = problem, options, None
        self._beside_gradient = beside_gradient

    @property
    def skeletons(self) -> dict:
        """The loss by number l of active features: arrays l, probability, mean and contribution, computed
        when first asked for, as precisely as the loss: error_bound holds for each contribution. Of a batch, a
        list of these."""
        return [one.skeletons for one in self._by_skeleton()] if self._problem.batch else (
            self._by_skeleton()[0].skeletons)

    @property
    def one_sparse(self):
        """What Q0 and Q1 say of the loss: contribution, share, rest, ... Of a batch, a list of these."""
        return [one.one_sparse for one in self._by_skeleton()] if self._problem.batch else (
            self._by_skeleton()[0].one_sparse)

    def _by_skeleton(self):
        from ._estimate import Estimate

        if self._problem is None:
            raise ValueError("an Evaluator keeps no models: ask skeleta.loss for the skeletons")
        if self._skeletons is None:
            options = dict(zip(("rel_tol", "abs_tol", "error_control", "max_nodes", "threads"), self._options))
            bounds = self.error_bound if self._problem.batch else [self.error_bound]

            def target(bound):  # a gradient may have asked for more than the loss did
                return {"rel_tol": 0.0, "abs_tol": bound} if self._beside_gradient and bound > 0 else {}

            self._skeletons = [Estimate(_core.estimate(self._problem, k, "exact", {**options, **target(bound)}, None))
                               for k, bound in enumerate(map(float, bounds))]
        return self._skeletons

    def __float__(self) -> float:
        return float(self.value)

    def __repr__(self) -> str:
        return f"Loss(value={self.value!r}, error_bound={self.error_bound!r}, met_target={self.met_target!r})"

    def _repr_html_(self) -> str:
        if self._problem is None or self._problem.batch:
            return table(["value", "error bound"], [self.value], [self.error_bound]) if (
                self._problem is None) else table(["value", "error bound"], self.value, self.error_bound)
        return self._by_skeleton()[0]._repr_html_()


def loss(W, bias=None, density=None, *, threshold=None, sparsity=None, importance=None, law=None, decoder=None,
         activation="relu", jump=None, noise=0.0, relative_target=1e-8, absolute_target=0.0,
         error_control="rigorous", max_nodes=1 << 18, threads=0) -> Loss:
    """The integral loss E sum_i v_i (x_i - xhat_i)^2 without sampling.

    W [hidden, feature], or [instance, hidden, feature]: then all of them in parallel, and every number of
    the result is an array [instance]. Or a Model. bias [feature] is added before the ReLU, as PyTorch has
    it; threshold = -bias is its other name. How sparse features are: density p, or sparsity S = 1 - p, or
    law (skeleta.Law); density and importance v are one number, [feature], or [instance, feature].

    The result meets error <= max(relative_target |loss|, absolute_target), or says that it did not (a loss near 0
    may be known to what rounding leaves of it, if that is at most relative_target of the loss of the zero model):
    error_control 'rigorous' proves that, 'estimated' is faster; 'proven' gives the doubles nearest to loss,
    contributions and derivatives, of plain ReLU models whose outputs see at most 24 features: nothing else is rounded.
    threads 0: all; no number depends on it.
    Raises ValueError for shapes and numbers that make no sense. Ctrl-C ends it.

    >>> import numpy as np
    >>> W = np.array([[1.0, -1.0]])
    >>> found = loss(W, density=0.05)
    >>> round(found.value, 8), found.met_target
    (0.00083333, True)
    >>> found.skeletons["l"].tolist()
    [0, 1, 2]
    """
    task = problem(W, bias, threshold, density, sparsity, importance, law, decoder, activation, jump, noise)
    options = exact_options(relative_target, absolute_target, 1e-6, error_control, max_nodes, threads)
    return Loss(_core.loss(task, options), task, (relative_target, absolute_target, error_control, max_nodes, threads))


class Gradient:
    """A loss and its derivatives, .W, .bias, .threshold and, of an untied model, .decoder, each of the shape of
    what it is the derivative by. Unpacks as (loss, W, bias)."""

    __slots__ = ("loss", "W", "bias", "threshold", "decoder")

    def __init__(self, loss, W, derivative, decoder, of_bias):
        self.loss, self.W, self.decoder = loss, W, decoder
        self.bias, self.threshold = (derivative, -derivative) if of_bias else (-derivative, derivative)

    def __iter__(self):
        return iter((self.loss, self.W, self.bias))

    def __repr__(self) -> str:
        return f"Gradient(loss={self.loss!r}, W={self.W!r}, bias={self.bias!r})"


def loss_and_gradient(W, bias=None, density=None, *, threshold=None, sparsity=None, importance=None, law=None,
                      decoder=None, activation="relu", jump=None, noise=0.0, relative_target=1e-8,
                      absolute_target=0.0, gradient_target=1e-6, error_control="rigorous", max_nodes=1 << 18,
                      threads=0) -> Gradient:
    """The same with derivatives.

    The error of the derivatives is held to gradient_target times the loss. Arguments, batches and errors
    as those of loss.

    >>> import numpy as np
    >>> found, dW, dbias = loss_and_gradient(np.array([[1.0, -0.9]]), [0.0, 0.0], density=0.05)
    >>> dW.shape, dbias.shape
    ((1, 2), (2,))
    """
    task = problem(W, bias, threshold, density, sparsity, importance, law, decoder, activation, jump, noise)
    options = exact_options(relative_target, absolute_target, gradient_target, error_control, max_nodes, threads)
    found, *derivatives = _core.loss_and_gradient(task, options)
    return Gradient(Loss(found, task, (relative_target, absolute_target, error_control, max_nodes, threads),
                         beside_gradient=True),
                    *derivatives, threshold is None)


class Evaluator:
    """The exact loss of many models, one after the other, on the same data: it keeps its buffers.

    features is their number D; the other arguments are those of loss_and_gradient. Threads of Python may
    share it: they wait for each other. Copies and what is pickled have buffers of their own.

    >>> import numpy as np
    >>> evaluate = Evaluator(2, density=0.05)
    >>> round(evaluate.loss(np.array([[1.0, -1.0]])).value, 8)
    0.00083333
    """

    def __init__(self, features, density=None, *, sparsity=None, importance=None, law=None, relative_target=1e-8,
                 absolute_target=0.0, gradient_target=1e-6, error_control="rigorous", max_nodes=1 << 18,
                 threads=0):
        options = (relative_target, absolute_target, gradient_target, error_control, max_nodes, threads)
        # Copies: what is pickled later is what was evaluated.
        self._state = copy.deepcopy((density, sparsity, importance, law_of(law), features)), options
        self._evaluator = _core.Evaluator(*self._state[0], exact_options(*options))

    def __getstate__(self) -> tuple:
        return self._state

    def __setstate__(self, state: tuple) -> None:
        self._state = state
        self._evaluator = _core.Evaluator(*state[0], exact_options(*state[1]))

    def loss(self, W, bias=None, *, threshold=None, decoder=None, activation="relu", jump=None, noise=0.0) -> Loss:
        """The loss of one model, W [hidden, feature] or a Model."""
        return Loss(self._evaluator.loss(*model_of(W, bias, threshold, decoder, activation, jump, noise)))

    def loss_and_gradient(self, W, bias=None, *, threshold=None, decoder=None, activation="relu", jump=None,
                          noise=0.0) -> Gradient:
        """The same with derivatives."""
        found, *derivatives = self._evaluator.loss_and_gradient(
            *model_of(W, bias, threshold, decoder, activation, jump, noise))
        return Gradient(Loss(found), *derivatives, threshold is None)
