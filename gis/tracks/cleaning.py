"""Cleaning: from the fixes of a phone to segments that can be believed, with flags and counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt
from shapely import LineString, MultiLineString

from gis.coordinates import FloatArray, MetricZone, check_positions, geodesic_m_batch

IndexArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

SPIKE_PASSES: Final = 3
BEST_ACCURACY_M: Final = 3.0
# Jitter of a few metres within a second is no speed.
LEG_MIN_S: Final = 10.0


class FlagKind(StrEnum):
    """A hint to a person, never a verdict."""

    ZERO = "zero"  # position 0, 0
    FUTURE = "future"  # device time ahead of ours
    PAST = "past"  # device time long ago
    TELEPORT = "teleport"  # faster than any vehicle
    FROZEN_ACCURACY = "frozen_accuracy"  # moving, yet the accuracy never changes


class DropReason(StrEnum):
    """Why a fix takes no part in the figures."""

    ZERO = "zero"
    INACCURATE = "inaccurate"
    SAME_TIME = "same_time"
    SPIKE = "spike"
    TOO_FAST = "too_fast"


@dataclass(frozen=True, slots=True)
class TrackRules:
    """Limits of cleaning and flagging; metres, seconds, metres per second."""

    accuracy_max_m: float = 50.0
    speed_max_mps: float = 15 / 3.6
    speed_window_s: float = 30.0
    gap_s: float = 300.0
    smooth_s: float = 15.0
    still_mps: float = 0.3
    still_s: float = 60.0
    segment_min_m: float = 10.0
    wobble: float = 1.0  # sideways wobble taken off a path, in accuracies
    teleport_mps: float = 60.0
    future_s: float = 300.0
    past_s: float = 31 * 86_400.0
    frozen_fixes: int = 100
    frozen_m: float = 500.0


ON_FOOT: Final = TrackRules()
BY_E_BIKE: Final = TrackRules(speed_max_mps=30 / 3.6)


@dataclass(frozen=True, slots=True)
class Fix:
    """One position of a phone, WGS84; `at` with offset; `accuracy_m` None when the phone did not say."""

    at: datetime
    lon: float
    lat: float
    accuracy_m: float | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """A hint with the positions (in the given order) of the fixes that gave rise to it."""

    kind: FlagKind
    fixes: tuple[int, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Segment:
    """Kept fixes without a gap: arrays of equal length in order of time, `at_s` in seconds since 1970 UTC.

    `accuracy_m` is NaN where unknown; `is_still` where somebody stood for a minute or more around the fix.
    `distance_m` and `still_s` follow the rules of the module.
    """

    at_s: FloatArray
    lons: FloatArray
    lats: FloatArray
    accuracy_m: FloatArray
    is_still: BoolArray
    distance_m: float
    still_s: float

    @property
    def duration_s(self) -> float:
        return float(self.at_s[-1] - self.at_s[0])


@dataclass(frozen=True, eq=False, slots=True)
class CleanTrack:
    """What is left of a track, with what was left out and what was odd."""

    segments: tuple[Segment, ...]
    flags: tuple[Flag, ...]
    dropped: dict[DropReason, int]

    @property
    def distance_m(self) -> float:
        """Walked metres over all segments."""
        return sum(segment.distance_m for segment in self.segments)

    @property
    def duration_s(self) -> float:
        """Recorded seconds over all segments, gaps left out."""
        return sum(segment.duration_s for segment in self.segments)

    @property
    def still_s(self) -> float:
        """Seconds of standing over all segments."""
        return sum(segment.still_s for segment in self.segments)

    @property
    def lines(self) -> MultiLineString:
        """The kept fixes as lines, WGS84, one per segment of two fixes or more."""
        return MultiLineString(
            [np.column_stack([part.lons, part.lats]) for part in self.segments if part.at_s.size > 1]
        )


@dataclass(frozen=True, eq=False, slots=True)
class _Columns:
    """Fixes as arrays in order of time; `given` is each one's place in the input."""

    at_s: FloatArray
    lons: FloatArray
    lats: FloatArray
    accuracy_m: FloatArray
    given: IndexArray

    def take(self, keep: BoolArray | IndexArray) -> "_Columns":
        return _Columns(self.at_s[keep], self.lons[keep], self.lats[keep], self.accuracy_m[keep], self.given[keep])

    def legs(self) -> tuple[FloatArray, FloatArray]:
        """Metres and seconds from each fix to the next."""
        metres = geodesic_m_batch(self.lons[:-1], self.lats[:-1], self.lons[1:], self.lats[1:])
        return metres, np.diff(self.at_s)


