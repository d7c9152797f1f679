"""Overlaps, gaps, parts and what lies outside the parent; the one call that finds every kind of fault.

Differences of up to `tolerance_m2` are what rounding to 7 decimals leaves behind and are no faults.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon, Polygon, STRtree
from shapely.geometry.base import BaseGeometry

from gis.coverage.features import cut_buildings, stray_points
from gis.coverage.model import (
    SLIVER_WIDTH_M,
    TOLERANCE_M2,
    TOUCH_DEG,
    Buildings,
    Fault,
    FaultKind,
    Limits,
    Points,
    large_parts,
    make_fault,
    measure,
    polygons_of,
)
from gis.coverage.proposing import with_repairs
from gis.coverage.spikes import spikes, touching_holes
from gis.locate import GridShape


def find_faults(
    shapes: Sequence[GridShape],
    *,
    parent: Polygon | MultiPolygon | None = None,
    tolerance_m2: float = TOLERANCE_M2,
    sliver_width_m: float = SLIVER_WIDTH_M,
    points: Points | None = None,
    buildings: Buildings | None = None,
) -> list[Fault]:
    """All faults of valid WGS84 shapes, ordered by kind, then the largest first, then by code.

    Without `parent` only enclosed gaps are found, and nothing can be outside. Multipart shapes are named once per part
    beside the largest; a city decides whether it allows them. Raises ValueError for a negative tolerance or width,
    an id that two shapes have, or features whose ids and places differ in number.

    >>> west, east = shapely.box(0, 0, 0.0011, 0.001), shapely.box(0.001, 0, 0.002, 0.001)
    >>> [fault] = find_faults([GridShape(1, "a", west), GridShape(2, "b", east)])
    >>> fault.kind.value, fault.codes, round(fault.area_m2)
    ('overlap', ('a', 'b'), 1231)
    >>> fault.repair.kind.value, fault.repair.winner_code
    ('take_overlap', 'b')
    """
    if tolerance_m2 < 0 or sliver_width_m < 0:
        raise ValueError(f"tolerance of {tolerance_m2} m2, sliver width of {sliver_width_m} m")
    limits = Limits(tolerance_m2, sliver_width_m)
    ordered = sorted(shapes, key=lambda shape: shape.code)
    if len({shape.id for shape in ordered}) != len(ordered):
        raise ValueError("two shapes have the same id")
    polygons = np.array([shape.polygon for shape in ordered], dtype=object)
    tree = STRtree(polygons)
    faults = _overlaps(ordered, polygons, tree, limits) + _gaps(ordered, tree, parent, limits)
    faults += _multiparts(ordered) + _outside(ordered, parent, limits)
    faults += spikes(ordered) + touching_holes(ordered)
    faults = with_repairs(faults, ordered, tree)
    if points is not None:
        faults += stray_points(points, ordered, tree, faults)
    if buildings is not None:
        faults += cut_buildings(buildings, ordered, tree)
    order = {kind: place for place, kind in enumerate(FaultKind)}
    return sorted(
        faults,
        key=lambda fault: (order[fault.kind], -len(fault.feature_ids), -fault.area_m2, fault.codes, fault.spot),
    )


def _overlaps(
    shapes: Sequence[GridShape], polygons: npt.NDArray[np.object_], tree: STRtree, limits: Limits
) -> list[Fault]:
    if not shapes:
        return []
    # An edge that its neighbour does not share marks both sides of an overlap, or at least the inner one.
    suspects = np.flatnonzero(~shapely.is_empty(np.asarray(shapely.coverage_invalid_edges(polygons))))
    left, right = tree.query(polygons[suspects], predicate="intersects")
    pairs = {(min(a, b), max(a, b)) for a, b in zip(suspects[left].tolist(), right.tolist(), strict=True) if a != b}
    faults = []
    for first, second in sorted(pairs):
        common = shapely.intersection(polygons[first], polygons[second])
        members = (shapes[first], shapes[second])
        for part, area_m2, is_thin in large_parts(common, limits):
            faults.append(
                make_fault(FaultKind.SLIVER_OVERLAP if is_thin else FaultKind.OVERLAP, members, part, area_m2)
            )
    return faults


def _gaps(
    shapes: Sequence[GridShape], tree: STRtree, parent: Polygon | MultiPolygon | None, limits: Limits
) -> list[Fault]:
    covered = shapely.union_all([shape.polygon for shape in shapes])
    if parent is None:
        rings = [ring for part in polygons_of(covered) for ring in part.interiors]
        missing: BaseGeometry = shapely.union_all([Polygon(ring) for ring in rings])
        # A shape inside the hole without touching it is no gap.
        missing = shapely.difference(missing, covered)
    else:
        missing = shapely.difference(parent, covered)
    faults = []
    for part, area_m2, is_thin in large_parts(missing, limits):
        near = sorted(tree.query(part, predicate="dwithin", distance=TOUCH_DEG).tolist())
        members = [shapes[position] for position in near]
        faults.append(make_fault(FaultKind.SLIVER_GAP if is_thin else FaultKind.GAP, members, part, area_m2))
    return faults


def _multiparts(shapes: Sequence[GridShape]) -> list[Fault]:
    faults = []
    for shape in shapes:
        if isinstance(shape.polygon, MultiPolygon) and len(shape.polygon.geoms) > 1:
            parts = [(measure(part)[0], part) for part in polygons_of(shape.polygon)]
            parts.sort(key=lambda measured: -measured[0])
            faults += [make_fault(FaultKind.MULTIPART, (shape,), part, area_m2) for area_m2, part in parts[1:]]
    return faults


def _outside(shapes: Sequence[GridShape], parent: Polygon | MultiPolygon | None, limits: Limits) -> list[Fault]:
    if parent is None:
        return []
    faults = []
    shapely.prepare(parent)
    for shape in shapes:
        if not shapely.covers(parent, shape.polygon):
            beyond = shapely.difference(shape.polygon, parent)
            faults += [
                make_fault(FaultKind.OUTSIDE_PARENT, (shape,), part, area_m2)
                for part, area_m2, _ in large_parts(beyond, limits)
            ]
    return faults
