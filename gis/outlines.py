"""Edits of outlines that share borders: what one grid gains its neighbours lose, and no gap opens between them.

Shapes are WGS84 polygons by key, with vertices of 7 decimals. Every edit answers with the shapes that it changed, ready
to be laid over the old ones; neighbours that only got a vertex on a common edge are among them. Areas and lengths are
measured in the metric zone. `EditNotPossible` says by a code why not.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final, TypeAlias

import numpy as np
import shapely
from shapely import LineString, MultiPoint, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import split as split_at

from gis.coordinates import MetricZone, Position, geodesic_area_m2
from gis.locate import SNAP_PER_DEGREE, snap_degrees

Shape: TypeAlias = Polygon | MultiPolygon
Shapes: TypeAlias = Mapping[str, Shape]

GRID_DEG: Final = 1 / SNAP_PER_DEGREE
# Vertices this close to an edge lie on it: rounding to 7 decimals moves a point by up to 0.7e-7.
NEAR_DEG: Final = 1.5e-7
# What rounding leaves between two outlines; pieces up to this size are no ground.
CRUMB_M2: Final = 1.0


class EditNotPossible(ValueError):
    """Why an edit can't be made: `code` for programs, `key` names the shape."""

    def __init__(self, code: str, detail: str, *, key: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.key = key


def rounded(shape: BaseGeometry) -> BaseGeometry:
    """The shape with vertices of 7 decimals, the doubles nearest to them, as `gis.locate` rounds points.

    >>> rounded(Point(121.17000004, 30.05)).x
    121.17
    """
    snapped: BaseGeometry = shapely.transform(shape, lambda xy: np.rint(xy * SNAP_PER_DEGREE) / SNAP_PER_DEGREE)
    return snapped


def polygons_of(shape: BaseGeometry) -> list[Polygon]:
    """The polygons in any geometry, without the lines and points that an overlay leaves."""
    if isinstance(shape, Polygon):
        return [] if shape.is_empty else [shape]
    return [part for one in getattr(shape, "geoms", ()) for part in polygons_of(one)]


def as_shape(geometry: BaseGeometry, *, key: str = "") -> Shape:
    """A sound polygon of 7 decimals from what an overlay gave; crumbs are dropped. Raises EditNotPossible."""
    parts = polygons_of(rounded(geometry))
    large = [part for part in parts if geodesic_area_m2(part) > CRUMB_M2]
    if not large:
        raise EditNotPossible("nothing_left", "nothing would be left of this outline", key=key)
    shape = large[0] if len(large) == 1 else MultiPolygon(large)
    if not shape.is_valid:
        raise EditNotPossible("crosses_itself", "the outline would cross itself", key=key)
    return shape


def move_vertex(shapes: Shapes, start: Position, end: Position) -> dict[str, Shape]:
    """Moves a vertex in every shape that has it or that has an edge through it.

    >>> west, east = shapely.box(0, 0, 1e-3, 1e-3), shapely.box(1e-3, 0, 2e-3, 1e-3)
    >>> moved = move_vertex({"a": west, "b": east}, (1e-3, 1e-3), (1.2e-3, 1e-3))
    >>> sorted(moved), round(shapely.intersection(moved["a"], moved["b"]).length, 5)
    (['a', 'b'], 0.00102)
    """
    old, new = (Point(*map(snap_degrees, one)) for one in (start, end))
    held = [key for key, shape in shapes.items() if shapely.dwithin(shape.boundary, old, NEAR_DEG)]
    if not held:
        raise EditNotPossible("no_such_vertex", "no border passes this point")
    changed: dict[str, Shape] = {}
    for key in held:
        noded = shapely.snap(shapes[key], old, NEAR_DEG)
        moved = shapely.transform(
            noded,
            lambda xy: np.where(
                (np.abs(xy - (old.x, old.y)) < GRID_DEG / 2).all(axis=1)[:, None], np.array([(new.x, new.y)]), xy
            ),
        )
        if not moved.is_valid:
            raise EditNotPossible("crosses_itself", f"the border of {key} would cross itself", key=key)
        changed[key] = as_shape(moved, key=key)
    _refuse_new_overlap(shapes, changed)
    return joined(shapes, changed)


def split(shapes: Shapes, key: str, line: LineString) -> list[Shape]:
    """The parts into which a line from border to border cuts a shape, the largest first. Raises EditNotPossible.

    >>> [round(part.area * 1e6, 2) for part in split({"a": shapely.box(0, 0, 0.002, 0.001)}, "a",
    ...     LineString([(0.0015, -0.001), (0.0015, 0.002)]))]
    [1.5, 0.5]
    """
    parts = [as_shape(part, key=key) for part in polygons_of(split_at(shapes[key], line))]
    if len(parts) < 2:
        raise EditNotPossible("line_does_not_cut", "draw the line across, from border to border", key=key)
    return sorted(parts, key=lambda part: (-geodesic_area_m2(part), part.bounds))


def merge(shapes: Shapes, keys: Collection[str]) -> Shape:
    """One shape of several neighbours. Raises EditNotPossible for shapes that don't touch along an edge."""
    union = shapely.union_all([shapes[key] for key in keys], grid_size=GRID_DEG)
    whole = as_shape(_without_cracks(union))
    if isinstance(whole, MultiPolygon) and not any(isinstance(shapes[key], MultiPolygon) for key in keys):
        raise EditNotPossible("not_neighbours", "grids that are merged must share a border")
    return whole


def set_outline(shapes: Shapes, key: str, outline: Shape) -> dict[str, Shape]:
    """Gives `key` this outline: others lose what it covers, the ground it leaves goes to the longest neighbour.

    A new key takes its ground from the others. Raises EditNotPossible when a neighbour would vanish.
    """
    wanted = as_shape(outline, key=key)
    changed: dict[str, Shape] = {key: wanted}
    for other, shape in shapes.items():
        if other != key and shapely.area(shapely.intersection(shape, wanted)) > 0:
            changed[other] = as_shape(shapely.difference(shape, wanted), key=other)
    if key in shapes:
        freed = shapely.difference(shapes[key], wanted)
        changed = give_away(shapes, changed, freed, but_not={key})
    return joined(shapes, changed)


def remove(shapes: Shapes, key: str, *, heir: str | None = None) -> dict[str, Shape]:
    """The shapes of the neighbours that take over the ground of `key`: all of it `heir`, else part by part."""
    rest = {other: shape for other, shape in shapes.items() if other != key}
    if heir is not None:
        return joined(rest, {heir: merge(shapes, [key, heir])})
    if not rest:
        raise EditNotPossible("last_outline", "the last outline can't be taken away", key=key)
    changed = give_away(rest, {}, shapes[key], but_not=set())
    return joined(rest, changed)


def hand_over(shapes: Shapes, ground: BaseGeometry, *, heir: str | None) -> dict[str, Shape]:
    """Gives the ground to `heir` and takes it from all others; without an heir nobody has it afterwards."""
    changed: dict[str, Shape] = {}
    for key, shape in shapes.items():
        if key != heir and shapely.area(shapely.intersection(shape, ground)) > 0:
            changed[key] = as_shape(shapely.difference(shape, ground), key=key)
    if heir is not None:
        union = shapely.union_all([shapes[heir], ground], grid_size=GRID_DEG)
        changed[heir] = as_shape(_without_cracks(union), key=heir)
    return joined(shapes, changed)


def redraw_group(shapes: Shapes, members: Collection[str], outline: Shape) -> tuple[dict[str, Shape], set[str]]:
    """Gives a group of shapes (a community's grids) this common outline: the changed shapes and the group's keys after.

    A shape that comes to lie on the other side changes sides whole; of one that is cut, the piece goes to the longest
    neighbour on that side. Raises EditNotPossible when the group would be empty.
    """
    wanted = as_shape(outline)
    after: set[str] = set()
    pieces: list[tuple[Polygon, bool]] = []
    changed: dict[str, Shape] = {}
    for key, shape in shapes.items():
        inside, outside = shapely.intersection(shape, wanted), shapely.difference(shape, wanted)
        inside_m2, outside_m2 = _area_m2(inside), _area_m2(outside)
        is_in = outside_m2 <= CRUMB_M2 or (key in members and inside_m2 > CRUMB_M2)
        if is_in:
            after.add(key)
        lost = outside if is_in else inside
        if _area_m2(lost) > CRUMB_M2:
            changed[key] = as_shape(inside if is_in else outside, key=key)
            pieces += [(part, not is_in) for part in polygons_of(lost) if geodesic_area_m2(part) > CRUMB_M2]
    if not after:
        raise EditNotPossible("nothing_left", "no grid would be left in this outline")
    for part, belongs_in in pieces:
        others = set(shapes) - after if belongs_in else after
        changed = give_away(shapes, changed, part, but_not=others)
    return joined(shapes, changed), after


def give_away(
    shapes: Shapes, changed: Mapping[str, Shape], ground: BaseGeometry, *, but_not: Collection[str]
) -> dict[str, Shape]:
    """`changed` with each part of `ground` added to the shape that shares the longest edge with it, lowest key on ties.

    A part that nobody touches stays free: the check of the coverage names it as a gap.
    """
    result = dict(changed)
    parts = sorted(polygons_of(rounded(ground)), key=lambda part: -part.area)
    for part in parts:
        if _area_m2(part) <= CRUMB_M2:
            continue
        now = {key: result.get(key, shape) for key, shape in shapes.items() if key not in but_not}
        heir = longest_neighbour(now, part)
        if heir is not None:
            union = shapely.union_all([now[heir], part], grid_size=GRID_DEG)
            result[heir] = as_shape(_without_cracks(union), key=heir)
    return result


def longest_neighbour(shapes: Shapes, part: Polygon) -> str | None:
    """Key of the shape with the longest edge in common with `part`; None when none touches it along an edge."""
    zone = MetricZone.of(part)
    best: tuple[float, str] | None = None
    for key in sorted(shapes):
        if shapely.dwithin(shapes[key], part, NEAR_DEG):
            common = shapely.intersection(part.boundary, shapely.buffer(shapes[key], 2 * GRID_DEG))
            length_m = float(zone.project(common).length) if not common.is_empty else 0.0
            if length_m > 0.1 and (best is None or length_m > best[0] + 1e-3):
                best = (length_m, key)
    return best[1] if best else None


def largest_part(shape: Shape) -> Polygon:
    """The largest polygon of a shape."""
    return max(polygons_of(shape), key=geodesic_area_m2)


def _area_m2(geometry: BaseGeometry) -> float:
    return sum(geodesic_area_m2(part) for part in polygons_of(geometry))


def _without_cracks(shape: BaseGeometry) -> BaseGeometry:
    """The shape without the hair-thin holes that two nearly equal borders leave."""
    parts = []
    for part in polygons_of(shape):
        holes = [ring for ring in part.interiors if geodesic_area_m2(Polygon(ring)) > CRUMB_M2]
        parts.append(Polygon(part.exterior, holes))
    return shapely.union_all(parts)


def _refuse_new_overlap(shapes: Shapes, changed: Mapping[str, Shape]) -> None:
    """A moved border may not run over ground of others that it did not cover before."""
    for key, shape in changed.items():
        for other, before in shapes.items():
            if other == key or not shapely.intersects(shape, before):
                continue
            common = shapely.intersection(shape, changed.get(other, before))
            if _area_m2(common) > CRUMB_M2 and _area_m2(shapely.intersection(shapes[key], before)) <= CRUMB_M2:
                raise EditNotPossible("runs_over", f"the border of {key} would run over {other}", key=other)


def joined(shapes: Shapes, changed: Mapping[str, Shape]) -> dict[str, Shape]:
    """The changed shapes and their neighbours with all vertices of common edges on both sides."""
    now = {**shapes, **changed}
    touched = shapely.union_all([shape.envelope.buffer(2 * NEAR_DEG) for shape in changed.values()])
    near = {key: shape for key, shape in now.items() if shapely.intersects(touched, shape)}
    result: dict[str, Shape] = dict(changed)
    for key, shape in near.items():
        others = [other for name, other in near.items() if name != key and shapely.dwithin(shape, other, NEAR_DEG)]
        if key not in changed:
            others = [now[name] for name in changed if name != key and shapely.dwithin(shape, now[name], NEAR_DEG)]
        noded = _with_vertices(shape, others)
        if noded is not shape:
            result[key] = noded
    return result


def _with_vertices(shape: Shape, others: Iterable[Shape]) -> Shape:
    """The shape with a vertex wherever another one has a vertex on its border; itself when there is none to add."""
    own = {tuple(xy) for xy in shapely.get_coordinates(shape).tolist()}
    theirs = {tuple(xy) for other in others for xy in shapely.get_coordinates(other).tolist()} - own
    if not theirs:
        return shape
    points = np.asarray(shapely.points(np.array(sorted(theirs))))
    on_border = points[shapely.dwithin(points, shape.boundary, NEAR_DEG)]
    if not len(on_border):
        return shape
    snapped: BaseGeometry = shapely.snap(shape, MultiPoint(list(on_border)), NEAR_DEG)
    noded = rounded(snapped)
    if isinstance(noded, Polygon | MultiPolygon) and noded.is_valid and not noded.is_empty:
        return noded
    return shape