def clean_track(fixes: Sequence[Fix], *, now: datetime, rules: TrackRules = ON_FOOT) -> CleanTrack:
    """Segments that can be believed, flags and counts; fixes may come in any order.

    Raises CoordinateError for a position that is not on Earth, ValueError for a time without offset.
    """
    if any(fix.at.tzinfo is None for fix in fixes) or now.tzinfo is None:
        raise ValueError("a time without offset")
    return clean_columns(
        np.array([fix.at.timestamp() for fix in fixes], dtype=np.float64),
        np.array([fix.lon for fix in fixes], dtype=np.float64),
        np.array([fix.lat for fix in fixes], dtype=np.float64),
        np.array([np.nan if fix.accuracy_m is None else fix.accuracy_m for fix in fixes], dtype=np.float64),
        now_s=now.timestamp(),
        rules=rules,
    )


def clean_columns(
    at_s: FloatArray,
    lons: FloatArray,
    lats: FloatArray,
    accuracy_m: FloatArray,
    *,
    now_s: float,
    rules: TrackRules = ON_FOOT,
) -> CleanTrack:
    """`clean_track` for arrays of equal length: seconds since 1970 UTC, degrees, metres (NaN when unknown)."""
    track, flags = _flagged(at_s, lons, lats, accuracy_m, now_s=now_s, rules=rules)
    dropped = dict.fromkeys(DropReason, 0)
    dropped[DropReason.ZERO] = int(at_s.size - track.at_s.size)
    with np.errstate(invalid="ignore"):
        is_poor = track.accuracy_m > rules.accuracy_max_m
    dropped[DropReason.INACCURATE] = int(is_poor.sum())
    track = track.take(~is_poor)
    track, dropped[DropReason.SAME_TIME] = _without_same_time(track)
    track, dropped[DropReason.SPIKE] = _without_spikes(track, rules)
    segments, dropped[DropReason.TOO_FAST] = _cut(track, rules)
    return CleanTrack(segments, tuple(flags), dropped)


def flag_columns(
    at_s: FloatArray,
    lons: FloatArray,
    lats: FloatArray,
    accuracy_m: FloatArray,
    *,
    now_s: float,
    rules: TrackRules = ON_FOOT,
) -> tuple[Flag, ...]:
    """The flags of `clean_columns` alone, at a fraction of its work: for batches as they come in."""
    return tuple(_flagged(at_s, lons, lats, accuracy_m, now_s=now_s, rules=rules)[1])


def _flagged(
    at_s: FloatArray, lons: FloatArray, lats: FloatArray, accuracy_m: FloatArray, *, now_s: float, rules: TrackRules
) -> tuple[_Columns, list[Flag]]:
    """The fixes in order of time without those at 0, 0, and everything that is odd about them."""
    xs, ys = check_positions(lons, lats)
    order = np.argsort(at_s, kind="stable")
    track = _Columns(at_s[order], xs[order], ys[order], accuracy_m[order], order)
    is_zero = (np.abs(track.lons) < 1e-9) & (np.abs(track.lats) < 1e-9)
    flags = _clock_flags(track, now_s, rules)
    if is_zero.any():
        flags.insert(0, Flag(FlagKind.ZERO, tuple(track.given[is_zero].tolist())))
    track = track.take(~is_zero)
    return track, flags + _motion_flags(track, rules)


def _clock_flags(track: _Columns, now_s: float, rules: TrackRules) -> list[Flag]:
    found = (
        (FlagKind.FUTURE, track.at_s > now_s + rules.future_s),
        (FlagKind.PAST, track.at_s < now_s - rules.past_s),
    )
    return [Flag(kind, tuple(track.given[odd].tolist())) for kind, odd in found if odd.any()]


