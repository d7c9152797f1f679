"""Households and buildings against the borders: points in no grid or in two, buildings that a border cuts."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree

from gis.coordinates import GEOD, check_positions
from gis.coverage.model import (
    TOUCH_DEG,
    Buildings,
    Fault,
    FaultKind,
    Points,
    Repair,
    RepairKind,
    make_fault,
    measure,
    polygons_of,
)
from gis.coverage.proposing import stays_whole
from gis.locate import GridId, GridShape

# Drawn around stray points, about 2 m.
MARK_DEG: Final = 2e-5
# A wall may lie this much beyond the border before the building counts as cut.
CUT_M2: Final = 1.0
CUT_SHARE: Final = 0.02


def stray_points(points: Points, shapes: Sequence[GridShape], tree: STRtree, faults: Sequence[Fault]) -> list[Fault]:
    """Points in no grid or inside two, together per gap or overlap they lie in, else per nearest grid.

    On a border (within a centimetre) is in neither: the lowest code owns the point. The repair is that of the gap or
    overlap. Raises ValueError when ids and positions differ in number; CoordinateError for a position off the Earth.
    """
    lons, lats = check_positions(points.lons, points.lats)
    if len(points.ids) != lons.size:
        raise ValueError(f"{len(points.ids)} ids for {lons.size} points")
    places = np.asarray(shapely.points(np.round(lons, 7), np.round(lats, 7)), dtype=object)
    at, grid = tree.query(places, predicate="intersects")
    hits = np.bincount(at, minlength=lons.size)
    several = np.flatnonzero(hits[at] > 1)
    rims = shapely.boundary(np.array([shape.polygon for shape in shapes], dtype=object))
    inner = np.asarray(shapely.distance(rims[grid[several]], places[at[several]]) > TOUCH_DEG)
    holders: dict[int, list[int]] = defaultdict(list)
    for pair, is_inner in zip(several, inner, strict=True):
        if is_inner:
            holders[int(at[pair])].append(int(grid[pair]))
    doubled = {point: sorted(found) for point, found in holders.items() if len(found) > 1}
    lost = np.flatnonzero(hits == 0)
    if lost.size and shapes:
        near, _ = tree.query(places[lost], predicate="dwithin", distance=TOUCH_DEG)
        lost = np.delete(lost, np.unique(near))
    grouping = _Grouping(places, points.ids, shapes, tree, faults)
    return grouping.lost(lost.tolist()) + grouping.doubled(doubled)


@dataclass(frozen=True, slots=True)
class _Grouping:
    """One fault per gap or overlap that holds the points; else per nearest grid, or per grids that hold them."""

    places: npt.NDArray[np.object_]
    ids: Sequence[Hashable]
    shapes: Sequence[GridShape]
    tree: STRtree
    faults: Sequence[Fault]

    def lost(self, found: list[int]) -> list[Fault]:
        if not found:
            return []
        gaps = [fault for fault in self.faults if fault.kind in (FaultKind.GAP, FaultKind.SLIVER_GAP)]
        cause_of = self._causes(found, gaps)
        nearest = self.tree.nearest(self.places[found]).tolist() if self.shapes else []
        holders = {point: [grid] for point, grid in zip(found, nearest, strict=False) if point not in cause_of}
        return [self._fault(FaultKind.POINT_IN_NONE, *group, gaps) for group in _groups(found, holders, cause_of)]

    def doubled(self, holders: dict[int, list[int]]) -> list[Fault]:
        overlaps = [fault for fault in self.faults if fault.kind in (FaultKind.OVERLAP, FaultKind.SLIVER_OVERLAP)]
        found = sorted(holders)
        cause_of = self._causes(found, overlaps)
        return [self._fault(FaultKind.POINT_IN_TWO, *group, overlaps) for group in _groups(found, holders, cause_of)]

    def _causes(self, found: list[int], causes: Sequence[Fault]) -> dict[int, int]:
        tree = STRtree([fault.outline for fault in causes])
        point_at, cause_at = tree.query(self.places[found], predicate="intersects")
        return {found[point]: int(cause) for point, cause in zip(point_at, cause_at, strict=True)}

    def _fault(
        self, kind: FaultKind, cause: int, members: tuple[int, ...], group: list[int], causes: Sequence[Fault]
    ) -> Fault:
        mark = shapely.buffer(shapely.MultiPoint(self.places[group]).convex_hull, MARK_DEG, quad_segs=2)
        spot = (self.places[group[0]].x, self.places[group[0]].y)
        ids = tuple(self.ids[point] for point in group)
        fault = make_fault(kind, [self.shapes[member] for member in members], mark, 0.0, spot=spot, feature_ids=ids)
        if cause < 0:
            return fault
        because = causes[cause]
        return replace(fault, ids=fault.ids or because.ids, codes=fault.codes or because.codes, repair=because.repair)


def _groups(
    found: list[int], holders: dict[int, list[int]], cause_of: dict[int, int]
) -> list[tuple[int, tuple[int, ...], list[int]]]:
    """Cause (-1: none), grids and points of each group."""
    groups: dict[tuple[int, tuple[int, ...]], list[int]] = defaultdict(list)
    for point in found:
        groups[cause_of.get(point, -1), tuple(holders.get(point, ()))].append(point)
    return [(cause, members, group) for (cause, members), group in groups.items()]


def cut_buildings(buildings: Buildings, shapes: Sequence[GridShape], tree: STRtree) -> list[Fault]:
    """Buildings of which a second grid holds more than CUT_M2 and CUT_SHARE; repair: the largest holder takes it whole.

    Raises ValueError when ids and outlines differ in number.
    """
    if len(buildings.ids) != len(buildings.outlines):
        raise ValueError(f"{len(buildings.ids)} ids for {len(buildings.outlines)} buildings")
    outlines = np.array(buildings.outlines, dtype=object)
    if not outlines.size or not shapes:
        return []
    at, grid = tree.query(outlines, predicate="intersects")
    several = np.bincount(at, minlength=outlines.size)[at] > 1
    at, grid = at[several], grid[several]
    polygons = np.array([shape.polygon for shape in shapes], dtype=object)
    shares = shapely.area(shapely.intersection(outlines[at], polygons[grid])) / shapely.area(outlines[at])
    held: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for building, holder, share in zip(at.tolist(), grid.tolist(), shares.tolist(), strict=True):
        if share > 0:
            held[building].append((round(-share, 9), holder))
    faults = []
    for building, holders in sorted(held.items()):
        area_m2 = measure(outlines[building])[0]
        cut_off_m2 = -sum(share for share, _ in sorted(holders)[1:]) * area_m2
        if cut_off_m2 > max(CUT_M2, CUT_SHARE * area_m2):
            order = [shapes[holder] for _, holder in sorted(holders)]
            faults += _cut(buildings.ids[building], outlines[building], order, cut_off_m2)
    return faults


def _cut(feature: Hashable, outline: shapely.Polygon, holders: list[GridShape], area_m2: float) -> list[Fault]:
    """Largest holder first; a building of several parts gives a fault for each part that is cut."""
    faults = []
    for part in polygons_of(outline):
        rims = [shapely.intersection(shape.polygon.boundary, part) for shape in holders]
        length_m = float(GEOD.geometry_length(shapely.union_all(rims)))
        if length_m == 0:
            continue
        fault = make_fault(
            FaultKind.BORDER_CUTS_BUILDING,
            sorted(holders, key=lambda shape: shape.code),
            part,
            area_m2,
            length_m=length_m,
            feature_ids=(feature,),
        )
        winner, losers = holders[0], sorted(holders[1:], key=lambda shape: shape.code)
        gained = shapely.union(winner.polygon, part)
        is_possible = all(stays_whole(shape.polygon, part) for shape in losers) and len(polygons_of(gained)) == len(
            polygons_of(winner.polygon)
        )
        faults.append(replace(fault, repair=_move(part, winner, losers, area_m2)) if is_possible else fault)
    return faults


def _move(region: shapely.Polygon, winner: GridShape, losers: list[GridShape], area_m2: float) -> Repair:
    ids: tuple[GridId, ...] = tuple(shape.id for shape in losers)
    codes = tuple(shape.code for shape in losers)
    return Repair(RepairKind.MOVE_BORDER, region, winner.id, winner.code, ids, codes, round(area_m2, 2))
