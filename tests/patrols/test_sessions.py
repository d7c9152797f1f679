"""Patrol sessions: consented, on duty, one at a time; positions: any order, any number of times, one's own only."""

import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from backend.accounts.models import Consent
from backend.core import live
from backend.core.errors import IdReused
from backend.core.ids import uuid7
from backend.core.models import AuditEntry
from backend.patrols import queries, services, taking
from backend.patrols.errors import (
    BatchTooLarge,
    ConsentMissing,
    NotOnDuty,
    SessionNotFound,
    SessionOpen,
    SessionOver,
    TimeNotPlausible,
)
from backend.patrols.models import LivePosition, PatrolSession, TrackPoint
from backend.patrols.points import Span, sort_points
from gis.coordinates import from_wgs84
from tests.world import World

LEADER = "leader:002011001"
LON, LAT = 121.1705, 30.0505


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Live messages of the test instead of Redis."""
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(live, "publish", lambda kind, *, area_path, payload: messages.append({"kind": kind, **payload}))
    return messages


def agree(world: World, name: str, now: datetime, *, granted: bool = True) -> None:
    Consent.objects.create(user=world.people[name], purpose="patrol_track", notice_version="1", granted=granted, at=now)


def start(
    world: World, now: datetime, *, name: str = LEADER, session_id: UUID | None = None, **more: Any
) -> PatrolSession:
    return services.start_session(
        actor=world.actor(name),
        session_id=session_id or uuid7(),
        started_at=more.pop("started_at", now),
        purpose="patrol",
        now=now,
    )


def point(seq: int, at: datetime, **more: Any) -> dict[str, Any]:
    return {
        "seq": seq,
        "at": at.isoformat(),
        "lon": LON + seq * 1e-4,
        "lat": LAT,
        "crs": "wgs84",
        "accuracy_m": 6.0,
        **more,
    }


def walk(now: datetime, count: int = 20, *, first: int = 0) -> list[dict[str, Any]]:
    return [point(seq, now + timedelta(seconds=10 * seq)) for seq in range(first, first + count)]


def send(
    world: World, session: PatrolSession, points: list[dict[str, Any]], now: datetime, *, name: str = LEADER
) -> Any:
    return services.take_positions(actor=world.actor(name), session_id=session.pk, points=points, now=now)


@pytest.mark.django_db
def test_a_session_needs_consent_and_duty(world: World, now: datetime) -> None:
    with pytest.raises(ConsentMissing):
        start(world, now)
    agree(world, LEADER, now)
    session = start(world, now)
    assert (session.area_path, str(session.day)) == (world.grid("002011001").path, "2026-11-18")
    for name in ("resident:1", "community:002011"):
        agree(world, name, now)
        with pytest.raises(NotOnDuty):
            start(world, now, name=name)


@pytest.mark.django_db
def test_a_withdrawn_consent_counts(world: World, now: datetime) -> None:
    agree(world, LEADER, now - timedelta(days=1))
    session = start(world, now)
    agree(world, LEADER, now + timedelta(seconds=95), granted=False)
    taken = send(world, session, walk(now), now + timedelta(minutes=5))
    assert (taken.accepted, {row["code"] for row in taken.rejected}) == (10, {"outside_session"})
    later = now + timedelta(minutes=6)
    services.end_session(actor=world.actor(LEADER), session_id=session.pk, ended_at=later, now=later)
    with pytest.raises(ConsentMissing):
        start(world, now + timedelta(minutes=7))


@pytest.mark.django_db
def test_a_no_that_comes_between_look_and_write_counts(
    world: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree(world, LEADER, now - timedelta(days=1))
    session, store, said = start(world, now), taking.store, []

    def store_behind_the_no(*given: Any, **more: Any) -> Any:
        if not said:
            said.append(agree(world, LEADER, now + timedelta(seconds=95), granted=False))
        return store(*given, **more)

    monkeypatch.setattr(taking, "store", store_behind_the_no)
    taken = send(world, session, walk(now), now + timedelta(minutes=5))
    assert (taken.accepted, TrackPoint.objects.count()) == (10, 10)
    assert {row["code"] for row in taken.rejected} == {"outside_session"}


@pytest.mark.django_db
def test_one_session_at_a_time_and_repeats_are_harmless(world: World, now: datetime) -> None:
    agree(world, LEADER, now)
    session = start(world, now)
    assert start(world, now, session_id=session.pk).pk == session.pk
    with pytest.raises(IdReused):
        start(world, now, session_id=session.pk, started_at=now - timedelta(minutes=1))
    with pytest.raises(SessionOpen) as refused:
        start(world, now)
    assert refused.value.facts["session_id"] == str(session.pk)
    agree(world, "leader:002011002", now)
    with pytest.raises(IdReused):
        start(world, now, name="leader:002011002", session_id=session.pk)


@pytest.mark.django_db
@pytest.mark.parametrize("shift", [timedelta(days=-6), timedelta(minutes=6)])
def test_a_start_at_an_impossible_time_is_refused(world: World, now: datetime, shift: timedelta) -> None:
    agree(world, LEADER, now - timedelta(days=9))
    with pytest.raises(TimeNotPlausible):
        start(world, now, started_at=now + shift)


@pytest.mark.django_db
def test_positions_twice_and_in_any_order_are_stored_once(world: World, now: datetime) -> None:
    agree(world, LEADER, now)
    session = start(world, now)
    later = now + timedelta(hours=1)
    points = walk(now, 40)
    late, early = points[20:], points[:20]
    assert send(world, session, list(reversed(late)), later).accepted == 20
    assert send(world, session, [*early, early[0]], later).duplicates == 1
    again = send(world, session, points, later)
    assert (again.accepted, again.duplicates, again.rejected) == (0, 40, [])
    session.refresh_from_db()
    assert (session.point_count, session.last_point_at) == (40, now + timedelta(seconds=390))
    assert TrackPoint.objects.filter(session_id=session.pk).count() == 40


@pytest.mark.django_db
def test_every_coordinate_system_lands_on_the_same_spot(world: World, now: datetime) -> None:
    agree(world, LEADER, now)
    session = start(world, now)
    points = []
    for seq, crs in enumerate(("wgs84", "cgcs2000", "gcj02", "bd09")):
        lon, lat = from_wgs84(LON, LAT, crs)
        points.append({"seq": seq, "at": now.isoformat(), "lon": lon, "lat": lat, "crs": crs})
    assert send(world, session, points, now).accepted == 4
    for row in TrackPoint.objects.filter(session_id=session.pk):
        assert row.location.x == pytest.approx(LON, abs=2e-7)
        assert row.location.y == pytest.approx(LAT, abs=2e-7)
        assert (row.raw_lon, row.raw_lat, row.raw_crs) == tuple(points[row.seq][key] for key in ("lon", "lat", "crs"))


BAD = {
    "crs_missing": {"crs": ...},
    "unknown_crs": {"crs": "utm"},
    "not_a_number": {"lon": "121.17"},
    "not_finite": {"lat": float("nan")},
    "axes_swapped": {"lon": LAT, "lat": LON},
    "out_of_range": {"lon": 181.0},
    "outside_country": {"lon": 2.35, "lat": 48.85},
    "bad_time": {"at": "2026-11-18T10:00:00"},
    "outside_session": {"at": "2026-11-18T18:00:00+08:00"},
    "bad_seq": {"seq": -1},
    "bad_accuracy_m": {"accuracy_m": float("inf")},
    "bad_battery": {"battery": 80},
}


@pytest.mark.django_db
@pytest.mark.parametrize(("code", "change"), BAD.items())
def test_a_bad_point_is_named_and_stops_no_other(
    world: World, now: datetime, code: str, change: dict[str, Any]
) -> None:
    agree(world, LEADER, now)
    session = start(world, now)
    bad = {key: value for key, value in {**point(1, now), **change}.items() if value is not ...}
    taken = send(world, session, [point(0, now), bad, point(2, now)], now)
    assert taken.accepted == 2
    assert [row["code"] for row in taken.rejected] == [code]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("2026-11-18T02:00:00Z", None),
        ("2026-11-18T10:00:00.123+08:00", None),
        ("2026-W47-3T10:00:00+08:00", "bad_time"),
        ("20261118T100000+0800", "bad_time"),
        ("2026-11-18T24:00:00+08:00", "bad_time"),
        ("2026-02-30T10:00:00+08:00", "bad_time"),
        ("0001-01-01T00:00:00+14:00", "outside_session"),
        ("9999-12-31T23:59:59-14:00", "outside_session"),
        (1795000000, "bad_time"),
        (None, "bad_time"),
    ],
)
def test_times_are_read_in_one_form_only(now: datetime, written: Any, code: str | None) -> None:
    span = Span(now - timedelta(minutes=5), now + timedelta(minutes=5))
    found = sort_points([{**point(0, now), "at": written}], span=span)
    assert [row["code"] for row in found.rejected] == ([code] if code else [])


@pytest.mark.django_db
@pytest.mark.parametrize("odd", [None, 5, "x", [1, 2]])
def test_what_is_no_point_at_all_is_named(world: World, now: datetime, odd: Any) -> None:
    agree(world, LEADER, now)
    session = start(world, now)
    taken = send(world, session, [odd, point(1, now)], now)
    assert (taken.accepted, [row["code"] for row in taken.rejected]) == (1, ["not_an_object"])


@pytest.mark.django_db
def test_nobody_writes_into_a_foreign_session(world: World, now: datetime) -> None:
    agree(world, LEADER, now)
    session = start(world, now)
    for name in ("leader:002011002", "worker:002011001", "street:002", "resident:1"):
        with pytest.raises(SessionNotFound):
            send(world, session, walk(now), now, name=name)
        with pytest.raises(SessionNotFound):
            services.end_session(actor=world.actor(name), session_id=session.pk, ended_at=now, now=now)
    with pytest.raises(SessionNotFound):
        services.take_positions(actor=world.actor(LEADER), session_id=uuid7(), points=[], now=now)
    assert not TrackPoint.objects.filter(session_id=session.pk).exists()


@pytest.mark.django_db
def test_a_batch_has_a_limit(world: World, now: datetime) -> None:
    agree(world, LEADER, now)
    session = start(world, now)
    with pytest.raises(BatchTooLarge):
        send(world, session, walk(now, 1001), now)
    assert send(world, session, [], now).accepted == 0


@pytest.mark.django_db
def test_late_batches_are_taken_for_five_days(world: World, now: datetime) -> None:
    agree(world, LEADER, now)
    session = start(world, now)
    end = now + timedelta(hours=1)
    services.end_session(actor=world.actor(LEADER), session_id=session.pk, ended_at=end, now=end)
    assert send(world, session, walk(now), end + timedelta(days=4)).accepted == 20
    after_the_end = [point(100, end + timedelta(minutes=20))]
    assert send(world, session, after_the_end, end + timedelta(days=4)).rejected[0]["code"] == "outside_session"
    with pytest.raises(SessionOver):
        send(world, session, walk(now), end + timedelta(days=5, minutes=1))


@pytest.mark.django_db
def test_a_session_ends_once(world: World, now: datetime) -> None:
    agree(world, LEADER, now)
    session = start(world, now)
    actor, end = world.actor(LEADER), now + timedelta(hours=1)
    with pytest.raises(TimeNotPlausible):
        services.end_session(actor=actor, session_id=session.pk, ended_at=now - timedelta(seconds=1), now=end)
    services.end_session(actor=actor, session_id=session.pk, ended_at=end, now=end)
    again = services.end_session(actor=actor, session_id=session.pk, ended_at=end + timedelta(minutes=1), now=end)
    assert (again.ended_at, again.ended_by) == (end, "worker")


@pytest.mark.django_db
def test_a_forgotten_session_is_closed_once_and_takes_its_true_end(world: World, now: datetime) -> None:
    agree(world, LEADER, now)
    session = start(world, now)
    night = now + timedelta(hours=15)
    assert queries.forgotten_sessions(now=night, longest=services.LONGEST_SESSION) == [session.pk]
    assert services.close_forgotten_session(session_id=session.pk, now=night) is True
    assert services.close_forgotten_session(session_id=session.pk, now=night) is False
    end = now + timedelta(hours=3)
    fixed = services.end_session(actor=world.actor(LEADER), session_id=session.pk, ended_at=end, now=night)
    assert (fixed.ended_at, fixed.ended_by) == (end, "worker")


@pytest.mark.django_db
def test_the_live_position_only_moves_forward(
    world: World, now: datetime, heard: list[dict[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    agree(world, LEADER, now)
    session = start(world, now)
    with django_capture_on_commit_callbacks(execute=True):
        send(world, session, walk(now, 5, first=10), now + timedelta(minutes=5))
        send(world, session, walk(now, 5), now + timedelta(minutes=5))
        send(world, session, walk(now, 5, first=10), now + timedelta(minutes=5))
    live = LivePosition.objects.get()
    assert live.recorded_at == now + timedelta(seconds=140)
    assert [message["at"] for message in heard] == [now + timedelta(seconds=140)]
    with django_capture_on_commit_callbacks(execute=True):
        services.end_session(
            actor=world.actor(LEADER),
            session_id=session.pk,
            ended_at=now + timedelta(minutes=6),
            now=now + timedelta(minutes=6),
        )
        send(world, session, walk(now, 5, first=20), now + timedelta(minutes=7))
    assert not LivePosition.objects.exists()
    assert heard[-1]["ended"] is True


@pytest.mark.django_db
def test_who_sees_whom_on_the_map(world: World, now: datetime) -> None:
    agree(world, LEADER, now)
    send(world, start(world, now), walk(now), now + timedelta(minutes=5))

    def seen(name: str) -> list[tuple[str, bool]]:
        lines = queries.live_workers(world.actor(name), now=now)
        return [(line.worker.username, line.position is not None) for line in lines]

    assert ("leader-002011001", True) in seen("community:002011")
    assert ("leader-002011001", True) in seen("street:002")
    assert "leader-002011001" not in dict(seen("community:002012"))
    assert "leader-002011001" not in dict(seen("street:003"))


@pytest.mark.django_db
def test_a_track_is_shown_to_its_worker_and_to_the_near_desk_on_the_record(world: World, now: datetime) -> None:
    agree(world, LEADER, now)
    session = start(world, now)
    send(world, session, walk(now, 100), now + timedelta(hours=1))
    later = now + timedelta(hours=1)
    worker_id, day = world.people[LEADER].pk, session.day
    own = queries.walked(world.actor(LEADER), worker_id, day, now=later)
    assert own.kept_m == pytest.approx(955, rel=0.02)
    assert not own.lines.is_empty
    assert AuditEntry.objects.count() == 0
    desk = queries.walked(world.actor("community:002011"), worker_id, day, now=later)
    assert not desk.lines.is_empty
    assert AuditEntry.objects.get().action == "view_track"
    far = queries.walked(world.actor("city"), worker_id, day, now=later)
    assert (far.lines.is_empty, far.kept_m) == (True, own.kept_m)
    other = queries.walked(world.actor("community:002012"), worker_id, day, now=later)
    assert (other.points, other.kept_m) == (0, 0)


@pytest.mark.django_db
def test_gaps_stay_gaps(world: World, now: datetime) -> None:
    agree(world, LEADER, now)
    session = start(world, now)
    second = [point(50 + n, now + timedelta(minutes=30, seconds=10 * n), lon=LON + 0.01 + n * 1e-4) for n in range(20)]
    send(world, session, [*walk(now), *second], now + timedelta(hours=1))
    summary = queries.session_summary(world.actor(LEADER), session.pk, now=now + timedelta(hours=1))
    assert (len(summary.walk.lines.geoms), summary.walk.gaps) == (2, 1)
    assert summary.walk.kept_m == pytest.approx(2 * 183, rel=0.05)


@pytest.mark.django_db(transaction=True)
def test_two_copies_of_a_batch_at_once_store_each_point_once(request: pytest.FixtureRequest, now: datetime) -> None:
    world: World = request.getfixturevalue("world")
    agree(world, LEADER, now)
    session = start(world, now)
    points, results, barrier = walk(now, 200), [], threading.Barrier(4)

    def send_once() -> None:
        try:
            barrier.wait()
            results.append(send(world, session, points, now + timedelta(hours=1)).accepted)
        finally:
            connection.close()

    threads = [threading.Thread(target=send_once) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.refresh_from_db()
    assert sorted(results) == [0, 0, 0, 200]
    assert session.point_count == 200 == TrackPoint.objects.filter(session_id=session.pk).count()


@pytest.mark.django_db(transaction=True)
def test_two_starts_at_once_open_one_session(request: pytest.FixtureRequest, now: datetime) -> None:
    world: World = request.getfixturevalue("world")
    agree(world, LEADER, now)
    results, barrier = [], threading.Barrier(3)

    def begin() -> None:
        try:
            barrier.wait()
            results.append(start(world, now).ended_by)
        except SessionOpen as error:
            results.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=begin) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["", "session_open", "session_open"]


@pytest.mark.django_db
@given(data=st.data())
@examples(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_a_track_is_cut_and_repeated_the_same_points_are_stored(world: World, now: datetime, data: Any) -> None:
    if not Consent.objects.exists():
        agree(world, LEADER, now)
    PatrolSession.objects.filter(ended_at=None).update(ended_at=now)
    session = start(world, now)
    points = walk(now, 30)
    batches = data.draw(st.lists(st.lists(st.sampled_from(points), max_size=20), max_size=6))
    accepted = sum(send(world, session, batch, now + timedelta(hours=1)).accepted for batch in batches)
    wanted = {entry["seq"] for batch in batches for entry in batch}
    stored = set(TrackPoint.objects.filter(session_id=session.pk).values_list("seq", flat=True))
    assert (stored, accepted) == (wanted, len(wanted))
