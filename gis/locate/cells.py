"""Many points -> grids: a raster of cells over all shapes, compiled by numba.

A cell knows, in the order of the ranks, which shapes fill it whole and which have a side in it. A point in a cell that
one shape fills is answered at once; elsewhere the few shapes with a side there are tested with the arithmetic of
`gis.locate.edges`. The raster only narrows the choice: it never decides about a border.

All compiled functions stay in this one file: numba's cache does not notice a change in another.
"""

# ruff: noqa: PLR0917

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any, Final, TypeVar, cast

import numpy as np
import numpy.typing as npt
from numba import njit

from gis.coordinates import FloatArray
from gis.locate.edges import Edges, IndexArray

Function = TypeVar("Function", bound=Callable[..., Any])

CELLS_PER_SHAPE: Final = 400
CELLS_MIN: Final = 4_096
CELLS_MAX: Final = 4_000_000
# Shapes that lie over each other fill cells more than once; beyond this many entries the raster is made coarser.
ENTRIES_MAX: Final = 40_000_000
# A side marks the cells within this part of a cell around it, far more than rounding moves a point.
MARGIN: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Cells:
    """Cell (column, row) has the entries first[row * columns + column] …; an entry is 2 * rank, + 1 where whole."""

    west: float
    south: float
    per_lon: float
    per_lat: float
    columns: int
    rows: int
    first: IndexArray
    entries: npt.NDArray[np.int32]


def compiled(function: Function) -> Function:
    """Compiled on the first call, kept on disk for the next process."""
    return cast(Function, njit(cache=True, nogil=True, boundscheck=False)(function))


