"""The geometry of a way: corners of edges in the direction in which they are walked."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, hypot, radians
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gis.network.model import WalkingNetwork

Points = list[tuple[float, float]]


def along_arcs(network: WalkingNetwork, arcs: Sequence[int]) -> Points:
    """Corners of all edges of a way, in order (arc = 2 * edge, + 1 against its direction)."""
    if not arcs:
        return []
    arc = np.asarray(arcs, np.int64)
    first, after = network.geometry_start[arc >> 1], network.geometry_start[(arc >> 1) + 1]
    count = after - first
    step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    against = np.repeat((arc & 1) == 1, count)
    row = np.where(against, np.repeat(after - 1, count) - step, np.repeat(first, count) + step)
    return list(zip(*network.geometry_lonlat[row].T.tolist(), strict=True))


def part_of_edge(network: WalkingNetwork, edge: int, start: float, stop: float) -> Points:
    """Corners of an edge between two fractions of it, from `start` to `stop`; the cut ends themselves are left out."""
    corners = [(lon, lat) for lon, lat in network.edge_coordinates(edge).tolist()]
    shrink = cos(radians(corners[0][1]))
    run = [0.0]
    for (lon, lat), (before_lon, before_lat) in zip(corners[1:], corners, strict=False):
        run.append(run[-1] + hypot((lon - before_lon) * shrink, lat - before_lat))
    # An edge without length lies at all its fractions at once: its corners are spread over them.
    whole = run[-1]
    shares = [at / whole for at in run] if whole > 0 else [row / (len(run) - 1) for row in range(len(run))]
    low, high = min(start, stop), max(start, stop)
    inner = [corner for corner, share in zip(corners, shares, strict=True) if low <= share <= high]
    return inner if start <= stop else inner[::-1]


def without_repeats(points: Points) -> tuple[tuple[float, float], ...]:
    """The points without those that equal the one before."""
    kept = points[:1]
    for point in points:
        if point != kept[-1]:
            kept.append(point)
    return tuple(kept)
