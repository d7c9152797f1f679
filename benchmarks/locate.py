"""Point -> grid: points per second of the engine."""

from collections.abc import Sequence
from time import perf_counter

import numpy as np
import numpy.typing as npt

from gis.locate import GridIndex, GridShape

ROUNDS = 5


def engine_points_per_s(grids: Sequence[GridShape], points: npt.NDArray[np.float64]) -> float:
    """Points per second of `GridIndex.locate_batch` over rows of (lon, lat): median of five rounds, index built."""
    index = GridIndex(grids)
    index.locate_batch(points[:100, 0], points[:100, 1])
    seconds = []
    for _ in range(ROUNDS):
        start = perf_counter()
        index.locate_batch(points[:, 0], points[:, 1])
        seconds.append(perf_counter() - start)
    return len(points) / float(np.median(seconds))
