import math
from datetime import UTC, datetime, timedelta
from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString

from gis.coordinates import CoordinateError, MetricZone, geodesic_m
from gis.tracks import (
    BY_E_BIKE,
    ON_FOOT,
    DropReason,
    Fix,
    FlagKind,
    Target,
    clean_columns,
    clean_track,
    coverage_share,
    houses_of,
    stood_at,
    with_neighbours,
)

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ZONE = MetricZone.at(121.17, 30.05)
ORIGIN = np.array(ZONE.project_points([121.17], [30.05])).T
STREET = [(0, 0), (400, 0), (400, 300), (0, 300)]  # 1,100 m


def place(x_m, y_m):
    """Longitude, latitude of a point so many metres east and north of the town's corner."""
    lons, lats = ZONE.unproject_points(*(ORIGIN + np.array([x_m, y_m])).T)
    return float(lons[0]), float(lats[0])


def walk(corners=STREET, *, mps=1.15, every_s=10, sigma_m=0.0, accuracy_m=8.0, start=START, seed=0, stand_s=0):
    """Fixes of somebody who walks the corners and stands at the last one."""
    corners = np.array(corners, dtype=float)
    at_s = np.append(0, np.cumsum(np.hypot(*np.diff(corners, axis=0).T) / mps))
    moments = np.arange(0, at_s[-1] + stand_s + 1e-9, every_s)
    spots = np.column_stack([np.interp(moments, at_s, corners[:, axis]) for axis in (0, 1)])
    spots += np.random.default_rng(seed).normal(0, sigma_m, spots.shape) if sigma_m else 0.0
    lons, lats = ZONE.unproject_points(*(ORIGIN + spots).T)
    return [
        Fix(start + timedelta(seconds=float(s)), float(lon), float(lat), accuracy_m)
        for s, lon, lat in zip(moments, lons, lats, strict=True)
    ]


def cleaned(fixes, rules=ON_FOOT):
    return clean_track(fixes, now=NOW, rules=rules)


def moved(fix, x_m=0.0, y_m=0.0, **changes):
    zone_x, zone_y = ZONE.project_points([fix.lon], [fix.lat])
    lons, lats = ZONE.unproject_points(zone_x + x_m, zone_y + y_m)
    return Fix(changes.get("at", fix.at), float(lons[0]), float(lats[0]), changes.get("accuracy_m", fix.accuracy_m))


def kinds(track):
    return {flag.kind for flag in track.flags}


def test_a_clean_walk_is_one_segment_of_its_length():
    track = cleaned(walk())
    assert len(track.segments) == 1
    assert track.distance_m == pytest.approx(1_100, rel=0.03)
    assert track.duration_s == pytest.approx(1_100 / 1.15, abs=10)
    assert (kinds(track), sum(track.dropped.values()), track.still_s) == (set(), 0, 0)


@pytest.mark.parametrize("every_s", [1, 5, 12, 30])
@pytest.mark.parametrize("sigma_m", [4, 8])
def test_jitter_hardly_lengthens_a_walk(every_s, sigma_m):
    track = cleaned(walk(every_s=every_s, sigma_m=sigma_m, accuracy_m=1.5 * sigma_m, seed=3))
    assert track.distance_m == pytest.approx(1_100, rel=0.07)


@pytest.mark.parametrize("sigma_m", [0, 5, 10])
def test_standing_is_no_walking(sigma_m):
    fixes = walk([(0, 0), (0, 0.001)], stand_s=1_800, sigma_m=sigma_m, accuracy_m=max(4, 1.5 * sigma_m), seed=5)
    track = cleaned(fixes)
    assert track.distance_m < 60  # half an hour of raw jitter would be 1.5 to 3 km
    assert track.still_s > 1_500


def test_a_wobble_does_not_part_a_stand():
    fixes = walk([(0, 0), (0, 0.001)], stand_s=290)
    fixes[14:16] = [moved(fix, x_m=30) for fix in fixes[14:16]]
    [segment] = cleaned(fixes).segments
    assert segment.still_s == pytest.approx(290, abs=1)


def test_of_two_fixes_of_one_moment_the_better_stays():
    fixes = walk()
    worse = [moved(fix, y_m=20, accuracy_m=40) for fix in fixes]
    for mixed in (fixes + worse, worse + fixes):
        assert cleaned(mixed).distance_m == cleaned(fixes).distance_m


