"""Grids in memory, ready to locate points."""

from collections.abc import Sequence
from itertools import pairwise
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon, Point, Polygon, STRtree

from gis.coordinates import FloatArray, MetricZone, check_positions
from gis.locate import many
from gis.locate.edges import IndexArray, covers, edges_of
from gis.locate.rule import (
    SHARE_DECIMALS,
    SNAP_PER_DEGREE,
    GridShape,
    Located,
    Reach,
    decide,
    reach_parameters,
    snap_degrees,
)

if TYPE_CHECKING:
    from gis.locate.cells import Cells


class GridIndex:
    """Grids in force, ready to locate points: R-tree for one, raster of cells for many, metric shapes on demand.

    Immutable and safe to share between threads. `stamp` is the version of the grid table it was built from; whoever
    keeps an index compares it with the table's stamp before use. Raises ValueError for an empty, invalid or doubly
    coded shape.
    """

    def __init__(self, grids: Sequence[GridShape], *, parents: Sequence[GridShape] = (), stamp: str = "") -> None:
        self.grids = tuple(grids)
        self.stamp = stamp
        self._layer = _Layer(self.grids)
        self._parents = _Layer(tuple(parents))
        self._flat: dict[tuple[int, int], Polygon | MultiPolygon] = {}

    def locate(self, lon: float, lat: float, *, accuracy_m: float | None = None, snap_m: float = 25.0) -> Located:
        """Where a WGS84 point belongs, with its candidates; metres to the millimetre.

        `accuracy_m`: radius of the circle the device is sure of, None or 0 when unknown; `snap_m`: how far outside all
        grids a point still belongs to the nearest, 0: never. Raises CoordinateError for a bad point or accuracy.

        >>> index = GridIndex([GridShape(1, "330281002011001", shapely.box(121.17, 30.05, 121.172, 30.052))])
        >>> index.locate(121.171, 30.051).kind, index.locate(121.171, 30.0499).kind, index.locate(121.2, 30.05).kind
        (<Kind.INSIDE: 'inside'>, <Kind.SNAPPED: 'snapped'>, <Kind.OUTSIDE: 'outside'>)
        """
        figures = reach_parameters(lon, lat, accuracy_m=accuracy_m, snap_m=snap_m)
        x, y = snap_degrees(float(figures["lon"])), snap_degrees(float(figures["lat"]))
        reached = self._reach(x, y, figures)
        parent_ranks = self._parents.covering(x, y)
        parent = self._parents.shapes[parent_ranks[0]] if parent_ranks else None
        return decide(
            reached,
            circle_m=float(figures["circle_m"]),
            snap_m=snap_m,
            parent=(parent.id, parent.code) if parent else None,
        )

    def locate_batch(self, lons: npt.ArrayLike, lats: npt.ArrayLike) -> IndexArray:
        """Position in `grids` of the owner of each WGS84 point, -1 where no grid covers it; lowest code on borders.

        Equal to `locate` without accuracy and without snapping. Raises CoordinateError naming the first bad row.
        """
        xs, ys = check_positions(lons, lats)
        ranks = self._layer.owners(
            np.rint(xs * SNAP_PER_DEGREE) / SNAP_PER_DEGREE, np.rint(ys * SNAP_PER_DEGREE) / SNAP_PER_DEGREE
        )
        return self._layer.given_positions[ranks]

    def locate_many(
        self, lons: npt.ArrayLike, lats: npt.ArrayLike, *, accuracies_m: Sequence[float | None], snap_m: float
    ) -> list[Located]:
        """`locate` of each point, with its own accuracy. Raises CoordinateError naming the first bad row."""
        if not accuracies_m:
            return []
        spots = many.spots_of(lons, lats, accuracies_m, snap_m=snap_m)
        layer = self._layer
        reached = many.reaches(layer.shapes, layer.edges, layer.tree, spots, self._flat_shape)
        owners = self._parents.owners(spots.xs, spots.ys)
        parents = [self._parents.shapes[rank] if rank >= 0 else None for rank in owners.tolist()]
        return many.answers(reached, parents, spots, snap_m=snap_m)

    def _reach(self, x: float, y: float, figures: dict[str, float | str]) -> list[Reach]:
        covering = set(self._layer.covering(x, y))
        wide, high = float(figures["reach_lon_deg"]), float(figures["reach_lat_deg"])
        near = set(self._layer.tree.query(shapely.box(x - wide, y - high, x + wide, y + high)).tolist()) | covering
        zone = MetricZone.at(x, y)
        spot = zone.project(Point(x, y))
        circle_m, reach_m = float(figures["circle_m"]), float(figures["reach_m"])
        circle = spot.buffer(circle_m, quad_segs=many.CIRCLE_QUAD_SEGS) if circle_m > 0 else None
        rows = []
        for rank in sorted(near):
            flat = self._flat_shape(rank, zone)
            covers = rank in covering
            distance_m = 0.0 if covers else float(shapely.distance(flat, spot))
            if covers or distance_m <= reach_m:
                shape = self._layer.shapes[rank]
                border_m = float(shapely.distance(shapely.boundary(flat), spot)) if covers else distance_m
                share = None if circle is None else round(flat.intersection(circle).area / circle.area, SHARE_DECIMALS)
                rows.append(Reach(shape.id, shape.code, covers, distance_m, border_m, share))
        return rows

    def _flat_shape(self, rank: int, zone: MetricZone) -> Polygon | MultiPolygon:
        key = (rank, zone.central_meridian_deg)
        flat = self._flat.get(key)
        if flat is None:
            flat = self._flat[key] = zone.project(self._layer.shapes[rank].polygon)
        return flat


class _Layer:
    """Shapes sorted by code, so that the lowest rank is the lowest code."""

    def __init__(self, given: Sequence[GridShape]) -> None:
        order = sorted(range(len(given)), key=lambda position: given[position].code)
        self.shapes = [given[position] for position in order]
        # One more at the end: rank -1 (nothing) picks it and stays -1.
        self.given_positions: IndexArray = np.array([*order, -1], dtype=np.int64)
        self._polygons = np.array([shape.polygon for shape in self.shapes], dtype=object)
        self._refuse_bad()
        self.edges = edges_of([shape.polygon for shape in self.shapes])
        self.tree = STRtree(self._polygons)
        self._cells: Cells | None = None
        self._making = Lock()

    def _refuse_bad(self) -> None:
        for first, second in pairwise(self.shapes):
            if first.code == second.code:
                raise ValueError(f"code {first.code} is used twice")
        usable = shapely.is_valid(self._polygons) & ~shapely.is_empty(self._polygons)
        for shape, good in zip(self.shapes, usable, strict=True):
            if not good or not isinstance(shape.polygon, Polygon | MultiPolygon):
                raise ValueError(f"shape {shape.code} is not a valid, non-empty polygon")

    def covering(self, x: float, y: float) -> list[int]:
        """Ranks of the shapes that cover the point, ascending."""
        near = sorted(self.tree.query(Point(x, y)).tolist())
        return [rank for rank in near if covers(self.edges, rank, x, y)]

    def owners(self, xs: FloatArray, ys: FloatArray) -> IndexArray:
        """Lowest rank that covers each point, -1 for none."""
        if not self.shapes:
            return np.full(xs.size, -1, dtype=np.int64)
        # Compiled code is loaded with the first batch: a process that locates single points does without.
        from gis.locate import cells  # noqa: PLC0415

        with self._making:
            if self._cells is None:
                self._cells = cells.cells_of(self.edges)
        return cells.owners(self._cells, self.edges, xs, ys)
