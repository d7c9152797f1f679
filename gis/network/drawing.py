"""The geometry of a way: corners of edges in the direction in which they are walked."""

from __future__ import annotations

from collections.abc import Sequence
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
    return [(lon, lat) for lon, lat in network.geometry_lonlat[row].tolist()]


def part_of_edge(network: WalkingNetwork, edge: int, start: float, stop: float) -> Points:
    """Corners of an edge between two fractions of it, from `start` to `stop`; the cut ends themselves are left out."""
    lonlat = network.edge_coordinates(edge)
    shrink = np.cos(np.radians(lonlat[0, 1]))
    run = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(lonlat[:, 0]) * shrink, np.diff(lonlat[:, 1])))])
    share = run / run[-1] if run[-1] > 0 else np.linspace(0.0, 1.0, len(run))
    inner = lonlat[(share >= min(start, stop)) & (share <= max(start, stop))]
    return [(lon, lat) for lon, lat in (inner if start <= stop else inner[::-1]).tolist()]


def without_repeats(points: Points) -> tuple[tuple[float, float], ...]:
    """The points without those that equal the one before."""
    return tuple(point for point, before in zip(points, [None, *points], strict=False) if point != before)
