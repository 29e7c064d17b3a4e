"""Laws of the data."""

from collections.abc import Iterable

import numpy as np

from . import _core


class Law:
    """Which features are active together, and their values while they are.

    density: of each feature, [feature], or one number for `features` of them, or a text that the program
    knows ('zipf:1:0.5'); in groups that while the group is on, of a child while its parent is active (the
    attribute `density` is that of each feature by itself). values: the law of a feature's value, one text
    for all or one for each: 'uniform:0,1', 'constant:1', 'exponential:2', 'half-normal:1', 'normal:0,1'.
    groups: 'together(0,1)', 'exclusive(2,3)', 'parent(4,5,6)', separated by commas, one inside the other.
    Raises ValueError.

    >>> law = Law([0.1, 0.1, 0.2], values="half-normal:1", groups="exclusive(0,1)")
    >>> law.features, law.values[0]
    (3, 'half-normal:1')
    >>> float(law.moment_matrix()[0, 1])
    0.0
    """

    def __init__(self, density, *, features=None, values="uniform:0,1", groups=""):
        if isinstance(values, str):
            values = values.split(";") if ";" in values else values
        elif not isinstance(values, Iterable):
            raise ValueError(f"values = {values!r} must be a text such as 'uniform:0,1', or a list of one for each "
                             "feature")
        else:
            values = list(values)
        self._law = _core.Law(density, features, values, groups)

    @classmethod
    def of(cls, compiled) -> "Law":
        """Of what is compiled already."""
        law = cls.__new__(cls)
        law._law = compiled
        return law

    @property
    def features(self) -> int:
        """How many there are."""
        return self._law.size

    @property
    def density(self) -> np.ndarray:
        """P(feature j is active), [feature]."""
        return self._law.density

    @property
    def values(self) -> list:
        """The law of each feature's value, in words."""
        return self._law.values

    @property
    def groups(self) -> str:
        """Which features are active together, in words; empty if they are independent."""
        return self._law.groups

    def means(self) -> np.ndarray:
        """E x_j, [feature]."""
        return self._law.means()

    def moment_matrix(self) -> np.ndarray:
        """E x_i x_j, [feature, feature]."""
        return self._law.moment_matrix()

    def __repr__(self) -> str:
        same = self.values[0] if len(set(self.values)) == 1 else "several"
        return f"Law of {self.features} features, values {same}, groups {self.groups or 'none'}"


def law_of(law):
    """The compiled law of a Law."""
    if law is None:
        return None
    try:
        return law._law
    except AttributeError:
        raise ValueError(f"law must be a skeleta.Law, not {type(law).__name__}") from None
