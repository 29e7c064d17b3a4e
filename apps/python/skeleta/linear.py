"""The linear model: its critical points, how it learns, and moments of sparse data."""

from ._command import documented, model_file, run


@documented("linear critical-points")
def critical_points(*, model=None, **options):
    """All critical points of the linear autoencoder; or, of a model, which it is closest to: model is a Model, an
    array W [hidden, feature] or a file, and the result has no file then.

    >>> len(critical_points(eigenvalues=[3, 2, 1], hidden=2).points)
    7
    """
    if model is None:
        return run("linear critical-points", **options)
    with model_file(model) as path:
        return run("linear critical-points", model=path, file=False, **options)


@documented("linear flow")
def flow(**options):
    """Gradient flow of the linear autoencoder.

    >>> found = flow(eigenvalues=[3, 2, 1], hidden=2)
    >>> "seconds" in found.json
    True
    """
    return run("linear flow", **options)


@documented("linear moments")
def moments(**options):
    """Second moments of sparse data, and their spectrum."""
    return run("linear moments", **options)
