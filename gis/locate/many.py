"""Many points located with everything that `GridIndex.locate` says of one: candidates, shares, metres to the border.

The geometry runs over all pairs (point, grid near it) at once; a circle is cut only with a grid whose border it meets.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon, Polygon

from gis.coordinates import FloatArray, MetricZone, check_positions
from gis.locate.edges import Edges, IndexArray
from gis.locate.rule import SHARE_DECIMALS, SNAP_PER_DEGREE, GridShape, Located, Reach, decide, reach_parameters

CIRCLE_QUAD_SEGS: Final = 16
BoolArray = npt.NDArray[np.bool_]
# Spot, rank, covers, distance_m, border_m, share: as in Reach.
Measured = tuple[int, int, bool, float, float, float | None]
FlatShape = Callable[[int, MetricZone], Polygon | MultiPolygon]


@dataclass(frozen=True)
class Spots:
    """The points, rounded, with the figures that `reach_parameters` gives for each."""

    xs: FloatArray
    ys: FloatArray
    circle_m: FloatArray
    reach_m: FloatArray
    wide: FloatArray
    high: FloatArray


@dataclass(frozen=True)
class Pairs:
    """Points and the ranks of the grids near them, in the order of both."""

    spot: IndexArray
    rank: IndexArray
    covers: BoolArray


def spots_of(lons: npt.ArrayLike, lats: npt.ArrayLike, accuracies_m: Sequence[float | None], *, snap_m: float) -> Spots:
    """Raises CoordinateError naming the first bad row, and what `reach_parameters` raises."""
    xs, ys = check_positions(lons, lats)
    figures = [
        reach_parameters(lon, lat, accuracy_m=accuracy_m, snap_m=snap_m)
        for lon, lat, accuracy_m in zip(xs.tolist(), ys.tolist(), accuracies_m, strict=True)
    ]

    def column(key: str) -> FloatArray:
        return np.array([row[key] for row in figures], dtype=np.float64)

    xs, ys = (np.rint(values * SNAP_PER_DEGREE) / SNAP_PER_DEGREE for values in (xs, ys))
    return Spots(xs, ys, column("circle_m"), column("reach_m"), column("reach_lon_deg"), column("reach_lat_deg"))


def reaches(
    shapes: Sequence[GridShape], edges: Edges, tree: shapely.STRtree, spots: Spots, flat_shape: FlatShape
) -> list[list[Reach]]:
    """For each point the grids that cover it or lie within its reach, by rank."""
    found: list[list[Reach]] = [[] for _ in range(spots.xs.size)]
    pairs = _pairs(edges, tree, spots)
    meridians = np.array(
        [MetricZone.at(x, y).central_meridian_deg for x, y in zip(spots.xs.tolist(), spots.ys.tolist(), strict=True)]
    )
    for meridian in np.unique(meridians).tolist():
        here = meridians[pairs.spot] == meridian
        zone = MetricZone.at(meridian, 0.0)
        part = Pairs(pairs.spot[here], pairs.rank[here], pairs.covers[here])
        for spot, rank, covers, distance_m, border_m, share in _measured(part, spots, zone, flat_shape):
            shape = shapes[rank]
            found[spot].append(Reach(shape.id, shape.code, covers, distance_m, border_m, share))
    return found


def _pairs(edges: Edges, tree: shapely.STRtree, spots: Spots) -> Pairs:
    from gis.locate import cells  # noqa: PLC0415 - compiled code is loaded with the first batch

    boxes = shapely.box(spots.xs - spots.wide, spots.ys - spots.high, spots.xs + spots.wide, spots.ys + spots.high)
    near, ranks = tree.query(boxes)
    order = np.lexsort((ranks, near))
    near, ranks = near[order].astype(np.int64), ranks[order].astype(np.int64)
    return Pairs(near, ranks, cells.cover_each(edges, spots.xs[near], spots.ys[near], ranks))


def _measured(pairs: Pairs, spots: Spots, zone: MetricZone, flat_shape: FlatShape) -> Iterator[Measured]:
    """Rows of (spot, rank, covers, distance_m, border_m, share) for what is within reach; plain Python numbers."""
    used = np.unique(pairs.rank)
    flats = np.array([flat_shape(rank, zone) for rank in used.tolist()], dtype=object)
    place = np.searchsorted(used, pairs.rank)
    points = np.asarray(shapely.points(np.column_stack(zone.project_points(spots.xs, spots.ys))), dtype=object)
    distance_m = np.zeros(len(place))
    beside = ~pairs.covers
    distance_m[beside] = shapely.distance(flats[place[beside]], points[pairs.spot[beside]])
    kept = pairs.covers | (distance_m <= spots.reach_m[pairs.spot])
    spot, rank, covers = pairs.spot[kept], pairs.rank[kept], pairs.covers[kept]
    apart, place = distance_m[kept], place[kept]
    border = apart.copy()
    border[covers] = shapely.distance(shapely.boundary(flats)[place[covers]], points[spot[covers]])
    share = _shares(flats[place], points[spot], spots.circle_m[spot], covers, border)
    columns = (spot, rank, covers, apart, border)
    return zip(*(column.tolist() for column in columns), share, strict=True)


def _shares(
    flats: npt.NDArray[np.object_], points: npt.NDArray[np.object_], circle_m: FloatArray, covers: BoolArray,
    border_m: FloatArray,
) -> list[float | None]:  # fmt: skip
    """Share of each circle inside its grid; only circles that meet the border are cut."""
    shares = np.where(covers, 1.0, 0.0)
    cut = (circle_m > 0) & (border_m < circle_m)
    circles = shapely.buffer(points[cut], circle_m[cut], quad_segs=CIRCLE_QUAD_SEGS)
    shares[cut] = shapely.area(shapely.intersection(flats[cut], circles)) / shapely.area(circles)
    return [
        round(share, SHARE_DECIMALS) if is_drawn else None
        for share, is_drawn in zip(shares.tolist(), (circle_m > 0).tolist(), strict=True)
    ]


def answers(
    reached: Sequence[Sequence[Reach]], parents: Sequence[GridShape | None], spots: Spots, *, snap_m: float
) -> list[Located]:
    """The rule over what was reached."""
    return [
        decide(rows, circle_m=circle_m, snap_m=snap_m, parent=(parent.id, parent.code) if parent else None)
        for rows, circle_m, parent in zip(reached, spots.circle_m.tolist(), parents, strict=True)
    ]