def _motion_flags(track: _Columns, rules: TrackRules) -> list[Flag]:
    if track.at_s.size < 2:
        return []
    flags = []
    metres, seconds = track.legs()
    # Two fixes of one moment may differ by their inaccuracy without anybody having flown.
    jump_m = metres - np.nan_to_num(track.accuracy_m[:-1]) - np.nan_to_num(track.accuracy_m[1:])
    jumps = np.flatnonzero(jump_m / np.maximum(seconds, 1.0) > rules.teleport_mps)
    flags += [Flag(FlagKind.TELEPORT, tuple(track.given[at : at + 2].tolist())) for at in jumps]
    ends = np.flatnonzero(np.append(track.accuracy_m[1:] != track.accuracy_m[:-1], True)) + 1
    path_m = np.append(0.0, np.cumsum(metres))
    for start, end in zip(np.append(0, ends[:-1]), ends, strict=True):
        if end - start >= rules.frozen_fixes and path_m[end - 1] - path_m[start] > rules.frozen_m:
            flags.append(Flag(FlagKind.FROZEN_ACCURACY, tuple(track.given[start:end].tolist())))
    return flags


def _without_same_time(track: _Columns) -> tuple[_Columns, int]:
    """One fix per moment: the most accurate."""
    order = np.lexsort((np.nan_to_num(track.accuracy_m, nan=np.inf), track.at_s))
    best = track.take(order)
    keep = np.append(True, np.diff(best.at_s) > 0) if best.at_s.size else np.zeros(0, dtype=np.bool_)
    return best.take(keep), int((~keep).sum())


def _without_spikes(track: _Columns, rules: TrackRules) -> tuple[_Columns, int]:
    """Drop fixes that lie off the way there and back; a ride also is fast, but goes on."""
    before = track.at_s.size
    for _ in range(SPIKE_PASSES):
        if track.at_s.size < 3:
            break
        metres, _ = track.legs()
        fast = _leg_speed(track) > rules.speed_max_mps
        across_m = geodesic_m_batch(track.lons[:-2], track.lats[:-2], track.lons[2:], track.lats[2:])
        spike = fast[:-1] & fast[1:] & (across_m < 0.5 * (metres[:-1] + metres[1:]))
        if not spike.any():
            break
        track = track.take(np.concatenate(([True], ~spike, [True])))
    return track, before - track.at_s.size


def _leg_speed(track: _Columns) -> FloatArray:
    """Metres per second of each leg after half of both inaccuracies is taken off; short legs count as LEG_MIN_S."""
    metres, seconds = track.legs()
    noise_m = (np.nan_to_num(track.accuracy_m[:-1]) + np.nan_to_num(track.accuracy_m[1:])) / 2
    return np.maximum(metres - noise_m, 0.0) / np.maximum(seconds, LEG_MIN_S)


def _cut(track: _Columns, rules: TrackRules) -> tuple[tuple[Segment, ...], int]:
    """Segments between gaps and fast legs, and how many fixes lay inside fast stretches only."""
    count = track.at_s.size
    if count == 0:
        return (), 0
    silent = np.diff(track.at_s) >= rules.gap_s
    fast = (_leg_speed(track) > rules.speed_max_mps) | _sustained_fast(track, silent, rules)
    fast &= ~silent
    rides = np.append(fast, False) & np.append(False, fast)  # a fast leg on both sides
    cuts = np.flatnonzero(silent | fast) + 1
    segments = []
    for rows in np.split(np.arange(count), cuts):
        kept = rows[~rides[rows]]
        if kept.size:
            segments.append(_segment(track.take(kept), rules))
    return tuple(segments), int(rides.sum())


def _sustained_fast(track: _Columns, silent: BoolArray, rules: TrackRules) -> BoolArray:
    """Legs inside a window that was crossed faster than the limit: catches a ride sampled every second."""
    count = track.at_s.size
    run_start = np.maximum.accumulate(np.where(np.append(True, silent), np.arange(count), 0))
    back = np.searchsorted(track.at_s, track.at_s - rules.speed_window_s, side="right") - 1
    inside = np.flatnonzero(back >= run_start)
    back = back[inside]
    metres = geodesic_m_batch(track.lons[back], track.lats[back], track.lons[inside], track.lats[inside])
    quick = metres / (track.at_s[inside] - track.at_s[back]) > rules.speed_max_mps
    marks = np.zeros(count + 1, dtype=np.int64)
    np.add.at(marks, back[quick], 1)
    np.add.at(marks, inside[quick], -1)
    marked: BoolArray = np.cumsum(marks)[: count - 1] > 0
    return marked


