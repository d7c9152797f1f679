"""What a kept track reached: places that were visited, streets that were seen."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from shapely import LineString, MultiLineString, Point
from shapely.geometry.base import BaseGeometry

from gis.coordinates import FloatArray, MetricZone, check_positions
from gis.tracks.cleaning import BoolArray, CleanTrack, IndexArray, Segment

# A check-in counts within radius + accuracy, but never beyond this (unless the radius itself is larger).
VISIT_CAP_M: Final = 100.0
# A phone's drift wanders within minutes, its jitter within seconds: the mean over this time takes the jitter off.
MEAN_S: Final = 60.0
# Doors of one house: no phone tells them apart.
TOGETHER_M: Final = 5.0
# Doors this near take moments from one another when the phone drifts: a long stay at one leaves minutes at the other.
CROWDED_M: Final = 25.0
# What a stay must last of the planned dwell to count for a door that has others beside it.
LEAST_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Target:
    """A place to be visited, WGS84: for how many seconds it is planned, and whether somebody said they were there."""

    id: Hashable
    lon: float
    lat: float
    planned_s: float = 0.0
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class Visit:
    """A target that was reached: first and last moment within reach (UTC), seconds there in all, nearest metres."""

    id: Hashable
    first_at: datetime
    last_at: datetime
    dwell_s: float
    nearest_m: float


def stood_at(
    track: CleanTrack, targets: Sequence[Target], *, radius_m: float = 30.0, dwell_s: float = 60.0
) -> list[Visit]:
    """Targets at which the track stood for at least `dwell_s` in all, in the order of `targets`.

    Only fixes of a stand count (see `Segment.is_still`), whoever walks by is not there; their place is the mean over
    MEAN_S, which takes the jitter off. Each moment belongs to the nearest house alone (targets within TOGETHER_M of one
    another), when that lies within radius + accuracy, capped at VISIT_CAP_M (or the radius, if larger): so give all
    targets of the day in their planned order, also those reached before.

    Somebody's word and `dwell_s` at the house are enough. Without a word, a target with others within CROWDED_M needs
    LEAST_SHARE of its planned time as well, and targets of one house share the time there: first those that were told,
    then the others in their order while it lasts. Raises ValueError for a radius of 0 or less or a negative dwell.
    """
    if not (radius_m > 0 and dwell_s >= 0):
        raise ValueError(f"radius of {radius_m} m, dwell of {dwell_s} s")
    if not targets:
        return []
    houses, crowded = _houses(targets)
    stays = _stays(track, targets, houses, radius_m=radius_m)
    visits = []
    for house, stay in stays.items():
        members = [number for number, one in enumerate(houses) if one == house]
        if stay.dwell_s >= dwell_s:
            visits += _shared(stay, members, targets, dwell_s=dwell_s, is_crowded=bool(crowded[members[0]]))
    return [visit for _, visit in sorted(visits, key=lambda one: one[0])]


def houses_of(targets: Sequence[Target]) -> list[int]:
    """A number for each target; those within TOGETHER_M of one another, also by way of others, share it."""
    return _houses(targets)[0].tolist() if targets else []


def with_neighbours(targets: Sequence[Target]) -> list[Target]:
    """Those that have others within CROWDED_M, for which the length of a stay counts."""
    if not targets:
        return []
    crowded = _houses(targets)[1]
    return [target for target, has_others in zip(targets, crowded, strict=True) if has_others]


@dataclass(slots=True)
class _Stay:
    """Moments at one house: first, last (seconds since 1970), seconds in all, nearest metres."""

    first_s: float = np.inf
    last_s: float = -np.inf
    dwell_s: float = 0.0
    nearest_m: float = np.inf


def _houses(targets: Sequence[Target]) -> tuple[IndexArray, BoolArray]:
    """The house of each target, and whether other targets lie within CROWDED_M of it."""
    lons, lats = check_positions([target.lon for target in targets], [target.lat for target in targets])
    zone = MetricZone.at(float(lons[0]), float(lats[0]))
    places = np.column_stack(zone.project_points(lons, lats))
    tree = cKDTree(np.where(np.isfinite(places), places, 1e12))
    pairs = tree.query_pairs(TOGETHER_M, output_type="ndarray")
    links = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(targets), len(targets)))
    houses: IndexArray = connected_components(links, directed=False)[1].astype(np.int64)
    crowded = np.zeros(len(targets), dtype=np.bool_)
    near = tree.query_pairs(CROWDED_M, output_type="ndarray")
    crowded[near[:, 0]] = crowded[near[:, 1]] = True
    return houses, crowded


def _stays(track: CleanTrack, targets: Sequence[Target], houses: IndexArray, *, radius_m: float) -> dict[int, _Stay]:
    """The time at each house that the track stood at, each moment for the house of the nearest target."""
    lons, lats = check_positions([target.lon for target in targets], [target.lat for target in targets])
    cap_m = max(radius_m, VISIT_CAP_M)
    stays: dict[int, _Stay] = {}
    for segment in track.segments:
        if not segment.is_still.any():
            continue
        zone = MetricZone.at(float(segment.lons[0]), float(segment.lats[0]))
        places = np.column_stack(zone.project_points(lons, lats))
        near = np.flatnonzero(np.isfinite(places).all(axis=1))
        if not near.size:
            continue
        at_s, spots, noise_m, span_s = _standing(segment, zone)
        away_m, row = cKDTree(places[near]).query(spots)
        within = away_m <= np.minimum(radius_m + noise_m, cap_m)
        house = houses[near[row]]
        for one in np.unique(house[within]).tolist():
            here = within & (house == one)
            stay = stays.setdefault(one, _Stay())
            stay.first_s, stay.last_s = min(stay.first_s, at_s[here].min()), max(stay.last_s, at_s[here].max())
            stay.nearest_m = min(stay.nearest_m, away_m[here].min())
            stay.dwell_s += float(span_s[here].sum())
    return stays


def _shared(
    stay: _Stay, members: Sequence[int], targets: Sequence[Target], *, dwell_s: float, is_crowded: bool
) -> list[tuple[int, Visit]]:
    """Which targets of a house its stay accounts for, each with its number."""
    left_s = stay.dwell_s - sum(targets[number].planned_s for number in members if targets[number].is_told)
    shown = []
    for number in members:
        target = targets[number]
        if not target.is_told:
            if is_crowded and target.planned_s > 0 and left_s < max(dwell_s, LEAST_SHARE * target.planned_s):
                continue
            left_s -= target.planned_s
        visit = Visit(
            target.id, _moment(stay.first_s), _moment(stay.last_s), round(stay.dwell_s, 1), round(stay.nearest_m, 1)
        )
        shown.append((number, visit))
    return shown


def _standing(segment: Segment, zone: MetricZone) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """The fixes of a segment's stands: moment, mean x/y around it within its stand, accuracy, seconds it stands for."""
    xy = np.column_stack(zone.project_points(segment.lons, segment.lats))
    run_xy = np.concatenate([np.zeros((1, 2)), np.cumsum(xy, axis=0)])
    edges = np.flatnonzero(np.diff(np.concatenate(([0], segment.is_still.astype(np.int8), [0]))))
    moments, spots, noise_m, spans = [], [], [], []
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        at_s = segment.at_s[start:end]
        low = start + np.searchsorted(at_s, at_s - MEAN_S / 2)
        high = start + np.searchsorted(at_s, at_s + MEAN_S / 2, side="right")
        half = np.diff(at_s) / 2
        moments.append(at_s)
        spots.append((run_xy[high] - run_xy[low]) / (high - low)[:, None])
        noise_m.append(np.nan_to_num(segment.accuracy_m[start:end]))
        spans.append(np.append(half, 0.0) + np.append(0.0, half))
    return np.concatenate(moments), np.concatenate(spots), np.concatenate(noise_m), np.concatenate(spans)


