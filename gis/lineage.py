"""How the areas of a new division came from those of the old: kept, moved, split, merged, new; with shared ground."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Generic, TypeVar

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon, STRtree
from shapely.geometry.base import BaseGeometry

from gis.coordinates import geodesic_area_m2

Key = TypeVar("Key", bound=Hashable)

# What two roundings of one border differ by; less in common is no kinship.
CRUMB_M2: Final = 1.0
# An area that gives this share of itself to another has gone over into it.
WHOLE_SHARE: Final = 0.9


class Kinship(StrEnum):
    """`kept`: the same area and outline. `moved`: a border moved, or ground changed hands."""

    NEW = "new"
    KEPT = "kept"
    SPLIT = "split"
    MERGED = "merged"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Descent(Generic[Key]):
    """One line: ground of `old` that `new` has now. `old` is None for an area on ground that was in no area before."""

    old: Key | None
    new: Key
    kind: Kinship
    shared_m2: float


def descent_of(
    old: Mapping[Key, Polygon | MultiPolygon], new: Mapping[Key, Polygon | MultiPolygon]
) -> list[Descent[Key]]:
    """Every pair of an old and a new area that share ground, by new and then old in the order given.

    An area keeps its key when it goes on. Shapes are WGS84, square metres on the ellipsoid.

    >>> west, east = shapely.box(0, 0, 0.002, 0.002), shapely.box(0.002, 0, 0.004, 0.002)
    >>> whole = shapely.box(0, 0, 0.004, 0.002)
    >>> [(line.old, line.new, line.kind.value) for line in descent_of({"a": whole}, {"a": west, "b": east})]
    [('a', 'a', 'split'), ('a', 'b', 'split')]
    >>> [(line.old, line.new, line.kind.value) for line in descent_of({"a": west, "b": east}, {"a": whole})]
    [('a', 'a', 'merged'), ('b', 'a', 'merged')]
    """
    shares = _shares(old, new)
    sizes_old = {key: geodesic_area_m2(shape) for key, shape in old.items()}
    sizes_new = {key: geodesic_area_m2(shape) for key, shape in new.items()}
    closed = {key for key in old if key not in new}
    fresh = {key for key in new if key not in old}
    merged = {
        (one, other)
        for (one, other), shared in shares.items()
        if one in closed and shared >= WHOLE_SHARE * sizes_old[one] and other not in fresh
    } | _joined_afresh(shares, sizes_old, closed, fresh)
    split = {
        (one, other)
        for (one, other), shared in shares.items()
        if other in fresh
        and shared >= WHOLE_SHARE * sizes_new[other]
        and (one, other) not in merged
        and (one not in closed or shared < WHOLE_SHARE * sizes_old[one])
    }
    lines: list[Descent[Key]] = []
    for other in new:
        before = [one for one in old if (one, other) in shares]
        if not before:
            lines.append(Descent(None, other, Kinship.NEW, 0.0))
        for one in before:
            kind = Kinship.MOVED
            if (one, other) in merged or (one == other and any(pair[1] == other for pair in merged)):
                kind = Kinship.MERGED
            elif (one, other) in split or (one == other and any(pair[0] == one for pair in split)):
                kind = Kinship.SPLIT
            elif one == other and _same(old[one], new[other]):
                kind = Kinship.KEPT
            lines.append(Descent(one, other, kind, round(shares[one, other], 2)))
    return lines


@dataclass(frozen=True, slots=True)
class Heir(Generic[Key]):
    """The one area that an ended one has gone over into. `is_alike`: and that has hardly any other ground."""

    key: Key
    is_alike: bool


def heirs_of(
    shares: Iterable[tuple[Key, Key, float]], *, ended_m2: Mapping[Key, float], new_m2: Mapping[Key, float]
) -> dict[Key, Heir[Key]]:
    """Of the ended areas those with exactly one heir, from (old, new, shared m²); `WHOLE_SHARE` counts as whole.

    >>> heirs_of([("a", "c", 95.0), ("b", "c", 100.0)], ended_m2={"a": 100, "b": 100}, new_m2={"c": 200})
    {'a': Heir(key='c', is_alike=False), 'b': Heir(key='c', is_alike=False)}
    >>> heirs_of([("a", "b", 100.0), ("c", "d", 50.0), ("c", "e", 50.0)], ended_m2={"a": 100, "c": 100},
    ...     new_m2={"b": 101, "d": 50, "e": 50})
    {'a': Heir(key='b', is_alike=True)}
    """
    return {
        old: Heir(new, is_alike=shared >= WHOLE_SHARE * new_m2[new])
        for old, new, shared in shares
        if old in ended_m2 and shared >= WHOLE_SHARE * ended_m2[old]
    }


def _joined_afresh(
    shares: Mapping[tuple[Key, Key], float], sizes_old: Mapping[Key, float], closed: set[Key], fresh: set[Key]
) -> set[tuple[Key, Key]]:
    """Closed areas that went whole into a new one together with others."""
    whole: dict[Key, list[Key]] = {}
    for (one, other), shared in shares.items():
        if one in closed and other in fresh and shared >= WHOLE_SHARE * sizes_old[one]:
            whole.setdefault(other, []).append(one)
    return {(one, other) for other, several in whole.items() if len(several) > 1 for one in several}


def _shares(
    old: Mapping[Key, Polygon | MultiPolygon], new: Mapping[Key, Polygon | MultiPolygon]
) -> dict[tuple[Key, Key], float]:
    if not old or not new:
        return {}
    old_keys, new_keys = list(old), list(new)
    tree = STRtree(np.array([old[key] for key in old_keys], dtype=object))
    shapes = np.array([new[key] for key in new_keys], dtype=object)
    rows, columns = tree.query(shapes, predicate="intersects")
    found = {}
    for row, column in sorted(zip(rows.tolist(), columns.tolist(), strict=True)):
        one, other = old_keys[column], new_keys[row]
        same = one == other and old[one].equals_exact(new[other], tolerance=0)
        shared = geodesic_area_m2(new[other]) if same else _common_m2(old[one], new[other])
        if shared > CRUMB_M2:
            found[one, other] = shared
    return found


def _common_m2(one: Polygon | MultiPolygon, other: Polygon | MultiPolygon) -> float:
    return _area_m2(shapely.intersection(one, other))


def _same(one: Polygon | MultiPolygon, other: Polygon | MultiPolygon) -> bool:
    return _area_m2(shapely.symmetric_difference(one, other)) <= CRUMB_M2


def _area_m2(geometry: BaseGeometry) -> float:
    if isinstance(geometry, Polygon):
        return 0.0 if geometry.is_empty else geodesic_area_m2(geometry)
    return sum(_area_m2(part) for part in getattr(geometry, "geoms", ()))
