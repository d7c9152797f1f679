"""Faults of a coverage: grids that should fill their parent area without overlap and without gap.

Every fault is named (ids and codes), measured and drawn, with a point to fly to. Differences of up to `tolerance_m2`
are what rounding to 7 decimals leaves behind and are no faults.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon, Polygon, STRtree
from shapely.geometry.base import BaseGeometry

from gis.coordinates import GEOD, Position
from gis.locate import GridId, GridShape

TOLERANCE_M2: Final = 1.0
SLIVER_WIDTH_M: Final = 1.0
# Neighbours of a gap are looked for within about 1 cm of it.
TOUCH_DEG: Final = 1e-7


class FaultKind(StrEnum):
    """What is wrong. A sliver is an overlap or a gap so thin that the two sides were surely meant to be one line."""

    OVERLAP = "overlap"
    GAP = "gap"
    SLIVER_OVERLAP = "sliver_overlap"
    SLIVER_GAP = "sliver_gap"
    MULTIPART = "multipart"
    OUTSIDE_PARENT = "outside_parent"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `ids`, `codes`: the shapes that take part (of a gap: its neighbours), by code.

    `area_m2` on the ellipsoid; `spot`: (lon, lat) inside the fault; `outline`: the fault itself, WGS84.
    """

    kind: FaultKind
    ids: tuple[GridId, ...]
    codes: tuple[str, ...]
    area_m2: float
    spot: Position
    outline: Polygon


def find_faults(
    shapes: Sequence[GridShape],
    *,
    parent: Polygon | MultiPolygon | None = None,
    tolerance_m2: float = TOLERANCE_M2,
    sliver_width_m: float = SLIVER_WIDTH_M,
) -> list[Fault]:
    """All faults of valid WGS84 shapes, ordered by kind, then the largest first, then by code.

    Without `parent` only enclosed gaps are found, and nothing can be outside. Multipart shapes are named once per part
    beside the largest; a city decides whether it allows them. Raises ValueError for a negative tolerance or width.

    >>> west, east = shapely.box(0, 0, 0.0011, 0.001), shapely.box(0.001, 0, 0.002, 0.001)
    >>> [fault] = find_faults([GridShape(1, "a", west), GridShape(2, "b", east)])
    >>> fault.kind.value, fault.codes, round(fault.area_m2)
    ('overlap', ('a', 'b'), 1231)
    """
    if tolerance_m2 < 0 or sliver_width_m < 0:
        raise ValueError(f"tolerance of {tolerance_m2} m2, sliver width of {sliver_width_m} m")
    limits = _Limits(tolerance_m2, sliver_width_m)
    ordered = sorted(shapes, key=lambda shape: shape.code)
    if not ordered:
        return _gaps(ordered, None, parent, limits) if parent is not None else []
    polygons = np.array([shape.polygon for shape in ordered], dtype=object)
    tree = STRtree(polygons)
    faults = _overlaps(ordered, polygons, tree, limits) + _gaps(ordered, tree, parent, limits)
    faults += _multiparts(ordered) + _outside(ordered, parent, limits)
    order = {kind: place for place, kind in enumerate(FaultKind)}
    return sorted(faults, key=lambda fault: (order[fault.kind], -fault.area_m2, fault.codes, fault.spot))


@dataclass(frozen=True, slots=True)
class _Limits:
    tolerance_m2: float
    sliver_width_m: float


def _overlaps(
    shapes: Sequence[GridShape], polygons: npt.NDArray[np.object_], tree: STRtree, limits: _Limits
) -> list[Fault]:
    # An edge that its neighbour does not share marks both sides of an overlap, or at least the inner one.
    suspects = np.flatnonzero(~shapely.is_empty(np.asarray(shapely.coverage_invalid_edges(polygons))))
    left, right = tree.query(polygons[suspects], predicate="intersects")
    pairs = {(min(a, b), max(a, b)) for a, b in zip(suspects[left].tolist(), right.tolist(), strict=True) if a != b}
    faults = []
    for first, second in sorted(pairs):
        common = shapely.intersection(polygons[first], polygons[second])
        members = (shapes[first], shapes[second])
        for part, area_m2, is_thin in _large_parts(common, limits):
            faults.append(_fault(FaultKind.SLIVER_OVERLAP if is_thin else FaultKind.OVERLAP, members, part, area_m2))
    return faults


