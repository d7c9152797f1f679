"""Which streets and which ground lie within sight of many tracks together: the coverage of an area over days.

Tracks are put down on a lattice of STEP_M, so a hundred patrols of one street cost what one does. A street counts piece
by piece (PIECE_M or shorter), ground spot by spot (SPOT_M apart): against `coverage_share` of the same track the figure
differs by what lies at the edge of sight.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import cKDTree
from shapely import LineString, MultiPolygon, Polygon

from gis.coordinates import FloatArray, MetricZone
from gis.tracks.cleaning import BoolArray, CleanTrack
from gis.tracks.reached import walked_way

STEP_M: Final = 4.0
PIECE_M: Final = 10.0
SPOT_M: Final = 10.0
# A street on the border belongs to both sides.
BORDER_M: Final = 10.0
_WIDE: Final = 2**31


class Trodden:
    """Where tracks went, on a lattice of the metric plane of `zone`."""

    def __init__(self, zone: MetricZone) -> None:
        self.zone = zone
        self._cells: set[int] = set()
        self._tree: cKDTree | None = None

    def add(self, track: CleanTrack) -> None:
        """Puts one cleaned track down; a gap stays a gap."""
        for segment in track.segments:
            way = walked_way(segment, self.zone)
            places = shapely.get_coordinates(shapely.segmentize(way, STEP_M))
            places = places[np.isfinite(places).all(axis=1)]
            cells = np.rint(places / STEP_M).astype(np.int64)
            self._cells.update(np.unique(cells[:, 0] * _WIDE + cells[:, 1] + _WIDE // 2).tolist())
        self._tree = None

    def sees(self, places: FloatArray, *, sight_m: float) -> BoolArray:
        """Whether each place (n × 2, metres of the plane) lies within sight of any track."""
        if not self._cells or not len(places):
            return np.zeros(len(places), dtype=np.bool_)
        if self._tree is None:
            keys = np.fromiter(self._cells, dtype=np.int64, count=len(self._cells))
            xs, ys = np.divmod(keys, _WIDE)
            self._tree = cKDTree(np.column_stack((xs, ys - _WIDE // 2)) * STEP_M)
        away_m, _ = self._tree.query(places, distance_upper_bound=sight_m)
        return np.asarray(np.isfinite(away_m), dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class PartShare:
    """One part of the ground: metres of street in it or along its border, metres seen, share of its ground seen."""

    street_m: float
    seen_m: float
    ground_share: float

    @property
    def street_share(self) -> float | None:
        """None where no street is."""
        return self.seen_m / self.street_m if self.street_m else None


@dataclass(frozen=True, eq=False, slots=True)
class GroundSeen:
    """Streets of an area as seen and unseen stretches (WGS84), and the shares of its parts in their order.

    `street_m` and `seen_m` count each street once, also where it runs between two parts.
    """

    seen: list[LineString]
    unseen: list[LineString]
    street_m: float
    seen_m: float
    parts: list[PartShare]


def ground_seen(
    streets: Sequence[LineString], parts: Sequence[Polygon | MultiPolygon], trodden: Trodden, *, sight_m: float = 25.0
) -> GroundSeen:
    """Holds WGS84 streets and the parts of an area (grids) against tracks.

    A piece of street belongs to every part within BORDER_M of its middle; streets in no part are left out.
    Raises ValueError for a sight of 0 or less or no parts.
    """
    if sight_m <= 0 or not parts:
        raise ValueError(f"sight of {sight_m} m, {len(parts)} parts")
    zone = trodden.zone
    plane = [zone.project(part) for part in parts]
    pieces = _pieces([zone.project(street) for street in streets])
    piece, part = shapely.STRtree(plane).query(shapely.points(pieces.middles), "dwithin", distance=BORDER_M)
    inside = np.zeros(len(pieces.middles), dtype=np.bool_)
    inside[piece] = True
    is_seen = trodden.sees(pieces.middles, sight_m=sight_m)
    street_m = np.bincount(part, weights=pieces.length_m[piece], minlength=len(parts))
    seen_m = np.bincount(part, weights=(pieces.length_m * is_seen)[piece], minlength=len(parts))
    shares = [
        PartShare(float(street_m[number]), float(seen_m[number]), _ground_share(shape, trodden, sight_m))
        for number, shape in enumerate(plane)
    ]
    return GroundSeen(
        seen=_stretches(pieces, inside & is_seen, zone),
        unseen=_stretches(pieces, inside & ~is_seen, zone),
        street_m=float(pieces.length_m[inside].sum()),
        seen_m=float(pieces.length_m[inside & is_seen].sum()),
        parts=shares,
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Pieces:
    """Streets cut into pieces: both ends, the middle, metres, and the number of the street, in order along it."""

    starts: FloatArray
    ends: FloatArray
    street: npt.NDArray[np.int64]

    @property
    def middles(self) -> FloatArray:
        return (self.starts + self.ends) / 2

    @property
    def length_m(self) -> FloatArray:
        return np.asarray(np.hypot(*(self.ends - self.starts).T), dtype=np.float64)


def _pieces(streets: Sequence[LineString]) -> _Pieces:
    if not streets:
        return _Pieces(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0, dtype=np.int64))
    cut = shapely.segmentize(np.array(streets, dtype=object), PIECE_M)
    places, street = shapely.get_coordinates(cut, return_index=True)
    follows = street[1:] == street[:-1]
    return _Pieces(places[:-1][follows], places[1:][follows], street[1:][follows].astype(np.int64))


def _stretches(pieces: _Pieces, wanted: BoolArray, zone: MetricZone) -> list[LineString]:
    """The wanted pieces, those that follow one another put together again."""
    rows = np.flatnonzero(wanted)
    if not rows.size:
        return []
    breaks = np.flatnonzero((np.diff(rows) > 1) | (np.diff(pieces.street[rows]) != 0)) + 1
    found = []
    for run in np.split(rows, breaks):
        line = LineString(np.concatenate((pieces.starts[run], pieces.ends[run[-1:]])))
        found.append(LineString(shapely.get_coordinates(zone.unproject(line.simplify(0.5)))))
    return found


def _ground_share(shape: Polygon | MultiPolygon, trodden: Trodden, sight_m: float) -> float:
    west, south, east, north = shape.bounds
    xs = np.arange(west + SPOT_M / 2, east, SPOT_M)
    ys = np.arange(south + SPOT_M / 2, north, SPOT_M)
    spots = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    shapely.prepare(shape)
    spots = spots[shapely.contains_xy(shape, spots[:, 0], spots[:, 1])]
    return float(trodden.sees(spots, sight_m=sight_m).mean()) if len(spots) else 0.0
