"""What is asked of a model: arguments that most functions share, and the exact engine's options."""

import functools

from . import _core
from ._law import law_of
from ._model import unpacked


def problem(W, bias, threshold, density, sparsity, importance, law, decoder, activation, jump, noise):
    """The models and data that these arguments name; a Model brings its own where they are absent."""
    W, bias, threshold, density, sparsity, importance, law, decoder, activation, jump, noise = unpacked(
        W, bias, threshold, density, sparsity, importance, law, decoder, activation, jump, noise)
    return _core.Problem(W, bias, threshold, density, sparsity, importance, law_of(law), decoder,
                         activation, jump, noise)


known_options = functools.lru_cache(maxsize=64)(_core.exact_options)


def exact_options(*given):
    """Of relative_target, absolute_target, gradient_target, error_control, max_nodes, threads."""
    try:
        return known_options(*given)
    except TypeError:  # no key of a dictionary, like numpy.array(1e-3)
        return _core.exact_options(*given)
