"""What a fault and a repair are, and the measures that finding and repairing share."""

import hashlib
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy.typing as npt
import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from gis.coordinates import GEOD, Position
from gis.formats import geometry_json
from gis.locate import GridId, GridShape

TOLERANCE_M2: Final = 1.0
SLIVER_WIDTH_M: Final = 1.0
# Neighbours of a gap are looked for within about 1 cm of it.
TOUCH_DEG: Final = 1e-7
# A neighbour that touches in a corner only seems to share a few centimetres.
SHARED_EDGE_M: Final = 0.2


class FaultKind(StrEnum):
    """What is wrong. A sliver is an overlap or a gap so thin that the two sides were surely meant to be one line."""

    OVERLAP = "overlap"
    GAP = "gap"
    SLIVER_OVERLAP = "sliver_overlap"
    SLIVER_GAP = "sliver_gap"
    MULTIPART = "multipart"
    OUTSIDE_PARENT = "outside_parent"
    SPIKE = "spike"
    HOLE_TOUCHING = "hole_touching"
    POINT_IN_NONE = "point_in_none"
    POINT_IN_TWO = "point_in_two"
    BORDER_CUTS_BUILDING = "border_cuts_building"


# What forbids publishing; the other kinds are advice.
BLOCKING: Final = frozenset(
    {
        FaultKind.OVERLAP,
        FaultKind.GAP,
        FaultKind.SLIVER_OVERLAP,
        FaultKind.SLIVER_GAP,
        FaultKind.MULTIPART,
        FaultKind.OUTSIDE_PARENT,
    }
)


class RepairKind(StrEnum):
    """What a repair does, in the order in which repairs are applied."""

    CLIP_TO_PARENT = "clip_to_parent"
    TAKE_OVERLAP = "take_overlap"
    GIVE_GAP = "give_gap"
    GIVE_PART = "give_part"
    CUT_SPIKE = "cut_spike"
    MOVE_BORDER = "move_border"


@dataclass(frozen=True, slots=True)
class Repair:
    """A proposal: in `region` the `losers` give up, and what then belongs to nobody goes to `winner` (None: to nobody).

    Without losers the winner takes what nobody holds.
    """

    kind: RepairKind
    region: Polygon
    winner: GridId | None
    winner_code: str
    losers: tuple[GridId, ...]
    loser_codes: tuple[str, ...]
    area_m2: float

    @property
    def key(self) -> str:
        """Name that the same input gives again."""
        return _digest((self.kind, self.winner_code, *self.loser_codes), self.region)

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "kind": self.kind.value,
            "winner": None if self.winner is None else str(self.winner),
            "winner_code": self.winner_code,
            "losers": [str(loser) for loser in self.losers],
            "loser_codes": list(self.loser_codes),
            "area_m2": self.area_m2,
            "region": geometry_json(self.region),
        }


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `ids`, `codes`: the shapes that take part (of a gap: its neighbours), by code.

    `area_m2` on the ellipsoid; `length_m`: reach of a spike, metres of border inside a building; `spot`: (lon, lat) to
    fly to; `outline`: the fault itself, WGS84; `feature_ids`: points or building; `repair` None: a person must draw.
    """

    kind: FaultKind
    ids: tuple[GridId, ...]
    codes: tuple[str, ...]
    area_m2: float
    spot: Position
    outline: Polygon
    length_m: float = 0.0
    feature_ids: tuple[Hashable, ...] = ()
    repair: Repair | None = None

    @property
    def key(self) -> str:
        """Name that the same input gives again."""
        return _digest((self.kind, *self.codes, *map(str, self.feature_ids)), self.outline)

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "kind": self.kind.value,
            "is_blocking": self.kind in BLOCKING,
            "ids": [str(shape) for shape in self.ids],
            "codes": list(self.codes),
            "area_m2": self.area_m2,
            "length_m": self.length_m,
            "spot": list(self.spot),
            "outline": geometry_json(self.outline),
            "feature_ids": [str(feature) for feature in self.feature_ids],
            "repair": None if self.repair is None else self.repair.as_json(),
        }


@dataclass(frozen=True, slots=True)
class Points:
    """Households or places that must each lie in one grid, WGS84."""

    ids: Sequence[Hashable]
    lons: npt.ArrayLike
    lats: npt.ArrayLike


@dataclass(frozen=True, slots=True)
class Buildings:
    """Valid outlines that no border should cut, WGS84."""

    ids: Sequence[Hashable]
    outlines: Sequence[Polygon | MultiPolygon]


@dataclass(frozen=True, slots=True)
class Limits:
    tolerance_m2: float
    sliver_width_m: float


def large_parts(geometry: BaseGeometry, limits: Limits) -> Iterator[tuple[Polygon, float, bool]]:
    """Polygon parts above the tolerance with their area and whether they are thinner than a sliver."""
    for part in polygons_of(geometry):
        area_m2, perimeter_m = measure(part)
        if area_m2 > limits.tolerance_m2:
            yield part, area_m2, 2 * area_m2 / perimeter_m < limits.sliver_width_m


def polygons_of(geometry: BaseGeometry) -> list[Polygon]:
    """Polygons of any geometry; the lines and points that an overlay leaves behind are dropped."""
    flat: list[Polygon] = []
    for part in shapely.get_parts(geometry):
        if isinstance(part, Polygon):
            flat += [] if part.is_empty else [part]
        elif hasattr(part, "geoms"):
            flat += polygons_of(part)
    return flat


def measure(polygon: Polygon | MultiPolygon) -> tuple[float, float]:
    """Area in m2 and perimeter in m on the ellipsoid."""
    area_m2, perimeter_m = GEOD.geometry_area_perimeter(shapely.orient_polygons(polygon))
    return abs(float(area_m2)), float(perimeter_m)


def shared_edge_m(region: Polygon, polygon: Polygon | MultiPolygon) -> float:
    """Metres of the region's border that run along the polygon; up to 2 cm between them count as rounding."""
    west, south, east, north = region.bounds
    margin = 10 * TOUCH_DEG
    near = shapely.clip_by_rect(polygon, west - margin, south - margin, east + margin, north + margin)
    along = shapely.intersection(region.boundary, shapely.buffer(near, 2 * TOUCH_DEG))
    return float(GEOD.geometry_length(along))


def best_neighbour(region: Polygon, candidates: Iterable[GridShape]) -> GridShape | None:
    """The candidate with the longest edge shared with the region, then the lowest code; None when none has one."""
    measured = [(round(shared_edge_m(region, shape.polygon), 2), shape) for shape in candidates]
    measured = [(shared_m, shape) for shared_m, shape in measured if shared_m > SHARED_EDGE_M]
    return min(measured, key=lambda pair: (-pair[0], pair[1].code))[1] if measured else None


def make_fault(
    kind: FaultKind,
    members: Sequence[GridShape],
    outline: Polygon,
    area_m2: float,
    *,
    spot: Position | None = None,
    length_m: float = 0.0,
    feature_ids: tuple[Hashable, ...] = (),
) -> Fault:
    if spot is None:
        inside = shapely.point_on_surface(outline)
        spot = (inside.x, inside.y)
    return Fault(
        kind=kind,
        ids=tuple(shape.id for shape in members),
        codes=tuple(shape.code for shape in members),
        area_m2=round(area_m2, 2),
        spot=(round(spot[0], 7), round(spot[1], 7)),
        outline=outline,
        length_m=round(length_m, 2),
        feature_ids=feature_ids,
    )


def _digest(words: Iterable[str], outline: Polygon) -> str:
    text = "\n".join(words) + "\n" + shapely.to_wkt(outline.normalize(), rounding_precision=7)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