def cells_of(edges: Edges) -> Cells:
    """The raster over the shapes, at least one."""
    west, south = edges.boxes[:, :2].min(axis=0).tolist()
    east, north = edges.boxes[:, 2:].max(axis=0).tolist()
    wide, high = max(east - west, 1e-7), max(north - south, 1e-7)
    wanted = min(CELLS_MAX, max(CELLS_MIN, CELLS_PER_SHAPE * len(edges.boxes)))
    while True:
        columns = max(1, min(wanted, ceil(sqrt(wanted * wide / high))))
        rows = max(1, wanted // columns)
        per_lon, per_lat = columns / wide, rows / high
        columns, rows = columns + 1, rows + 1
        spans = (edges.boxes[:, 2:] - edges.boxes[:, :2]) * (per_lon, per_lat) + 3
        if (room := int(np.prod(np.ceil(spans), axis=1).sum())) <= ENTRIES_MAX or wanted <= CELLS_MIN:
            break
        wanted //= 4
    where, entries = np.empty(room, dtype=np.int32), np.empty(room, dtype=np.int32)
    sides = ((edges.ax - west) * per_lon, (edges.ay - south) * per_lat,
             (edges.bx - west) * per_lon, (edges.by - south) * per_lat)  # fmt: skip
    used = fill(*sides, edges.first, columns, rows, where, entries)
    first, ordered = collect(where[:used], entries[:used], columns * rows)
    return Cells(west, south, per_lon, per_lat, columns, rows, first, ordered)


def owners(cells: Cells, edges: Edges, xs: FloatArray, ys: FloatArray) -> IndexArray:
    """Lowest rank that covers each point, -1 for none."""
    found = np.empty(xs.size, dtype=np.int64)
    frame = np.array([cells.west, cells.south, cells.per_lon, cells.per_lat])
    xs, ys = np.ascontiguousarray(xs), np.ascontiguousarray(ys)
    sides = (edges.ax, edges.ay, edges.bx, edges.by)
    answer(xs, ys, frame, cells.columns, cells.rows, cells.first, cells.entries, *sides, edges.first, found)
    return found


def cover_each(edges: Edges, xs: FloatArray, ys: FloatArray, ranks: IndexArray) -> npt.NDArray[np.bool_]:
    """Whether each shape covers its point, border included: `edges.covers` for pairs."""
    found = np.empty(xs.size, dtype=np.bool_)
    cover(xs, ys, ranks, edges.ax, edges.ay, edges.bx, edges.by, edges.first, found)
    return found


@compiled
def cover(xs: Any, ys: Any, ranks: Any, ax: Any, ay: Any, bx: Any, by: Any, first: Any, found: Any) -> None:
    """Writes whether the shape of each rank holds its point."""
    for n in range(len(xs)):
        found[n] = holds(xs[n], ys[n], ax, ay, bx, by, first[ranks[n]], first[ranks[n] + 1])


@compiled
def fill(ax: Any, ay: Any, bx: Any, by: Any, first: Any, columns: int, rows: int, where: Any, entries: Any) -> int:
    """Writes the cells of each shape, in the order of the ranks; sides are in units of cells. Gives how many."""
    used = 0
    touched = np.zeros(1, dtype=np.bool_)
    for rank in range(len(first) - 1):
        begin, end = first[rank], first[rank + 1]
        west = max(0, int(np.floor(np.min(ax[begin:end]) - MARGIN)))
        south = max(0, int(np.floor(np.min(ay[begin:end]) - MARGIN)))
        wide = min(columns - 1, int(np.floor(np.max(ax[begin:end]) + MARGIN))) - west + 1
        high = min(rows - 1, int(np.floor(np.max(ay[begin:end]) + MARGIN))) - south + 1
        if touched.size < wide * high:
            touched = np.zeros(wide * high, dtype=np.bool_)
        touched[: wide * high] = False
        for k in range(begin, end):
            mark_side(ax[k], ay[k], bx[k], by[k], west, south, wide, high, touched)
        for row in range(high):
            known, inside = False, False
            for column in range(wide):
                if touched[row * wide + column]:
                    known = False
                    where[used], entries[used] = (south + row) * columns + west + column, 2 * rank
                    used += 1
                    continue
                if not known:
                    inside = holds(west + column + 0.5, south + row + 0.5, ax, ay, bx, by, begin, end)
                    known = True
                if inside:
                    where[used], entries[used] = (south + row) * columns + west + column, 2 * rank + 1
                    used += 1
    return used


@compiled
def mark_side(
    ax: float, ay: float, bx: float, by: float, west: int, south: int, wide: int, high: int, touched: Any
) -> None:
    """Marks the cells that a side passes through or nearly so."""
    low, top = min(ay, by), max(ay, by)
    first_row = max(0, int(np.floor(low - MARGIN)) - south)
    last_row = min(high - 1, int(np.floor(top + MARGIN)) - south)
    for row in range(first_row, last_row + 1):
        from_y, to_y = max(low, south + row - MARGIN), min(top, south + row + 1 + MARGIN)
        if top - low > MARGIN:
            one = ax + (bx - ax) * (from_y - ay) / (by - ay)
            two = ax + (bx - ax) * (to_y - ay) / (by - ay)
        else:
            one, two = ax, bx
        first_column = max(0, int(np.floor(min(one, two) - MARGIN)) - west)
        last_column = min(wide - 1, int(np.floor(max(one, two) + MARGIN)) - west)
        for column in range(first_column, last_column + 1):
            touched[row * wide + column] = True


@compiled
def holds(x: float, y: float, ax: Any, ay: Any, bx: Any, by: Any, begin: int, end: int) -> bool:
    """Whether sides begin … end - 1 enclose or touch the point: `gis.locate.edges.covers`, side by side."""
    inside = False
    for k in range(begin, end):
        y1, y2 = ay[k], by[k]
        if (y1 > y and y2 > y) or (y1 < y and y2 < y):
            continue
        x1, x2 = ax[k], bx[k]
        side = (x2 - x1) * (y - y1) - (x - x1) * (y2 - y1)
        if side == 0.0 and min(x1, x2) <= x <= max(x1, x2):
            return True
        if (y1 <= y < y2 and side > 0.0) or (y2 <= y < y1 and side < 0.0):
            inside = not inside
    return inside


@compiled
def collect(where: Any, entries: Any, cells: int) -> Any:
    """Sorts the entries by cell, keeping the order of the ranks within one: first entry of each cell, entries."""
    first = np.zeros(cells + 1, dtype=np.int64)
    for cell in where:
        first[cell + 1] += 1
    for cell in range(cells):
        first[cell + 1] += first[cell]
    place = first[:-1].copy()
    ordered = np.empty(len(entries), dtype=np.int32)
    for k in range(len(entries)):
        ordered[place[where[k]]] = entries[k]
        place[where[k]] += 1
    return first, ordered


@compiled
def answer(
    xs: Any, ys: Any, frame: Any, columns: int, rows: int, cell_first: Any, entries: Any,
    ax: Any, ay: Any, bx: Any, by: Any, first: Any, found: Any,
) -> None:  # fmt: skip
    """Writes the lowest rank that covers each point."""
    west, south, per_lon, per_lat = frame
    for n in range(len(xs)):
        found[n] = -1
        x, y = xs[n], ys[n]
        column, row = (x - west) * per_lon, (y - south) * per_lat
        if column < -MARGIN or row < -MARGIN or column >= columns or row >= rows:
            continue
        cell = max(0, int(row)) * columns + max(0, int(column))
        for k in range(cell_first[cell], cell_first[cell + 1]):
            rank = entries[k] >> 1
            if entries[k] & 1 or holds(x, y, ax, ay, bx, by, first[rank], first[rank + 1]):
                found[n] = rank
                break
