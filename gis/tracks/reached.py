"""What a kept track reached: places that were visited, streets that were seen."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
import shapely
from scipy.spatial import cKDTree
from shapely import LineString, MultiLineString, Point
from shapely.geometry.base import BaseGeometry

from gis.coordinates import FloatArray, MetricZone, check_positions
from gis.tracks.cleaning import CleanTrack, Segment

SAMPLE_M: Final = 10.0
# A check-in counts within radius + accuracy, but never beyond this (unless the radius itself is larger).
VISIT_CAP_M: Final = 100.0
# A phone's drift wanders within minutes, its jitter within seconds: the mean over this time takes the jitter off.
MEAN_S: Final = 60.0
# Doors of one house: no phone tells them apart.
TOGETHER_M: Final = 5.0


@dataclass(frozen=True, slots=True)
class Target:
    """A place to be visited, WGS84."""

    id: Hashable
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Visit:
    """A target that was reached: first and last moment within reach (UTC), seconds there in all, nearest metres."""

    id: Hashable
    first_at: datetime
    last_at: datetime
    dwell_s: float
    nearest_m: float


def visited(
    track: CleanTrack, targets: Sequence[Target], *, radius_m: float = 50.0, dwell_s: float = 0.0
) -> list[Visit]:
    """Targets that the track reached for at least `dwell_s` in all, in the order of `targets`.

    Within reach: at most radius + accuracy of the fix away, capped at VISIT_CAP_M (or the radius, if larger). Between
    two fixes of a segment the way counts every 10 m. Raises ValueError for a radius of 0 or less or a negative dwell.
    """
    if not (radius_m > 0 and dwell_s >= 0):
        raise ValueError(f"radius of {radius_m} m, dwell of {dwell_s} s")
    if not targets:
        return []
    lons, lats = check_positions([target.lon for target in targets], [target.lat for target in targets])
    cap_m = max(radius_m, VISIT_CAP_M)
    first = np.full(len(targets), np.inf)
    last, dwell, nearest = np.full(len(targets), -np.inf), np.zeros(len(targets)), np.full(len(targets), np.inf)
    for segment in track.segments:
        zone = MetricZone.at(float(segment.lons[0]), float(segment.lats[0]))
        at_s, spots, reach_m, span_s = _samples(segment, zone, radius_m, cap_m)
        places = np.column_stack(zone.project_points(lons, lats))
        near = np.flatnonzero(np.isfinite(places).all(axis=1))
        balls = cKDTree(spots).query_ball_point(places[near], cap_m)
        for place, rows in zip(near.tolist(), balls, strict=True):
            away_m = np.hypot(*(spots[rows] - places[place]).T)
            within = np.asarray(rows, dtype=np.int64)[away_m <= reach_m[rows]]
            if within.size:
                first[place] = min(first[place], at_s[within].min())
                last[place] = max(last[place], at_s[within].max())
                dwell[place] += span_s[within].sum()
                nearest[place] = min(nearest[place], away_m.min())
    return [
        Visit(target.id, _moment(first[n]), _moment(last[n]), round(float(dwell[n]), 1), round(float(nearest[n]), 1))
        for n, target in enumerate(targets)
        if np.isfinite(first[n]) and dwell[n] >= dwell_s
    ]


def stood_at(
    track: CleanTrack, targets: Sequence[Target], *, radius_m: float = 30.0, dwell_s: float = 60.0
) -> list[Visit]:
    """Targets at which the track stood for at least `dwell_s` in all, in the order of `targets`.

    Only fixes of a stand count (see `Segment.is_still`), whoever walks by is not there; their place is the mean over
    MEAN_S, which takes the jitter off. Each moment belongs to the nearest target alone, when that lies within radius +
    accuracy, capped at VISIT_CAP_M (or the radius, if larger): so give all targets of the day, also those reached
    before. Targets within TOGETHER_M of one another can't be told apart and share their moments.
    Raises ValueError for a radius of 0 or less or a negative dwell.
    """
    if not (radius_m > 0 and dwell_s >= 0):
        raise ValueError(f"radius of {radius_m} m, dwell of {dwell_s} s")
    if not targets:
        return []
    lons, lats = check_positions([target.lon for target in targets], [target.lat for target in targets])
    cap_m = max(radius_m, VISIT_CAP_M)
    first = np.full(len(targets), np.inf)
    last, dwell, nearest = np.full(len(targets), -np.inf), np.zeros(len(targets)), np.full(len(targets), np.inf)
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
        place = near[row[within]]
        for one, others in zip(near, cKDTree(places[near]).query_ball_point(places[near], TOGETHER_M), strict=True):
            here = np.isin(place, near[others])
            if here.any():
                first[one] = min(first[one], at_s[within][here].min())
                last[one] = max(last[one], at_s[within][here].max())
                nearest[one] = min(nearest[one], away_m[within][here].min())
                dwell[one] += span_s[within][here].sum()
    return [
        Visit(target.id, _moment(first[n]), _moment(last[n]), round(float(dwell[n]), 1), round(float(nearest[n]), 1))
        for n, target in enumerate(targets)
        if np.isfinite(first[n]) and dwell[n] >= dwell_s
    ]


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
    walked = [_walked(part, zone) for part in track.segments]
    if not walked:
        return 0.0
    seen = shapely.union_all(shapely.buffer(np.array(walked, dtype=object), sight_m))
    return min(1.0, float(shapely.length(shapely.intersection(lines, seen)).sum()) / length_m)


def _walked(segment: Segment, zone: MetricZone) -> BaseGeometry:
    """The way of a segment with each stand as one place: buffering its scribble costs seconds and gigabytes."""
    xy = np.column_stack(zone.project_points(segment.lons, segment.lats))
    begins = np.append(True, ~(segment.is_still[1:] & segment.is_still[:-1]))
    place = np.cumsum(begins) - 1
    count = np.bincount(place)
    spots = np.column_stack([np.bincount(place, weights=column) / count for column in xy.T])
    return LineString(spots) if len(spots) > 1 else Point(spots[0])


def _samples(
    segment: Segment, zone: MetricZone, radius_m: float, cap_m: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """The fixes and the middles of steps of at most 10 m between them: moment, x/y rows, reach, seconds of the step."""
    spots = np.column_stack(zone.project_points(segment.lons, segment.lats))
    noise_m = np.nan_to_num(segment.accuracy_m)
    leg_m, leg_s = np.hypot(*np.diff(spots, axis=0).T), np.diff(segment.at_s)
    steps = np.maximum(np.ceil(leg_m / SAMPLE_M), 1).astype(np.int64)
    leg = np.repeat(np.arange(steps.size), steps)
    part = (np.arange(leg.size) - np.repeat(np.cumsum(steps) - steps, steps) + 0.5) / steps[leg]
    middles = spots[leg] + (spots[leg + 1] - spots[leg]) * part[:, None]
    middle_noise_m = noise_m[leg] + (noise_m[leg + 1] - noise_m[leg]) * part
    reach_m = np.minimum(radius_m + np.concatenate((noise_m, middle_noise_m)), cap_m)
    return (
        np.concatenate((segment.at_s, segment.at_s[leg] + leg_s[leg] * part)),
        np.concatenate((spots, middles)),
        reach_m,
        np.concatenate((np.zeros(spots.shape[0]), leg_s[leg] / steps[leg])),
    )


def _moment(at_s: float) -> datetime:
    return datetime.fromtimestamp(float(at_s), UTC)