def coverage_share(
    network: Sequence[LineString | MultiLineString], track: CleanTrack, *, sight_m: float = 25.0
) -> float:
    """Share 0..1 of the length of WGS84 lines (a grid's streets, or one planned path) within sight of the kept track.

    Raises ValueError for a network without length or a sight of 0 or less.
    """
    if sight_m <= 0:
        raise ValueError(f"sight of {sight_m} m")
    whole = shapely.GeometryCollection(list(network))
    if whole.is_empty:
        raise ValueError("a network without lines")
    zone = MetricZone.of(whole)
    lines = np.array([zone.project(line) for line in network], dtype=object)
    length_m = float(shapely.length(lines).sum())
    if length_m == 0:
        raise ValueError("a network without length")
    walked = [walked_way(part, zone) for part in track.segments]
    if not walked:
        return 0.0
    seen = shapely.union_all(shapely.buffer(np.array(walked, dtype=object), sight_m))
    return min(1.0, float(shapely.length(shapely.intersection(lines, seen)).sum()) / length_m)


def walked_way(segment: Segment, zone: MetricZone) -> BaseGeometry:
    """The way of a segment with each stand as one place: buffering its scribble costs seconds and gigabytes."""
    xy = np.column_stack(zone.project_points(segment.lons, segment.lats))
    begins = np.append(True, ~(segment.is_still[1:] & segment.is_still[:-1]))
    place = np.cumsum(begins) - 1
    count = np.bincount(place)
    spots = np.column_stack([np.bincount(place, weights=column) / count for column in xy.T])
    return LineString(spots) if len(spots) > 1 else Point(spots[0])


def _moment(at_s: float) -> datetime:
    return datetime.fromtimestamp(float(at_s), UTC)