def _segment(track: _Columns, rules: TrackRules) -> Segment:
    zone = MetricZone.at(float(track.lons[0]), float(track.lats[0]))
    noise_m = np.maximum(np.nan_to_num(track.accuracy_m, nan=10.0), BEST_ACCURACY_M)
    xs, ys = _smooth(track.at_s, *zone.project_points(track.lons, track.lats), noise_m, rules.smooth_s)
    still_s, is_still = 0.0, np.zeros(track.at_s.size, dtype=np.bool_)
    for start, end in _stands(track.at_s, xs, ys, noise_m, rules):
        xs[start:end], ys[start:end] = xs[start:end].mean(), ys[start:end].mean()
        is_still[start:end] = True
        still_s += float(track.at_s[end - 1] - track.at_s[start])
    distance_m = 0.0
    if track.at_s.size > 1:
        path = LineString(np.column_stack((xs, ys)))
        distance_m = path.simplify(rules.wobble * float(np.median(noise_m)), preserve_topology=False).length
    return Segment(
        track.at_s,
        track.lons,
        track.lats,
        track.accuracy_m,
        is_still,
        distance_m if distance_m >= rules.segment_min_m else 0.0,
        still_s,
    )


def _smooth(
    at_s: FloatArray, xs: FloatArray, ys: FloatArray, noise_m: FloatArray, width_s: float
) -> tuple[FloatArray, FloatArray]:
    """Mean over a triangle of +-`width_s`, better fixes weighing more. The two ends stay where they are."""
    own = 1.0 / noise_m**2
    weight, sum_x, sum_y = own.copy(), own * xs, own * ys
    for step in range(1, at_s.size):
        share = 1.0 - (at_s[step:] - at_s[:-step]) / width_s
        if not (share > 0).any():
            break
        share = np.maximum(share, 0.0)
        for here, there in ((slice(step, None), slice(None, -step)), (slice(None, -step), slice(step, None))):
            pull = share * own[there]
            weight[here] += pull
            sum_x[here] += pull * xs[there]
            sum_y[here] += pull * ys[there]
    smooth_x, smooth_y = sum_x / weight, sum_y / weight
    for end in (0, -1):
        smooth_x[end], smooth_y[end] = xs[end], ys[end]
    return smooth_x, smooth_y


def _stands(
    at_s: FloatArray, xs: FloatArray, ys: FloatArray, noise_m: FloatArray, rules: TrackRules
) -> list[tuple[int, int]]:
    """Half-open runs of fixes that hardly moved over the `still_s` around them, for at least `still_s`.

    Runs around one spot that a short wobble parts are one run.
    """
    half_s = rules.still_s / 2
    early, late = np.maximum(at_s - half_s, at_s[0]), np.minimum(at_s + half_s, at_s[-1])
    net_m = np.hypot(
        np.interp(late, at_s, xs) - np.interp(early, at_s, xs), np.interp(late, at_s, ys) - np.interp(early, at_s, ys)
    )
    still = net_m < rules.still_mps * np.maximum(late - early, half_s) + noise_m / 2
    edges = np.flatnonzero(np.diff(np.concatenate(([0], still.astype(np.int8), [0]))))
    stands: list[tuple[int, int]] = []
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if stands:
            first, last = stands[-1]
            apart_x, apart_y = (part[start:end].mean() - part[first:last].mean() for part in (xs, ys))
            near_m = rules.still_mps * rules.still_s + noise_m[start]
            if at_s[start] - at_s[last - 1] <= rules.still_s and np.hypot(apart_x, apart_y) < near_m:
                stands[-1] = (first, end)
                continue
        stands.append((start, end))
    return [(start, end) for start, end in stands if at_s[end - 1] - at_s[start] >= rules.still_s]
