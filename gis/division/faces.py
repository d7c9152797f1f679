"""From lines to land: streets, water and borders noded on the raster of 7 decimals, and the faces between them.

A face that holds too much for a fair balance is cut again between its buildings by straight lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from shapely import LineString, Polygon, STRtree
from shapely.geometry.base import BaseGeometry
from shapely.ops import split

from gis.coordinates import MetricZone
from gis.division.model import Floats, Ground, Ints
from gis.outlines import GRID_DEG, polygons_of

GAP_M: Final = 1.0
LEAST_PART: Final = 0.2
LEAST_AREA_M2: Final = 400.0
REACH_M: Final = 0.3
MOST_CUTS: Final = 6


@dataclass(frozen=True)
class Doors:
    """Demand as arrays; `face_of` is filled by `place`."""

    lons: Floats
    lats: Floats
    weight: Floats


def noded(ground: Ground, *, with_existing: bool, more: Sequence[BaseGeometry] = ()) -> BaseGeometry:
    """All lines that may be borders, cut at their crossings, vertices on the raster."""
    lines: list[BaseGeometry] = [ground.parent.boundary]
    lines += [region.boundary for region in ground.regions]
    lines += [outline.boundary for outline in ground.dedicated]
    if with_existing:
        lines += [outline.boundary for outline in ground.existing]
    near = STRtree([street.line for street in ground.streets]).query(ground.parent, predicate="intersects")
    lines += [ground.streets[number].line for number in sorted(near.tolist())]
    return shapely.union_all([*lines, *more], grid_size=GRID_DEG)


def faces_of(lines: BaseGeometry, parent: BaseGeometry) -> list[Polygon]:
    """Faces inside the parent, in an order that depends on the land only."""
    found = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    shapely.prepare(parent)
    inside = found[shapely.contains(parent, shapely.point_on_surface(found))]
    corners = shapely.bounds(inside)
    return list(inside[np.lexsort(corners.T[::-1])]) if len(inside) else []


def holders(faces: Sequence[BaseGeometry], lons: Floats, lats: Floats) -> Ints:
    """For every door the face that holds it or is nearest, the first one on ties."""
    at, face = STRtree(faces).query_nearest(shapely.points(lons, lats), all_matches=True)
    found = np.full(len(lons), len(faces), dtype=np.int64)
    np.minimum.at(found, at, face)
    return found


def cut_heavy(
    faces: Sequence[Polygon], doors: Doors, buildings: Sequence[BaseGeometry], *, most: float, zone: MetricZone
) -> list[LineString]:
    """Lines, WGS84, that cut faces with a weight above `most` between their buildings, where a gap runs across."""
    home = holders(faces, doors.lons, doors.lats)
    weight = np.bincount(home, weights=doors.weight, minlength=len(faces))
    heavy = np.flatnonzero(weight > most)
    if not heavy.size:
        return []
    tree = STRtree(buildings)
    lines: list[LineString] = []
    order = np.argsort(home, kind="stable")
    starts = np.searchsorted(home[order], np.arange(len(faces) + 1))
    for face in heavy.tolist():
        mine = order[starts[face] : starts[face + 1]]
        points = np.column_stack(zone.project_points(doors.lons[mine], doors.lats[mine]))
        near = tree.query(faces[face], predicate="intersects")
        walls = [zone.project(buildings[number]) for number in sorted(near.tolist())]
        cutter = _Cutter(walls, points, doors.weight[mine], most)
        cutter.cut(zone.project(faces[face]), np.arange(len(mine)), 0)
        lines += [zone.unproject(line) for line in cutter.lines]
    return lines


class _Cutter:
    """Cuts one face across its long side, through the gap between buildings that halves it best."""

    def __init__(self, walls: list[BaseGeometry], doors: Floats, weight: Floats, most: float) -> None:
        self._walls = [shapely.get_coordinates(wall) for wall in walls]
        self._doors, self._weight, self._most = doors, weight, most
        self.lines: list[LineString] = []

    def cut(self, face: Polygon, mine: Ints, depth: int) -> None:
        if self._weight[mine].sum() <= self._most or len(mine) < 2 or depth == MOST_CUTS:
            return
        best = self._best(face, mine)
        if best is None:
            return
        line, parts = best
        self.lines.append(line)
        tree = STRtree(parts)
        at, part = tree.query_nearest(shapely.points(self._doors[mine]), all_matches=False)
        for number, piece in enumerate(parts):
            self.cut(piece, mine[at[part == number]], depth + 1)

    def _best(self, face: Polygon, mine: Ints) -> tuple[LineString, list[Polygon]] | None:
        box = shapely.get_coordinates(shapely.minimum_rotated_rectangle(face))[:3]
        sides = np.diff(box, axis=0)
        lengths = np.hypot(sides[:, 0], sides[:, 1])
        found: list[tuple[float, LineString, list[Polygon]]] = []
        for side in (0, 1):
            if lengths[side] <= 0:
                continue
            along = sides[side] / lengths[side]
            for off, at in self._gaps(face, mine, along):
                score = off + 0.5 * lengths[1 - side] / lengths.sum()
                if not found or score < found[0][0]:
                    cut = _across(face, along, at)
                    if cut is not None:
                        found = [(score, *cut)]
        return found[0][1:] if found else None

    def _gaps(self, face: Polygon, mine: Ints, along: Floats) -> list[tuple[float, float]]:
        """Places along the direction where no wall stands, with how far they are from halving the weight."""
        place = self._doors[mine] @ along
        hull = shapely.bounds(shapely.envelope(face))
        reach = float(np.hypot(hull[2] - hull[0], hull[3] - hull[1]))
        middle = float(np.array(face.centroid.coords[0]) @ along)
        spans = sorted(
            [(float(span.min()), float(span.max())) for span in (wall @ along for wall in self._walls)]
            + [(at - GAP_M, at + GAP_M) for at in place.tolist()]
        )
        gaps = []
        end = middle - reach
        for low, high in spans:
            if low - end > 2 * GAP_M and end > middle - reach:
                gaps.append((low + end) / 2)
            end = max(end, high)
        total = float(self._weight[mine].sum())
        shares = [(abs(float(self._weight[mine][place < at].sum()) / total - 0.5), at) for at in gaps]
        return sorted((off, at) for off, at in shares if off <= 0.5 - LEAST_PART)


def _across(face: Polygon, along: Floats, at: float) -> tuple[LineString, list[Polygon]] | None:
    """The cut across the face where its projection on the direction is `at`; None when a part would be too small."""
    centre = np.array(face.centroid.coords[0])
    foot = centre + along * (at - centre @ along)
    normal = np.array([-along[1], along[0]])
    reach = face.length
    chord = shapely.intersection(LineString([foot - normal * reach, foot + normal * reach]), face)
    pieces = [part for part in shapely.get_parts(chord).tolist() if isinstance(part, LineString)]
    if len(pieces) != 1:
        return None
    ends = np.array(pieces[0].coords)[[0, -1]]
    step = (ends[1] - ends[0]) / np.hypot(*(ends[1] - ends[0])) * REACH_M
    line = LineString([ends[0] - step, ends[1] + step])
    parts = polygons_of(split(face, line))
    if len(parts) < 2 or min(part.area for part in parts) < LEAST_AREA_M2:
        return None
    return line, parts
