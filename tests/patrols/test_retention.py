"""Raw tracks live for their days and no longer; what stays is the distance."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection

from backend.patrols import queries, retention
from backend.patrols.models import PatrolSession, TrackPoint
from tests.patrols.test_sessions import LEADER, agree, send, start, walk
from tests.world import World

pytestmark = pytest.mark.django_db


def partitions() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relid::regclass::text FROM pg_partition_tree('patrols_trackpoint') WHERE isleaf")
        return {row[0] for row in cursor.fetchall()}


def test_months_are_made_ahead_once(world: World, now: datetime) -> None:
    kept = retention.keep_partitions(now=now, retention_days=60)
    assert kept.created == [f"patrols_trackpoint_{month}" for month in ("202611", "202612", "202701")]
    assert retention.keep_partitions(now=now, retention_days=60).created == []
    assert set(kept.created) < partitions()


def test_points_in_the_default_partition_move_into_their_month(world: World, now: datetime) -> None:
    agree(world, LEADER, now)
    session = start(world, now)
    send(world, session, walk(now), now + timedelta(minutes=10))
    retention.keep_partitions(now=now, retention_days=60)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM patrols_trackpoint_202611")
        assert cursor.fetchone()[0] == 20
    assert send(world, session, walk(now, 30), now + timedelta(minutes=10)).accepted == 10


def test_raw_points_go_after_their_days_and_the_distance_stays(world: World, now: datetime) -> None:
    retention.create_ahead(now.date())
    agree(world, LEADER, now)
    session = start(world, now)
    send(world, session, walk(now, 100), now + timedelta(hours=1))
    PatrolSession.objects.filter(pk=session.pk).update(ended_at=now + timedelta(hours=1), ended_by="worker")
    before = queries.walked(world.actor(LEADER), world.people[LEADER].pk, session.day, now=now + timedelta(hours=1))
    kept = retention.keep_partitions(now=now + timedelta(days=60), retention_days=60)
    assert (kept.measured, TrackPoint.objects.count()) == (0, 100)
    kept = retention.keep_partitions(now=now + timedelta(days=61), retention_days=60)
    assert (kept.measured, kept.deleted_points, TrackPoint.objects.count()) == (1, 100, 0)
    session.refresh_from_db()
    assert session.distance_m == before.kept_m > 900
    after = queries.walked(world.actor(LEADER), world.people[LEADER].pk, session.day, now=now + timedelta(days=61))
    assert (after.kept_m, after.lines.is_empty) == (before.kept_m, True)


def test_a_month_that_is_wholly_past_is_dropped_as_a_table(world: World, now: datetime) -> None:
    retention.create_ahead(date(2026, 8, 1))
    kept = retention.keep_partitions(now=now, retention_days=30)
    assert kept.dropped == ["patrols_trackpoint_202608", "patrols_trackpoint_202609"]
    assert "patrols_trackpoint_202610" in partitions()


def test_an_open_session_keeps_its_points(world: World, now: datetime) -> None:
    agree(world, LEADER, now)
    send(world, start(world, now), walk(now), now + timedelta(minutes=10))
    retention.keep_partitions(now=now + timedelta(days=100), retention_days=60)
    assert TrackPoint.objects.count() == 20
