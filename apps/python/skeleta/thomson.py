"""Thomson's problem: points on the sphere of least energy, and how close a model's columns are to them."""

from ._command import documented, model_file, run


@documented("thomson solve")
def solve(points, dimension, **options):
    """The configuration of least energy that random starts find.

    >>> round(solve(4, 3, starts=5).energy, 6)
    3.674235
    """
    return run("thomson solve", points=points, dimension=dimension, **options)


@documented("thomson match")
def match(W, **options):
    """The directions of the columns of W [hidden, feature], of a Model or a file beside known configurations.

    >>> import numpy as np
    >>> match(np.array([[1.0, -1.0]])).hidden
    1
    """
    with model_file(W, instance=options.get("instance")) as path:
        return run("thomson match", [path], **options)
