"""Accepted repairs carried out on a planar partition.

All lines of the grids that take part are cut at their crossings on the 7-decimal lattice; every face of that partition
belongs to the grids that cover it, the repairs change owners, and each grid is the union of its faces. So neighbours
that take part share every vertex, and nothing between them is lost or counted twice.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely import MultiPolygon, Polygon, STRtree

from gis.coordinates import geodesic_area_m2
from gis.coverage.finding import find_faults
from gis.coverage.model import SLIVER_WIDTH_M, TOLERANCE_M2, Buildings, Fault, Points, Repair, RepairKind
from gis.locate import GridId, GridShape

LATTICE_DEG: Final = 1e-7
ROUNDS: Final = 5


@dataclass(frozen=True, slots=True)
class Repaired:
    """The repaired shapes, the faults that are left, and what was done."""

    shapes: list[GridShape]
    faults: list[Fault]
    applied: list[Repair]


def apply_repairs(shapes: Sequence[GridShape], repairs: Iterable[Repair]) -> list[GridShape]:
    """The shapes in the same order after the repairs; pure, the same for any order of `repairs`.

    A shape that no repair names is the same object. Equal repairs count once; one that would leave a grid with nothing
    is skipped. Raises ValueError for a repair of an unknown shape.
    """
    order = {kind: place for place, kind in enumerate(RepairKind)}
    chosen = sorted({repair.key: repair for repair in repairs}.values(), key=lambda one: (order[one.kind], one.key))
    if not chosen:
        return list(shapes)
    named = {shape for repair in chosen for shape in (repair.winner, *repair.losers) if shape is not None}
    unknown = named - {shape.id for shape in shapes}
    if unknown:
        raise ValueError(f"a repair names {min(map(str, unknown))}, which is no shape here")
    touched = [shape for shape in shapes if shape.id in named]
    partition = _Partition(touched, [repair.region for repair in chosen])
    for repair in chosen:
        partition.apply(repair)
    rebuilt = partition.shapes()
    return [rebuilt.get(shape.id, shape) for shape in shapes]


def repair_all(
    shapes: Sequence[GridShape],
    *,
    parent: Polygon | MultiPolygon | None = None,
    points: Points | None = None,
    buildings: Buildings | None = None,
    tolerance_m2: float = TOLERANCE_M2,
    sliver_width_m: float = SLIVER_WIDTH_M,
    rounds: int = ROUNDS,
) -> Repaired:
    """Accept every proposal until none is left that was not tried; what one repair uncovers, the next round finds."""

    def find(current: Sequence[GridShape]) -> list[Fault]:
        return find_faults(
            current,
            parent=parent,
            tolerance_m2=tolerance_m2,
            sliver_width_m=sliver_width_m,
            points=points,
            buildings=buildings,
        )

    current, applied = list(shapes), dict[str, Repair]()
    faults = find(current)
    for _ in range(rounds):
        fresh = {fault.repair.key: fault.repair for fault in faults if fault.repair is not None}
        fresh = {key: repair for key, repair in fresh.items() if key not in applied}
        if not fresh:
            break
        current = apply_repairs(current, fresh.values())
        applied |= fresh
        faults = find(current)
    return Repaired(current, faults, list(applied.values()))


def match_edges(shapes: Sequence[GridShape], *, tolerance_m2: float = TOLERANCE_M2) -> list[GridShape]:
    """One noded coverage: neighbours share every vertex, overlaps and enclosed gaps up to the tolerance are given away.

    They go to the longest shared edge, then to the lowest code. Larger ones stay as they are.

    >>> west = shapely.box(0, 0, 1, 1)
    >>> east = Polygon([(1, 0), (2, 0), (2, 1), (1, 1), (1, 0.5)])
    >>> first, second = match_edges([GridShape(1, "a", west), GridShape(2, "b", east)])
    >>> len(first.polygon.exterior.coords), len(second.polygon.exterior.coords)
    (6, 6)
    """
    if not shapes:
        return []
    partition = _Partition(list(shapes), [])
    partition.give_away(tolerance_m2)
    rebuilt = partition.shapes()
    return [rebuilt[shape.id] for shape in shapes]


class _Partition:
    """Faces and their owners, as positions in `shapes`."""

    def __init__(self, shapes: Sequence[GridShape], regions: Sequence[Polygon]) -> None:
        self._shapes = sorted(shapes, key=lambda shape: shape.code)
        self._place: dict[GridId, int] = {shape.id: place for place, shape in enumerate(self._shapes)}
        polygons = np.array([shape.polygon for shape in self._shapes], dtype=object)
        lines = shapely.boundary(np.concatenate([polygons, np.array(regions, dtype=object)]))
        noded = shapely.union_all(lines, grid_size=LATTICE_DEG)
        self._faces = np.asarray(shapely.get_parts(shapely.polygonize(shapely.get_parts(noded))))
        self._spots = shapely.point_on_surface(self._faces)
        self._spot_tree = STRtree(self._spots)
        self._owners: list[set[int]] = [set() for _ in self._faces]
        for face, owner in zip(*STRtree(polygons).query(self._spots, predicate="intersects"), strict=True):
            self._owners[int(face)].add(int(owner))
        self._sizes: npt.NDArray[np.float64] = shapely.area(self._faces)
        self._held = Counter(owner for owners in self._owners for owner in owners)

    def apply(self, repair: Repair) -> None:
        inside = self._spot_tree.query(repair.region, predicate="contains").tolist()
        losers = {self._place[loser] for loser in repair.losers}
        winner = None if repair.winner is None else self._place[repair.winner]
        lost = Counter(owner for face in inside for owner in self._owners[face] & losers)
        if any(self._held[loser] == faces for loser, faces in lost.items()):
            return
        for face in inside:
            held = self._owners[face]
            left = held - losers
            if not left and winner is not None and (held or not losers):
                left = {winner}
            self._held.subtract(held)
            self._held.update(left)
            self._owners[face] = left

    def give_away(self, tolerance_m2: float) -> None:
        """Faces up to the tolerance that have several owners, none though enclosed, or one that they only touch."""
        # A square metre is about 1e-10 square degrees; far north it is more.
        small = np.flatnonzero(self._sizes < 1e-9 * max(tolerance_m2, 1.0)).tolist()
        small = [face for face in small if geodesic_area_m2(self._faces[face]) <= tolerance_m2]
        tree = STRtree(self._faces)
        for face in sorted(small, key=lambda face: (-self._sizes[face], *shapely.bounds(self._faces[face]).tolist())):
            owners = self._owners[face]
            shared: dict[int, float] = {}
            for other in tree.query(self._faces[face], predicate="touches").tolist():
                edge = shapely.intersection(self._faces[face].boundary, self._faces[other].boundary)
                if edge.length > 0 and len(self._owners[other]) == 1:
                    [owner] = self._owners[other]
                    shared[owner] = shared.get(owner, 0.0) + edge.length
            among = (owners & set(shared)) or set(shared) or owners
            if among and not (len(owners) == 1 and owners == among):
                self._owners[face] = {min(among, key=lambda owner: (-round(shared.get(owner, 0.0), 9), owner))}

    def shapes(self) -> dict[GridId, GridShape]:
        faces: list[list[int]] = [[] for _ in self._shapes]
        for face, owners in enumerate(self._owners):
            for owner in owners:
                faces[owner].append(face)
        rebuilt = {}
        for shape, own in zip(self._shapes, faces, strict=True):
            merged = shapely.coverage_union_all(self._faces[own])
            rebuilt[shape.id] = replace(shape, polygon=_polygonal(merged))
        return rebuilt


def _polygonal(geometry: shapely.Geometry) -> Polygon | MultiPolygon:
    parts = [part for part in shapely.get_parts(geometry) if isinstance(part, Polygon) and not part.is_empty]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)
