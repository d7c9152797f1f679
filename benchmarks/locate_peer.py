"""Point -> grid with an H3 cover, as one would build it: `python locate_peer.py TASK.npz`, with packages of its own.

Every grid is covered with hexagons once. A point's hexagon names the grids it may lie in: alone where the hexagon lies
inside one grid, else the exact outlines of all of them are asked at once. For every line on stdin all points are
located again; the answer is a line with the seconds. The last answers are written to `TASK.out.npy` when stdin ends.
"""

import json
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

# Hexagons for all grids together, or that many a grid where they are many.
CELLS, CELLS_A_GRID = 300_000, 6


class Cover:
    """Hexagon -> grids, those first that own a common border. `sure`: hexagons inside one grid."""

    def __init__(self, shapes: Any) -> None:
        import h3  # noqa: PLC0415
        import shapely  # noqa: PLC0415

        self._cell_of, self._inside = h3.latlng_to_cell, shapely.intersects_xy
        self._shapes = shapes
        bounds = shapely.total_bounds(shapes)
        middle = np.radians((bounds[1] + bounds[3]) / 2)
        km2 = (bounds[2] - bounds[0]) * (bounds[3] - bounds[1]) * 111.2**2 * float(np.cos(middle))
        most = max(CELLS, CELLS_A_GRID * len(shapes))
        self.resolution = max(r for r in range(16) if km2 / h3.average_hexagon_area(r, unit="km^2") <= most)
        near: dict[str, list[int]] = defaultdict(list)
        self._sure: dict[str, int] = {}
        for number, shape in enumerate(shapes):
            outline = h3.LatLngPoly([(lat, lon) for lon, lat in shape.exterior.coords])
            for cell in h3.polygon_to_cells_experimental(outline, self.resolution, contain="overlap"):
                near[cell].append(number)
            for cell in h3.polygon_to_cells_experimental(outline, self.resolution, contain="full"):
                self._sure[cell] = number
        self._near = dict(near)
        self.cells = len(near)
        shapely.prepare(shapes)

    def locate(self, points: Any) -> Any:
        """Number of the grid of each row (lon, lat), the lowest where several meet, -1 outside."""
        found = np.full(len(points), -1, dtype=np.int64)
        row: list[int] = []
        grid: list[int] = []
        for number, (lon, lat) in enumerate(points.tolist()):
            cell = self._cell_of(lat, lon, self.resolution)
            sure = self._sure.get(cell)
            if sure is not None:
                found[number] = sure
                continue
            for candidate in self._near.get(cell, ()):
                row.append(number)
                grid.append(candidate)
        rows, grids = np.array(row, dtype=np.int64), np.array(grid, dtype=np.int64)
        hit = self._inside(self._shapes[grids], points[rows, 0], points[rows, 1])
        rows, grids = rows[hit], grids[hit]
        order = np.lexsort((grids, rows))
        rows, grids = rows[order], grids[order]
        first = np.ones(len(rows), dtype=bool)
        first[1:] = rows[1:] != rows[:-1]
        found[rows[first]] = grids[first]
        return found


def main(argv: list[str]) -> int:
    """The outlines come in the order of the codes."""
    import shapely  # noqa: PLC0415

    file = Path(argv[0])
    with np.load(file) as held:
        shapes = shapely.from_ragged_array(shapely.GeometryType.POLYGON, held["xy"], (held["rings"], held["parts"]))
        points = held["points"]
    started = time.perf_counter()
    cover = Cover(shapes)
    told = {"build_s": time.perf_counter() - started, "cells": cover.cells, "resolution": cover.resolution}
    print(json.dumps(told), flush=True)
    found = np.empty(0, dtype=np.int64)
    for _ in sys.stdin:
        started = time.perf_counter()
        found = cover.locate(points)
        print(time.perf_counter() - started, flush=True)
    np.save(file.with_suffix(".out.npy"), found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