def test_a_silence_of_five_minutes_is_a_gap():
    before, after = walk(), walk([(0, 0), (200, 0)], start=START + timedelta(hours=1))
    track = cleaned(before + after)
    assert [round(segment.distance_m, -2) for segment in track.segments] == [1_100, 200]
    assert len(track.lines.geoms) == 2
    short = [fix for fix in before if not 100 <= (fix.at - START).total_seconds() < 380]
    assert len(cleaned(short).segments) == 1
    long = [fix for fix in before if not 100 <= (fix.at - START).total_seconds() < 400]
    assert len(cleaned(long).segments) == 2


@settings(max_examples=20)
@given(st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(random):
    fixes = walk(sigma_m=5)
    mixed = fixes + fixes[10:40]
    random.shuffle(mixed)
    track, late = cleaned(fixes), cleaned(mixed)
    assert late.distance_m == track.distance_m
    assert late.dropped[DropReason.SAME_TIME] == 30


def test_poor_fixes_are_left_out_and_unknown_accuracy_is_kept():
    fixes = walk()
    fixes[30] = moved(fixes[30], y_m=5, accuracy_m=51)
    fixes[40] = moved(fixes[40], accuracy_m=None)
    track = cleaned(fixes)
    assert track.dropped[DropReason.INACCURATE] == 1
    assert track.distance_m == pytest.approx(1_100, rel=0.03)
    assert track.segments[0].at_s.size == len(fixes) - 1


def test_a_spike_is_dropped_and_the_walk_goes_on():
    fixes = walk()
    fixes[30] = moved(fixes[30], x_m=250, y_m=250)
    track = cleaned(fixes)
    assert (len(track.segments), track.dropped[DropReason.SPIKE]) == (1, 1)
    assert track.distance_m == pytest.approx(1_100, rel=0.03)


@pytest.mark.parametrize("every_s", [1, 10, 30])
def test_a_ride_is_cut_out_on_foot_and_counts_by_e_bike(every_s):
    ride = walk([(0, 0), (3_000, 0)], mps=25 / 3.6, every_s=every_s)
    on_foot = walk([(3_000, 0), (3_000, 200)], every_s=every_s, start=ride[-1].at + timedelta(seconds=every_s))
    track = cleaned(ride + on_foot)
    assert track.distance_m == pytest.approx(200, abs=90)
    assert track.dropped[DropReason.TOO_FAST] > len(ride) * 0.8
    assert cleaned(ride + on_foot, BY_E_BIKE).distance_m == pytest.approx(3_200, rel=0.03)


@pytest.mark.parametrize(
    ("kind", "spoil"),
    [
        (FlagKind.ZERO, lambda fix: Fix(fix.at, 0.0, 0.0, 5.0)),
        (FlagKind.FUTURE, lambda fix: moved(fix, at=NOW + timedelta(minutes=6))),
        (FlagKind.PAST, lambda fix: moved(fix, at=datetime(1970, 1, 1, tzinfo=UTC))),
        (FlagKind.TELEPORT, lambda fix: moved(fix, x_m=5_000)),
    ],
)
def test_odd_fixes_are_flagged_and_the_walk_still_counts(kind, spoil):
    fixes = walk()
    fixes[20] = spoil(fixes[20])
    track = cleaned(fixes)
    [first, *_] = [flag for flag in track.flags if flag.kind is kind]
    assert 20 in first.fixes
    assert kinds(track) == {kind}
    assert track.distance_m == pytest.approx(1_100, rel=0.03)


def test_a_clock_that_is_off_as_a_whole_loses_nothing():
    track = cleaned(walk(start=datetime(2038, 1, 19, tzinfo=UTC)))
    assert kinds(track) == {FlagKind.FUTURE}
    assert track.distance_m == pytest.approx(1_100, rel=0.03)


def test_an_accuracy_that_never_changes_while_moving_is_a_hint():
    long = walk([(0, 0), (2_000, 0)], accuracy_m=5.0)
    varied = [moved(fix, accuracy_m=4.0 + number % 7) for number, fix in enumerate(long)]
    assert kinds(cleaned(long)) == {FlagKind.FROZEN_ACCURACY}
    assert kinds(cleaned(varied)) == set()
    assert kinds(cleaned(walk([(0, 0), (0, 1)], stand_s=3_600, accuracy_m=5.0))) == set()


def test_nothing_and_next_to_nothing():
    assert (cleaned([]).segments, cleaned([]).distance_m, cleaned([]).lines.is_empty) == ((), 0, True)
    one = cleaned(walk()[:1])
    assert (len(one.segments), one.distance_m, one.duration_s) == (1, 0, 0)
    assert cleaned(walk([(0, 0), (8, 0)], every_s=1)).distance_m == 0
    zeros = cleaned([Fix(START, 0, 0), Fix(START + timedelta(seconds=9), 0, 0)])
    assert (zeros.segments, zeros.dropped[DropReason.ZERO]) == ((), 2)


def test_bad_fixes_are_refused():
    with pytest.raises(CoordinateError):
        cleaned([Fix(START, 30.05, 121.17)])
    with pytest.raises(ValueError, match="offset"):
        cleaned([Fix(START.replace(tzinfo=None), 121.17, 30.05)])


def test_who_walks_by_was_not_there_and_who_stands_was():
    passed, end = Target("passed", *place(200, 12)), Target("end", *place(400, 10))
    for seed in range(20):
        track = cleaned(walk([(0, 0), (400, 0)], every_s=5, sigma_m=6, stand_s=120, seed=seed))
        assert [visit.id for visit in stood_at(track, [passed, end])] == ["end"]


def test_a_stand_belongs_to_the_nearest_door_alone():
    end, beside, far = Target("end", *place(400, 10)), Target("beside", *place(375, 10)), Target("far", *place(400, 60))
    for seed in range(20):
        track = cleaned(walk([(0, 0), (400, 0)], every_s=5, sigma_m=6, stand_s=300, seed=seed))
        assert [visit.id for visit in stood_at(track, [far, beside, end])] == ["end"]
        # Without the door that it belongs to, the stand is taken for the next one within reach.
        assert [visit.id for visit in stood_at(track, [far, beside])] == ["beside"]


def test_a_morning_of_stands_is_measured_at_once():
    fixes, start = [], START
    for number in range(8):
        corners = [(50 * number, 0), (50 * number + 50, 0)]
        fixes += walk(corners, every_s=5, sigma_m=6, stand_s=900, seed=number, start=start)
        start = fixes[-1].at + timedelta(seconds=5)
    track, street = cleaned(fixes), LineString([place(0, 0), place(400, 0)])
    began = process_time()
    assert coverage_share([street], track) > 0.98
    assert process_time() - began < 0.5


def test_two_doors_of_one_house_are_reached_together():
    both = [Target("shop", *place(400, 10)), Target("home", *place(402, 10))]
    track = cleaned(walk([(0, 0), (400, 0)], stand_s=120))
    shop, home = stood_at(track, both)
    assert (shop.id, home.id, shop.first_at) == ("shop", "home", home.first_at)
    assert shop.dwell_s == pytest.approx(120, abs=40)


def minutes_at(number, minutes, **changes):
    """A door of one house with the minutes planned for it."""
    return Target(number, *place(400 + number, 10), planned_s=60 * minutes, **changes)


@pytest.mark.parametrize(
    ("planned", "told", "stay_min", "reached"),
    [
        ((10, 10, 10), (), 31, [0, 1, 2]),
        ((10, 10, 10), (), 21, [0, 1]),  # in their order, while the time lasts
        ((10, 10, 10), (2,), 21, [0, 2]),  # what somebody said comes first
        ((10, 10, 10), (1, 2), 21, [1, 2]),
        ((10, 20, 3), (0,), 16, [0, 2]),  # 6 minutes are too few for 20, enough for 3
        ((10, 20), (0, 1), 5, [0, 1]),  # a word and somebody at the house are enough
        ((math.inf, 10), (), 31, [1]),  # and whoever says that they were not there takes no time
    ],
)
def test_the_doors_of_a_house_share_its_time(planned, told, stay_min, reached):
    doors = [minutes_at(number, minutes, is_told=number in told) for number, minutes in enumerate(planned)]
    track = cleaned(walk([(0, 0), (400, 0)], every_s=5, sigma_m=4, stand_s=60 * stay_min))
    assert [visit.id for visit in stood_at(track, doors)] == reached


def test_drift_gives_a_door_nearby_no_visit_and_a_word_does():
    """Twenty minutes at one door: of the 6 m that a phone drifts, minutes lie nearer to the next one."""
    stray = 0
    for seed in range(20):
        drift = np.cumsum(np.random.default_rng(seed).normal(0, 0.7, 400))
        fixes = walk([(0, 0), (400, 0)], every_s=5, sigma_m=2, stand_s=1_200, seed=seed)
        fixes = [
            moved(fix, x_m=min(9, max(-9, off))) for fix, off in zip(fixes, np.resize(drift, len(fixes)), strict=True)
        ]
        track, end, beside = cleaned(fixes), place(400, 5), place(409, 5)
        stray += len(stood_at(track, [Target("end", *end), Target("beside", *beside)])) == 2
        shared = [Target("end", *end, planned_s=1_200), Target("beside", *beside, planned_s=1_200)]
        assert len(stood_at(track, shared)) <= 1
        told = [Target("end", *end, 1_200, True), Target("beside", *beside, 1_200, True)]
        assert len(stood_at(track, told)) == len(stood_at(track, [Target(1, *end), Target(2, *beside)]))
    assert stray > 5  # without the planned time most of these would count


def test_houses_and_neighbours():
    row = [Target(number, *place(x, 0)) for number, x in enumerate([0, 4, 8, 30, 80])]
    assert houses_of(row) == [0, 0, 0, 1, 2]
    assert [target.id for target in with_neighbours(row)] == [0, 1, 2, 3]
    assert (houses_of([]), with_neighbours([])) == ([], [])


@pytest.mark.parametrize("silent_s", [400, 60])
def test_a_stand_that_nobody_recorded_is_not_claimed(silent_s):
    fixes = walk([(0, 0), (400, 0)], every_s=5, stand_s=600)
    arrived = fixes[0].at + timedelta(seconds=400 / 1.15)
    kept = [fix for fix in fixes if not arrived < fix.at <= arrived + timedelta(seconds=silent_s)]
    (visit,) = stood_at(cleaned(kept), [Target(1, *place(400, 10))])
    assert visit.dwell_s >= 600 - silent_s - 60
    assert not stood_at(cleaned([fix for fix in fixes if fix.at <= arrived]), [Target(1, *place(400, 10))])


places = st.tuples(st.floats(-200, 600), st.floats(-200, 500))
NOISY = cleaned(walk(sigma_m=8, accuracy_m=12.0, seed=2, stand_s=300))


@settings(max_examples=25)
@given(st.lists(st.tuples(places, places), min_size=1, max_size=6), st.floats(1, 80), st.floats(0, 80))
def test_a_longer_sight_never_sees_less(lines, sight_m, extra_m):
    network = [LineString([place(*start), place(end[0] + 1, end[1] + 700)]) for start, end in lines]
    near, far = (coverage_share(network, NOISY, sight_m=metres) for metres in (sight_m, sight_m + extra_m))
    assert 0 <= near <= far + 1e-6 <= 1 + 2e-6


def test_coverage_is_the_share_of_street_length_in_sight():
    track = cleaned(walk([(0, 0), (400, 0)]))
    along, beyond = LineString([place(0, 10), place(400, 10)]), LineString([place(0, 100), place(400, 100)])
    half = LineString([place(200, 0), place(200, 50)])
    assert coverage_share([along], track) == pytest.approx(1, abs=1e-6)
    assert coverage_share([beyond], track) == 0
    assert coverage_share([along, beyond], track) == pytest.approx(0.5, abs=1e-3)
    assert coverage_share([half], track) == pytest.approx(0.5, abs=1e-3)
    assert coverage_share([along], cleaned([])) == 0
    assert coverage_share([along], cleaned(walk()[:1])) == pytest.approx(23 / 400, abs=1e-3)


@pytest.mark.parametrize(
    "call",
    [
        lambda track: coverage_share([], track),
        lambda track: coverage_share([LineString([place(0, 0), place(0, 0)])], track),
        lambda track: coverage_share([LineString([place(0, 0), place(9, 0)])], track, sight_m=0),
        lambda track: stood_at(track, [], radius_m=0),
        lambda track: stood_at(track, [], dwell_s=-1),
    ],
)
def test_meaningless_questions_are_refused(call):
    with pytest.raises(ValueError, match=r"network|sight|radius"):
        call(NOISY)


def test_a_day_of_a_street_is_cleaned_in_no_time():
    fixes = walk(STREET * 30, every_s=2, sigma_m=6)
    columns = [
        np.array(column)
        for column in zip(*((fix.at.timestamp(), fix.lon, fix.lat, fix.accuracy_m) for fix in fixes), strict=True)
    ]
    targets = [Target(number, fix.lon, fix.lat) for number, fix in enumerate(fixes[::200])]
    start = process_time()
    track = clean_columns(*columns, now_s=NOW.timestamp())
    assert not stood_at(track, targets)
    assert len(fixes) / (process_time() - start) > 20_000


def test_distances_of_the_helper_are_metres():
    assert geodesic_m(place(0, 0), place(300, 400)) == pytest.approx(500, rel=1e-3)
