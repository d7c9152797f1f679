"""Point -> grid, without silent guesses.

The rule, the same in this engine, in SQL and on the phone:

1. The point is rounded to 1e-7 degree (`snap_degrees`), half to even.
2. Grids that cover it (border included) are its grids. Several: the lowest code owns, all are named (`on_border`).
3. With an accuracy, a circle of that radius is drawn in the metric zone of the point. When it reaches a grid that does
   not cover the point, or several cover it, the answer is `uncertain`: shares of the circle are given, the largest
   share owns, then the lowest code.
4. In no grid: the nearest grid within `snap_m` owns (`snapped`; lowest code on ties; 0 switches this off); else inside
   a parent (community) it is a `gap`; else `outside`.

Codes are compared byte by byte (SQL: COLLATE "C"). `decide` holds steps 2-4; it is fed by the engine with its own rows
and may be fed with the rows of `REACHED_SQL`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from math import cos, isfinite, radians
from typing import Final, TypeAlias
from uuid import UUID

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon, Point, Polygon, STRtree

from gis.coordinates import CoordinateError, FloatArray, MetricZone, check_position, check_positions

GridId: TypeAlias = UUID | int | str
IndexArray: TypeAlias = npt.NDArray[np.int64]

SNAP_PER_DEGREE: Final = 1e7
# A worse fix says nothing about grids; its circle is drawn with this radius.
CIRCLE_MAX_M: Final = 1_000.0
CIRCLE_QUAD_SEGS: Final = 16
SHARE_DECIMALS: Final = 6
# Two PROJ builds differ by 0.03 mm; a straight side in degrees is bent by less in the metric zone.
METRE_DECIMALS: Final = 3
# Metres of one degree of latitude at the equator, the smallest there is; 1 % is added for the curve of the parallels.
DEGREE_M: Final = 110_574.0
# From this many points per grid on, going through the grids is faster than going through the points (measured).
POINTS_PER_GRID: Final = 10

SNAPPED_POINT_SQL: Final = """
ST_SetSRID(ST_MakePoint(round(%(lon)s::float8 * 1e7::float8) / 1e7::float8,
                        round(%(lat)s::float8 * 1e7::float8) / 1e7::float8), 4326)
"""
"""SQL twin of `snap_degrees`. The casts matter: a bare 1e7 is numeric, and numeric rounds half away from zero."""

COVERING_SQL: Final = """
WITH spot AS MATERIALIZED (SELECT {point} AS geom)
SELECT grid.id, grid.code
FROM {grids} AS grid, spot
WHERE ST_Covers(grid.geom, spot.geom)
ORDER BY grid.code COLLATE "C"
"""
"""SQL twin of `locate_batch` for one point: the first row owns. `{grids}`: a relation with id, code, geom (4326);
`{point}`: SNAPPED_POINT_SQL. Parameters lon, lat."""

REACHED_SQL: Final = """
WITH spot AS MATERIALIZED (SELECT {point} AS geom),
     flat AS MATERIALIZED (SELECT ST_Transform(geom, %(zone)s) AS geom FROM spot),
     near AS MATERIALIZED (
         SELECT grid.id, grid.code, ST_Covers(grid.geom, spot.geom) AS covers, ST_Transform(grid.geom, %(zone)s) AS geom
         FROM {grids} AS grid, spot
         WHERE grid.geom && ST_Expand(spot.geom, %(reach_lon_deg)s, %(reach_lat_deg)s))
SELECT near.id, near.code, near.covers,
       ST_Distance(near.geom, flat.geom) AS distance_m,
       ST_Distance(ST_Boundary(near.geom), flat.geom) AS border_m,
       CASE WHEN %(circle_m)s > 0 THEN round((
           ST_Area(ST_Intersection(near.geom, ST_Buffer(flat.geom, %(circle_m)s, 16)))
           / ST_Area(ST_Buffer(flat.geom, %(circle_m)s, 16)))::numeric, 6)::float8 END AS share
