"""The edges of the polytope that points in space span."""

from itertools import combinations

import numpy as np

MOST = 60  # points; all triples are tried


def edges(points: np.ndarray, tolerance: float = 0.02) -> list[tuple[int, int]]:
    """Pairs of indices (i < j) of the points [point, 3] that the hull's edges join.

    Points within `tolerance` of a face belong to it, so that a slightly bent square has no
    diagonal. No edges for more than MOST points or fewer than two. Cost O(points^4).
    """
    count = len(points)
    if count < 2 or count > MOST:
        return []
    if count == 2:
        return [(0, 1)]
    found = set()
    for face, normal in faces(points, tolerance):
        found.update(outline(points, face, normal))
    return sorted(found)


def faces(points: np.ndarray, tolerance: float):
    """The planes through three points with no point beyond them: (members, normal)."""
    seen = set()
    for i, j, k in combinations(range(len(points)), 3):
        normal = np.cross(points[j] - points[i], points[k] - points[i])
        length = np.linalg.norm(normal)
        if length < 1e-9:
            continue
        height = (points - points[i]) @ normal / length
        if height.max() > tolerance and height.min() < -tolerance:
            continue
        members = tuple(np.flatnonzero(np.abs(height) <= tolerance))
        if members not in seen:
            seen.add(members)
            yield members, normal / length


def outline(points: np.ndarray, face: tuple, normal: np.ndarray):
    """The sides of a convex polygon: its corners joined in the order of their angles."""
    offsets = points[list(face)] - points[list(face)].mean(axis=0)
    first = offsets[0] / np.linalg.norm(offsets[0])
    angles = np.arctan2(offsets @ np.cross(normal, first), offsets @ first)
    order = [int(face[k]) for k in np.argsort(angles)]
    return [tuple(sorted(side)) for side in zip(order, order[1:] + order[:1])]
