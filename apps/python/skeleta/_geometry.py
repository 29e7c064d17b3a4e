"""What the columns of W look like."""

from types import SimpleNamespace

from . import _core
from ._model import Model


class Record(SimpleNamespace):
    """Named results."""


def matrix(W):
    return W.W if isinstance(W, Model) else W


def geometry(W) -> Record:
    """Of the columns w_i of W [hidden, feature]: norm |w_i|, dimensionality D_i = |w_i|^2/sum_j (w_i.w_j/|w_i|)^2,
    dimensions_per_feature d/|W|^2, and over the `columns` that are not short signed_coherence and
    absolute_coherence, the largest cosines, beside signed_bound, welch_bound and orthoplex_bound, which no
    set of vectors beats.

    >>> import numpy as np
    >>> [round(float(value), 6) for value in geometry(np.array([[1.0, -1.0]])).dimensionality]
    [0.5, 0.5]
    """
    return Record(**_core.geometry(matrix(W)))


def congruence(X, Y) -> Record:
    """How far the columns of X and Y [hidden, feature] are from being the same, turned and relabelled: the root
    mean square distance rms that was reached, a rigorous lower_bound, and the orthogonal Q and permutation
    that reach it.

    >>> import numpy as np
    >>> congruence(np.eye(2), np.eye(2)[::-1]).rms < 1e-12
    True
    """
    return Record(**_core.congruence(matrix(X), matrix(Y)))
