"""Whether a track was walked before: the same ways at the same pace as on an earlier day, to the second.

Whoever walks the same round each day is at the same place seconds to minutes earlier or later: lights, doors, talk and
pace add up. A recording that is played again is not, even when noise was laid over it. So both tracks are held against
one another at one constant shift of time, and only a long walk that stays within NEAR_M all the way counts.
"""

from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from gis.coordinates import FloatArray, MetricZone
from gis.tracks.cleaning import CleanTrack

# Two phones' noise and some that was laid over; what people's pace adds up to is several times as much.
NEAR_M: Final = 8.0
# Share of the walk that must agree; the rest may be spoilt fixes.
SHARE: Final = 0.95
FIXES_LEAST: Final = 60
WALKED_LEAST_M: Final = 600.0
LASTED_LEAST_S: Final = 600.0
_ANCHORS: Final = 5
_SHIFT_STEP_S: Final = 2.0


def is_replayed(track: CleanTrack, earlier: CleanTrack) -> bool:
    """Whether `track` repeats `earlier` at one constant shift of time. Short walks and stands never count.

    Only fixes on the move are compared; where the earlier track has a gap they count as not agreeing.
    """
    moving = _moving(track)
    if moving is None:
        return False
    at_s, places, zone = moving
    if not earlier.segments:
        return False
    known = [np.column_stack(zone.project_points(part.lons, part.lats)) for part in earlier.segments]
    then_s = np.concatenate([part.at_s for part in earlier.segments])
    tree = cKDTree(np.concatenate(known))
    for shift_s in _shifts(at_s, places, then_s, tree):
        away_m = _apart(at_s + shift_s, places, earlier, known)
        if float((away_m <= NEAR_M).mean()) >= SHARE:
            return True
    return False


def _moving(track: CleanTrack) -> tuple[FloatArray, FloatArray, MetricZone] | None:
    """Moments and places (metres) of the fixes on the move; None where they are too few, too short or too near."""
    parts = [part for part in track.segments if not part.is_still.all()]
    if not parts:
        return None
    at_s = np.concatenate([part.at_s[~part.is_still] for part in parts])
    if at_s.size < FIXES_LEAST or at_s[-1] - at_s[0] < LASTED_LEAST_S:
        return None
    if sum(part.distance_m for part in parts) < WALKED_LEAST_M:
        return None
    zone = MetricZone.at(float(parts[0].lons[0]), float(parts[0].lats[0]))
    lons = np.concatenate([part.lons[~part.is_still] for part in parts])
    lats = np.concatenate([part.lats[~part.is_still] for part in parts])
    return at_s, np.column_stack(zone.project_points(lons, lats)), zone


def _shifts(at_s: FloatArray, places: FloatArray, then_s: FloatArray, tree: cKDTree) -> FloatArray:
    """Shifts of time at which some fix of the walk would be where the earlier track was."""
    found = []
    for anchor in np.linspace(0, at_s.size - 1, _ANCHORS).astype(int).tolist():
        near = tree.query_ball_point(places[anchor], NEAR_M)
        found.append(then_s[near] - at_s[anchor])
    steps = np.concatenate(found) / _SHIFT_STEP_S
    return np.unique(np.rint(steps)) * _SHIFT_STEP_S


def _apart(at_s: FloatArray, places: FloatArray, earlier: CleanTrack, known: list[FloatArray]) -> FloatArray:
    """Metres to where the earlier track was at those moments; infinite in its gaps."""
    away_m = np.full(at_s.size, np.inf)
    for part, xy in zip(earlier.segments, known, strict=True):
        inside = (at_s >= part.at_s[0]) & (at_s <= part.at_s[-1])
        if inside.any():
            xs = np.interp(at_s[inside], part.at_s, xy[:, 0])
            ys = np.interp(at_s[inside], part.at_s, xy[:, 1])
            away_m[inside] = np.hypot(places[inside, 0] - xs, places[inside, 1] - ys)
    return away_m
