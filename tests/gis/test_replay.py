"""A recording that is played again is seen; whoever walks the same round every day is not."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from gis.coordinates import MetricZone
from gis.tracks import CleanTrack, Fix, clean_track, is_replayed

ZONE = MetricZone.at(121.17, 30.05)
X0, Y0 = (float(value[0]) for value in ZONE.project_points([121.17], [30.05]))
MORNING = datetime(2026, 11, 16, 0, 30, tzinfo=UTC)
# Around four blocks with a stand at each second corner.
CORNERS = [(0, 0), (300, 0), (300, 200), (0, 200), (0, 400), (300, 400), (300, 600), (0, 600)]


def recorded(places: np.ndarray, at_s: np.ndarray, *, begin: datetime, noise_m: float, seed: int) -> CleanTrack:
    rng = np.random.default_rng(seed)
    noisy = places + rng.normal(0, noise_m, places.shape)
    lons, lats = ZONE.unproject_points(noisy[:, 0] + X0, noisy[:, 1] + Y0)
    fixes = [
        Fix(begin + timedelta(seconds=float(s)), float(lon), float(lat), 5.0)
        for s, lon, lat in zip(at_s, lons, lats, strict=True)
    ]
    return clean_track(fixes, now=begin + timedelta(days=20))


def walk(seed: int, *, pace: float = 0.08, every_s: float = 5.0) -> tuple[np.ndarray, np.ndarray]:
    """One person's morning on the round: a pace of the day and of each leg, stands of different length."""
    rng = np.random.default_rng(seed)
    speed = 1.25 * (1 + rng.normal(0, pace / 2))
    knots, moments = [CORNERS[0]], [0.0]
    for number, corner in enumerate(CORNERS[1:]):
        metres = float(np.hypot(corner[0] - knots[-1][0], corner[1] - knots[-1][1]))
        moments.append(moments[-1] + metres / (speed * (1 + rng.normal(0, pace))))
        knots.append(corner)
        if number % 2:
            moments.append(moments[-1] + float(rng.uniform(60, 240)))
            knots.append(corner)
    at_s = np.arange(0, moments[-1], every_s)
    xs, ys = (np.interp(at_s, moments, [knot[axis] for knot in knots]) for axis in (0, 1))
    return np.column_stack((xs, ys)), at_s


def played(seed: int, *, days: int = 3, late_s: float = 0, noise_m: float = 0.0) -> tuple[CleanTrack, CleanTrack]:
    """A walk as recorded, and the same recording sent days later."""
    places, at_s = walk(seed)
    rng = np.random.default_rng(seed + 1)
    phone = places + rng.normal(0, 3.0, places.shape)
    first = recorded(phone, at_s, begin=MORNING, noise_m=0, seed=0)
    later = MORNING + timedelta(days=days, seconds=late_s)
    return recorded(phone, at_s, begin=later, noise_m=noise_m, seed=seed + 2), first


@pytest.mark.parametrize("noise_m", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("late_s", [0, 1, 1803.0])
def test_a_recording_played_again_is_seen(noise_m: float, late_s: float) -> None:
    again, first = played(7, late_s=late_s, noise_m=noise_m)
    assert is_replayed(again, first)


def test_an_honest_daily_walk_is_never_flagged() -> None:
    """The same round on thirty mornings by somebody of a very even pace, each held against those before."""
    mornings = [
        recorded(*walk(seed, pace=0.04), begin=MORNING + timedelta(days=seed), noise_m=3.0, seed=1000 + seed)
        for seed in range(30)
    ]
    pairs = [(late, early) for n, late in enumerate(mornings) for early in mornings[:n]]
    assert len(pairs) == 435
    assert not [pair for pair in pairs if is_replayed(*pair)]


def test_part_of_a_recording_is_seen_and_two_ways_are_not() -> None:
    again, first = played(3)
    places, at_s = walk(3)
    rng = np.random.default_rng(4)
    phone = places + rng.normal(0, 3.0, places.shape)
    half = slice(0, int(at_s.size * 0.7))
    cut = recorded(phone[half], at_s[half], begin=MORNING + timedelta(days=1), noise_m=0, seed=0)
    assert is_replayed(cut, first)
    assert not is_replayed(first, cut)
    backwards = recorded(phone[::-1], at_s, begin=MORNING + timedelta(days=1), noise_m=0, seed=0)
    assert not is_replayed(backwards, first)
    assert is_replayed(again, again)


def test_stands_and_short_walks_never_count() -> None:
    at_s = np.arange(0, 3600, 5.0)
    stand = recorded(np.zeros((at_s.size, 2)), at_s, begin=MORNING, noise_m=2.0, seed=1)
    assert not is_replayed(stand, stand)
    places, moments = walk(5)
    short = recorded(places[:40], moments[:40], begin=MORNING, noise_m=2.0, seed=1)
    assert not is_replayed(short, short)
    nothing = CleanTrack((), (), {})
    assert not is_replayed(nothing, stand)
    assert not is_replayed(short, nothing)