def _gaps(
    shapes: Sequence[GridShape], tree: STRtree | None, parent: Polygon | MultiPolygon | None, limits: _Limits
) -> list[Fault]:
    covered = shapely.union_all([shape.polygon for shape in shapes])
    if parent is None:
        rings = [ring for part in _polygons_of(covered) for ring in part.interiors]
        missing: BaseGeometry = shapely.union_all([Polygon(ring) for ring in rings])
        # A shape inside the hole without touching it is no gap.
        missing = shapely.difference(missing, covered)
    else:
        missing = shapely.difference(parent, covered)
    faults = []
    for part, area_m2, is_thin in _large_parts(missing, limits):
        near = [] if tree is None else sorted(tree.query(part, predicate="dwithin", distance=TOUCH_DEG).tolist())
        members = [shapes[position] for position in near]
        faults.append(_fault(FaultKind.SLIVER_GAP if is_thin else FaultKind.GAP, members, part, area_m2))
    return faults


def _multiparts(shapes: Sequence[GridShape]) -> list[Fault]:
    faults = []
    for shape in shapes:
        parts = [(_measure(part)[0], part) for part in _polygons_of(shape.polygon)]
        parts.sort(key=lambda measured: -measured[0])
        faults += [_fault(FaultKind.MULTIPART, (shape,), part, area_m2) for area_m2, part in parts[1:]]
    return faults


def _outside(shapes: Sequence[GridShape], parent: Polygon | MultiPolygon | None, limits: _Limits) -> list[Fault]:
    if parent is None:
        return []
    faults = []
    shapely.prepare(parent)
    for shape in shapes:
        if not shapely.covers(parent, shape.polygon):
            beyond = shapely.difference(shape.polygon, parent)
            faults += [
                _fault(FaultKind.OUTSIDE_PARENT, (shape,), part, area_m2)
                for part, area_m2, _ in _large_parts(beyond, limits)
            ]
    return faults


def _large_parts(geometry: BaseGeometry, limits: _Limits) -> Iterator[tuple[Polygon, float, bool]]:
    """Polygon parts above the tolerance with their area and whether they are thinner than a sliver."""
    for part in _polygons_of(geometry):
        area_m2, perimeter_m = _measure(part)
        if area_m2 > limits.tolerance_m2:
            yield part, area_m2, 2 * area_m2 / perimeter_m < limits.sliver_width_m


def _polygons_of(geometry: BaseGeometry) -> list[Polygon]:
    """Polygons of any geometry; the lines and points that an overlay leaves behind are dropped."""
    flat: list[Polygon] = []
    for part in shapely.get_parts(geometry):
        if isinstance(part, Polygon):
            flat += [] if part.is_empty else [part]
        elif hasattr(part, "geoms"):
            flat += _polygons_of(part)
    return flat


def _measure(polygon: Polygon) -> tuple[float, float]:
    area_m2, perimeter_m = GEOD.geometry_area_perimeter(shapely.orient_polygons(polygon))
    return abs(float(area_m2)), float(perimeter_m)


def _fault(kind: FaultKind, members: Sequence[GridShape], part: Polygon, area_m2: float) -> Fault:
    spot = shapely.point_on_surface(part)
    return Fault(
        kind=kind,
        ids=tuple(shape.id for shape in members),
        codes=tuple(shape.code for shape in members),
        area_m2=round(area_m2, 2),
        spot=(round(spot.x, 7), round(spot.y, 7)),
        outline=part,
    )