FROM near, flat
WHERE near.covers OR ST_Distance(near.geom, flat.geom) <= %(reach_m)s
ORDER BY near.code COLLATE "C"
"""
"""SQL twin of `GridIndex.locate`: its rows are `Reach` rows for `decide`. Parameters: those of `reach_parameters`."""


class Kind(StrEnum):
    """How a point was located."""

    INSIDE = "inside"
    ON_BORDER = "on_border"
    UNCERTAIN = "uncertain"
    SNAPPED = "snapped"
    GAP = "gap"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class GridShape:
    """One grid (or parent area) in force: valid WGS84 polygon, code unique within the index."""

    id: GridId
    code: str
    polygon: Polygon | MultiPolygon


@dataclass(frozen=True, slots=True)
class Reach:
    """A grid near the point, as the engine or `REACHED_SQL` found it.

    `distance_m` from the point to the grid (0 when covered), `border_m` from the point to the grid's border,
    `share` of the accuracy circle inside the grid (None without accuracy).
    """

    id: GridId
    code: str
    covers: bool
    distance_m: float
    border_m: float
    share: float | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A grid that may be meant; `share` of the accuracy circle 0..1, None without one; `distance_m` 0 when covered."""

    id: GridId
    code: str
    share: float | None
    distance_m: float


@dataclass(frozen=True, slots=True)
class Located:
    """Answer of `locate`.

    `id`, `code` and `border_m` (metres from the point to the border of the owning grid) are None for gap and outside.
    `candidates`: all grids that may be meant, the owner first, then by share (or distance) and code; empty for gap and
    outside. `parent_id`, `parent_code`: the parent area that covers the point, lowest code on ties, None without one.
    """

    kind: Kind
    id: GridId | None
    code: str | None
    candidates: tuple[Candidate, ...]
    border_m: float | None
    parent_id: GridId | None
    parent_code: str | None


def snap_degrees(value: float) -> float:
    """The coordinate rounded to 1e-7 degree (about 1 cm), half to even: step one of every way to locate.

    The result is the double nearest to a 7-decimal number, so it meets stored vertices of 7 decimals exactly.
    SQL: SNAPPED_POINT_SQL.

    >>> snap_degrees(121.17000004999)
    121.17
    """
    return float(np.rint(value * SNAP_PER_DEGREE) / SNAP_PER_DEGREE)


def circle_radius_m(accuracy_m: float | None) -> float:
    """Radius of the accuracy circle; 0 for an unknown accuracy (None or 0, as some phones say), at most CIRCLE_MAX_M.

    Raises CoordinateError (not_finite, out_of_range) for `accuracy_m` that is not finite or negative.
    """
    if accuracy_m is None:
        return 0.0
    if not isfinite(accuracy_m):
        raise CoordinateError("not_finite", "accuracy_m", "accuracy_m is not a finite number")
    if accuracy_m < 0:
        raise CoordinateError("out_of_range", "accuracy_m", "accuracy_m is below 0")
    return min(float(accuracy_m), CIRCLE_MAX_M)


def reach_parameters(lon: float, lat: float, *, accuracy_m: float | None, snap_m: float) -> dict[str, float | str]:
    """Parameters of `REACHED_SQL`; the same numbers steer the engine. Raises CoordinateError like `locate`."""
    x, y = check_position(lon, lat)
    if not (isfinite(snap_m) and snap_m >= 0):
        raise ValueError(f"snap_m of {snap_m} m")
    circle_m = circle_radius_m(accuracy_m)
    reach_m = max(circle_m, snap_m)
    reach_lat_deg = 1.01 * reach_m / DEGREE_M
    # Towards a pole the parallels shrink to nothing: there the box spans everything.
    reach_lon_deg = min(360.0, reach_lat_deg / max(cos(radians(min(90.0, abs(y) + reach_lat_deg))), 1e-6))
    return {
        "lon": x,
        "lat": y,
        "zone": MetricZone.at(x, y).proj,
        "circle_m": circle_m,
        "reach_m": reach_m,
        "reach_lon_deg": reach_lon_deg,
        "reach_lat_deg": reach_lat_deg,
    }


def decide(
    reached: Iterable[Reach], *, circle_m: float, snap_m: float, parent: tuple[GridId, str] | None = None
) -> Located:
    """Steps 2-4 of the rule over the grids near a point; needs no geometry.

    `reached`: every grid that covers the point or lies within max(circle_m, snap_m); `circle_m` as `circle_radius_m`
    gives it; `parent`: (id, code) of the parent area that covers the point.
    """
    rows = sorted(reached, key=lambda row: row.code)
    covering = [row for row in rows if row.covers]
    touched = [row for row in rows if row.covers or row.distance_m < circle_m]
    if circle_m > 0 and (len(touched) > len(covering) or len(covering) > 1):
        touched.sort(key=lambda row: (-(row.share or 0.0), row.code))
        return _answer(Kind.UNCERTAIN, touched, parent)
    if covering:
        return _answer(Kind.INSIDE if len(covering) == 1 else Kind.ON_BORDER, covering, parent)
    close = [row for row in rows if 0 < snap_m >= row.distance_m]
    close.sort(key=lambda row: (round(row.distance_m, METRE_DECIMALS), row.code))
    if close:
        return _answer(Kind.SNAPPED, close, parent)
    return _answer(Kind.OUTSIDE if parent is None else Kind.GAP, [], parent)


