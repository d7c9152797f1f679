"""Spikes and touching holes: what is wrong with one outline by itself."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

import numpy as np
import shapely
from shapely import Polygon

from gis.coordinates import FloatArray, MetricZone
from gis.coverage.model import Fault, FaultKind, make_fault, measure, polygons_of
from gis.locate import GridShape

SPIKE_ANGLE_DEG: Final = 12.0
SPIKE_WIDTH_M: Final = 1.0
SPIKE_LENGTH_M: Final = 3.0
# Base of a tongue, in SPIKE_WIDTH_M, from which on it is a wedge of the body.
WEDGE_BASE: Final = 0.9
# A region of the metric plane belongs to a tip that it reaches within a centimetre.
REACH_M: Final = 0.01


def spikes(shapes: Sequence[GridShape]) -> list[Fault]:
    """Thin tongues that end in a sharp tip: under SPIKE_WIDTH_M wide, SPIKE_LENGTH_M or longer."""
    if not shapes:
        return []
    zone = MetricZone.of(shapely.box(*shapely.total_bounds([shape.polygon for shape in shapes])))
    faults = []
    for shape in shapes:
        for part in polygons_of(shape.polygon):
            metric = shapely.orient_polygons(zone.project(part))
            tips = [tip for ring in (metric.exterior, *metric.interiors) for tip in _sharp_tips(ring)]
            for tongue, tip, length_m in _tongues(metric, tips):
                outline, spot = zone.unproject(tongue), _degrees(zone, tip)
                faults.append(
                    make_fault(FaultKind.SPIKE, (shape,), outline, measure(outline)[0], spot=spot, length_m=length_m)
                )
    return faults


def _sharp_tips(ring: shapely.LinearRing) -> list[FloatArray]:
    """Vertices where the inside, left of the ring, is sharper than SPIKE_ANGLE_DEG."""
    corners = shapely.get_coordinates(ring)[:-1]
    back, on = np.roll(corners, 1, axis=0) - corners, np.roll(corners, -1, axis=0) - corners
    turn = on[:, 0] * back[:, 1] - on[:, 1] * back[:, 0]
    angle = np.degrees(np.arctan2(turn, (back * on).sum(axis=1)))
    return list(corners[(angle >= 0) & (angle < SPIKE_ANGLE_DEG)])


def _tongues(polygon: Polygon, tips: Sequence[FloatArray]) -> Iterator[tuple[Polygon, FloatArray, float]]:
    """Each thin piece that ends in a tip, with its tip and its reach beyond the body, in metres of the plane."""
    if not tips:
        return
    half_m = SPIKE_WIDTH_M / 2
    body = shapely.buffer(shapely.buffer(polygon, -half_m, join_style="mitre"), half_m, join_style="mitre")
    if body.is_empty:
        return
    thin = polygons_of(shapely.difference(polygon, body))
    seen: set[int] = set()
    for tip in tips:
        point = shapely.Point(tip)
        length_m = float(shapely.distance(body, point))
        for number, piece in enumerate(thin):
            if number in seen or length_m < SPIKE_LENGTH_M or not shapely.dwithin(piece, point, REACH_M):
                continue
            seen.add(number)
            # A wedge grows to the full width before it ends; a spike sits on the body with a narrower base.
            base = shapely.intersection(piece.boundary, shapely.buffer(body, REACH_M))
            if base.length < WEDGE_BASE * SPIKE_WIDTH_M:
                yield piece, tip, length_m


def _degrees(zone: MetricZone, tip: FloatArray) -> tuple[float, float]:
    lons, lats = zone.unproject_points(tip[:1], tip[1:])
    return float(lons[0]), float(lats[0])


def touching_holes(shapes: Sequence[GridShape]) -> list[Fault]:
    """Holes that touch the shell or another hole in a point, so that the grid hangs together by nothing there."""
    faults = []
    for shape in shapes:
        for part in polygons_of(shape.polygon):
            rings = [part.exterior, *part.interiors]
            for first, second in combinations(range(len(rings)), 2):
                common = shapely.intersection(rings[first], rings[second])
                if not common.is_empty:
                    hole = Polygon(rings[second])
                    [x, y] = shapely.get_coordinates(common)[0]
                    faults.append(
                        make_fault(FaultKind.HOLE_TOUCHING, (shape,), hole, measure(hole)[0], spot=(float(x), float(y)))
                    )
    return faults
