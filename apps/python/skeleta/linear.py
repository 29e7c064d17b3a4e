"""The linear model: its critical points, how it learns, and moments of sparse data."""

from ._command import documented, run


@documented("linear critical-points")
def critical_points(**options):
    """All critical points of the linear autoencoder."""
    return run("linear critical-points", **options)


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
