"""Point -> grid, without silent guesses.

The rule, the same in this engine, in SQL and on the phone:

1. The point is rounded to 1e-7 degree (`snap_degrees`), half to even.
2. Grids that cover it (border included) are its grids. Several: the lowest code owns, all are named (`on_border`).
3. With an accuracy, a circle of that radius is drawn in the metric zone of the point. When it reaches a grid that does
   not cover the point, or several cover it, the answer is `uncertain`: shares of the circle are given, the largest
   share owns, then the lowest code.
4. In no grid: the nearest grid within `snap_m` owns (`snapped`; lowest code on ties; 0 switches this off); else inside
   a parent (community) it is a `gap`; else `outside`.

Codes are compared byte by byte (SQL: COLLATE "C"). `decide` holds steps 2-4; it is fed by the engine with its own rows
and may be fed with the rows of `gis.locate.sql.REACHED_SQL`. What "covers" means to the last bit: `gis.locate.edges`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import cos, isfinite, radians
from typing import Final, TypeAlias
from uuid import UUID

import numpy as np
from shapely import MultiPolygon, Polygon

from gis.coordinates import CoordinateError, MetricZone, check_position

GridId: TypeAlias = UUID | int | str

SNAP_PER_DEGREE: Final = 1e7
# A worse fix says nothing about grids; its circle is drawn with this radius.
CIRCLE_MAX_M: Final = 1_000.0
SHARE_DECIMALS: Final = 6
# Two PROJ builds differ by 0.03 mm; a straight side in degrees is bent by less in the metric zone.
METRE_DECIMALS: Final = 3
# Metres of one degree of latitude at the equator, the smallest there is; 1 % is added for the curve of the parallels.
DEGREE_M: Final = 110_574.0


class Kind(StrEnum):
    """How a point was located."""

    INSIDE = "inside"
    ON_BORDER = "on_border"
    UNCERTAIN = "uncertain"
    SNAPPED = "snapped"
    GAP = "gap"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class GridShape:
    """One grid (or parent area) in force: valid WGS84 polygon, code unique within the index."""

    id: GridId
    code: str
    polygon: Polygon | MultiPolygon


@dataclass(frozen=True, slots=True)
class Reach:
    """A grid near the point, as the engine or `REACHED_SQL` found it.

    `distance_m` from the point to the grid (0 when covered), `border_m` from the point to the grid's border,
    `share` of the accuracy circle inside the grid (None without accuracy).
    """

    id: GridId
    code: str
    covers: bool
    distance_m: float
    border_m: float
    share: float | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A grid that may be meant; `share` of the accuracy circle 0..1, None without one; `distance_m` 0 when covered."""

    id: GridId
    code: str
    share: float | None
    distance_m: float


@dataclass(frozen=True, slots=True)
class Located:
    """Answer of `locate`.

    `id`, `code` and `border_m` (metres from the point to the border of the owning grid) are None for gap and outside.
    `candidates`: all grids that may be meant, the owner first, then by share (or distance) and code; empty for gap and
    outside. `parent_id`, `parent_code`: the parent area that covers the point, lowest code on ties, None without one.
    """

    kind: Kind
    id: GridId | None
    code: str | None
    candidates: tuple[Candidate, ...]
    border_m: float | None
    parent_id: GridId | None
    parent_code: str | None


def snap_degrees(value: float) -> float:
    """The coordinate rounded to 1e-7 degree (about 1 cm), half to even: step one of every way to locate.

    The result is the double nearest to a 7-decimal number, so it meets stored vertices of 7 decimals exactly.
    SQL: SNAPPED_POINT_SQL.

    >>> snap_degrees(121.17000004999)
    121.17
    """
    return float(np.rint(value * SNAP_PER_DEGREE) / SNAP_PER_DEGREE)


def circle_radius_m(accuracy_m: float | None) -> float:
    """Radius of the accuracy circle; 0 for an unknown accuracy (None or 0, as some phones say), at most CIRCLE_MAX_M.

    Raises CoordinateError (not_finite, out_of_range) for `accuracy_m` that is not finite or negative.
    """
    if accuracy_m is None:
        return 0.0
    if not isfinite(accuracy_m):
        raise CoordinateError("not_finite", "accuracy_m", "accuracy_m is not a finite number")
    if accuracy_m < 0:
        raise CoordinateError("out_of_range", "accuracy_m", "accuracy_m is below 0")
    return min(float(accuracy_m), CIRCLE_MAX_M)


def reach_parameters(lon: float, lat: float, *, accuracy_m: float | None, snap_m: float) -> dict[str, float | str]:
    """Parameters of `REACHED_SQL`; the same numbers steer the engine. Raises CoordinateError like `locate`."""
    x, y = check_position(lon, lat)
    if not (isfinite(snap_m) and snap_m >= 0):
        raise ValueError(f"snap_m of {snap_m} m")
    circle_m = circle_radius_m(accuracy_m)
    reach_m = max(circle_m, snap_m)
    reach_lat_deg = 1.01 * reach_m / DEGREE_M
    # Towards a pole the parallels shrink to nothing: there the box spans everything.
    reach_lon_deg = min(360.0, reach_lat_deg / max(cos(radians(min(90.0, abs(y) + reach_lat_deg))), 1e-6))
    return {
        "lon": x,
        "lat": y,
        "zone": MetricZone.at(x, y).proj,
        "circle_m": circle_m,
        "reach_m": reach_m,
        "reach_lon_deg": reach_lon_deg,
        "reach_lat_deg": reach_lat_deg,
    }


def decide(
    reached: Iterable[Reach], *, circle_m: float, snap_m: float, parent: tuple[GridId, str] | None = None
) -> Located:
    """Steps 2-4 of the rule over the grids near a point; needs no geometry.

    `reached`: every grid that covers the point or lies within max(circle_m, snap_m); `circle_m` as `circle_radius_m`
    gives it; `parent`: (id, code) of the parent area that covers the point.
    """
    rows = sorted(reached, key=lambda row: row.code)
    covering = [row for row in rows if row.covers]
    touched = [row for row in rows if row.covers or row.distance_m < circle_m]
    if circle_m > 0 and (len(touched) > len(covering) or len(covering) > 1):
        touched.sort(key=lambda row: (-(row.share or 0.0), row.code))
        return _answer(Kind.UNCERTAIN, touched, parent)
    if covering:
        return _answer(Kind.INSIDE if len(covering) == 1 else Kind.ON_BORDER, covering, parent)
    close = [row for row in rows if 0 < snap_m >= row.distance_m]
    close.sort(key=lambda row: (round(row.distance_m, METRE_DECIMALS), row.code))
    if close:
        return _answer(Kind.SNAPPED, close, parent)
    return _answer(Kind.OUTSIDE if parent is None else Kind.GAP, [], parent)


def _answer(kind: Kind, rows: Sequence[Reach], parent: tuple[GridId, str] | None) -> Located:
    owner = rows[0] if rows else None
    return Located(
        kind=kind,
        id=owner.id if owner else None,
        code=owner.code if owner else None,
        candidates=tuple(Candidate(row.id, row.code, row.share, round(row.distance_m, METRE_DECIMALS)) for row in rows),
        border_m=round(owner.border_m, METRE_DECIMALS) if owner else None,
        parent_id=parent[0] if parent else None,
        parent_code=parent[1] if parent else None,
    )