def _answer(kind: Kind, rows: Sequence[Reach], parent: tuple[GridId, str] | None) -> Located:
    owner = rows[0] if rows else None
    return Located(
        kind=kind,
        id=owner.id if owner else None,
        code=owner.code if owner else None,
        candidates=tuple(Candidate(row.id, row.code, row.share, round(row.distance_m, METRE_DECIMALS)) for row in rows),
        border_m=round(owner.border_m, METRE_DECIMALS) if owner else None,
        parent_id=parent[0] if parent else None,
        parent_code=parent[1] if parent else None,
    )


class GridIndex:
    """Grids in force, ready to locate points: R-tree, prepared polygons, metric shapes on demand.

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

    def _reach(self, x: float, y: float, figures: dict[str, float | str]) -> list[Reach]:
        covering = set(self._layer.covering(x, y))
        wide, high = float(figures["reach_lon_deg"]), float(figures["reach_lat_deg"])
        near = set(self._layer.tree.query(shapely.box(x - wide, y - high, x + wide, y + high)).tolist()) | covering
        zone = MetricZone.at(x, y)
        spot = zone.project(Point(x, y))
        circle_m, reach_m = float(figures["circle_m"]), float(figures["reach_m"])
        circle = spot.buffer(circle_m, quad_segs=CIRCLE_QUAD_SEGS) if circle_m > 0 else None
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
        shapely.prepare(self._polygons)
        # GEOS builds a prepared polygon's point index at first use and without a lock: do that before threads share it.
        shapely.intersects(self._polygons, shapely.point_on_surface(self._polygons))
        self.tree = STRtree(self._polygons)

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
        return sorted(self.tree.query(Point(x, y), predicate="intersects").tolist())

    def owners(self, xs: FloatArray, ys: FloatArray) -> IndexArray:
        """Lowest rank that covers each point, -1 for none. For points, intersecting and being covered are the same."""
        nothing = len(self.shapes)
        owners = np.full(xs.size, nothing, dtype=np.int64)
        if xs.size >= POINTS_PER_GRID * nothing:
            self._sweep(xs, ys, owners)
        elif xs.size:
            order = np.argsort(_morton(xs, ys))
            rows, ranks = self.tree.query(np.asarray(shapely.points(xs[order], ys[order])), predicate="intersects")
            np.minimum.at(owners, order[rows], ranks)
        return np.where(owners == nothing, -1, owners)

    def _sweep(self, xs: FloatArray, ys: FloatArray, owners: IndexArray) -> None:
        """Shape by shape over points sorted by longitude; the lowest rank writes last."""
        order = np.argsort(xs)
        sorted_x, sorted_y = xs[order], ys[order]
        boxes = shapely.bounds(self._polygons)
        first = np.searchsorted(sorted_x, boxes[:, 0], side="left")
        last = np.searchsorted(sorted_x, boxes[:, 2], side="right")
        for rank in range(len(self.shapes) - 1, -1, -1):
            band = sorted_y[first[rank] : last[rank]]
            rows = np.flatnonzero((band >= boxes[rank, 1]) & (band <= boxes[rank, 3])) + first[rank]
            met = shapely.intersects_xy(self._polygons[rank], sorted_x[rows], sorted_y[rows])
            owners[order[rows[met]]] = rank


def _morton(xs: FloatArray, ys: FloatArray) -> IndexArray:
    """Z-order key of each point on a 1024 x 1024 raster: neighbours in space become neighbours in memory."""

    def spread(values: FloatArray) -> IndexArray:
        low, high = float(values.min()), float(values.max())
        bits: IndexArray = ((values - low) / max(high - low, 1e-12) * 1023).astype(np.int64)
        for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
            bits = (bits | (bits << shift)) & mask
        return bits

    return spread(xs) | (spread(ys) << 1)
