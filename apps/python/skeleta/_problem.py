"""What is asked of a model: arguments that most functions share, and the exact engine's options."""

import functools

from . import _core
from ._model import Model


def problem(W, bias, threshold, density, sparsity, importance, law, decoder, activation, jump, noise):
    """The models and data that these arguments name; a Model brings its own where they are absent."""
    if isinstance(W, Model):
        if any(given is not None for given in (bias, threshold, decoder, jump)):
            raise ValueError("the model brings its own bias and decoder: give W alone for others")
        model, W = W, W.W
        bias, decoder, activation, jump, noise = (
            model.bias, model.decoder, model.activation, model.jump, model.noise)
        if density is None and sparsity is None and law is None:
            density, law = model.density, model.law
        if importance is None:
            importance = model.importance
    return _core.Problem(W, bias, threshold, density, sparsity, importance, law_of(law), decoder,
                         activation, jump, noise)


def law_of(law):
    """The compiled law of a Law."""
    if law is None:
        return None
    try:
        return law._law
    except AttributeError:
        raise ValueError(f"law must be a skeleta.Law, not {type(law).__name__}") from None


@functools.lru_cache(maxsize=64)
def exact_options(relative_target, absolute_target, gradient_target, error_control, max_nodes, threads):
    return _core.exact_options(relative_target, absolute_target, gradient_target, error_control,
                               max_nodes, threads)
