"""A flagged day: what is seen of it by whom, and what somebody says who looked at it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from backend.core.models import AuditEntry
from backend.patrols import services, suspicions
from backend.patrols.errors import NothingToLookAt, SessionNotFound, TrackLookNotAllowed
from backend.patrols.models import PatrolSession, TrackLook
from tests.conftest import ClientOf
from tests.patrols.test_sessions import LEADER, agree, point, start
from tests.world import World

LOOK, TRACKS, OWN = "/api/v1/console/tracks/look", "/api/v1/console/tracks", "/api/v1/field/tracks/flagged"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time_machine_at_noon")]


@pytest.fixture
def jumped(world: World, now: datetime) -> PatrolSession:
    """The leader's walk of today with one jump of ten kilometres."""
    agree(world, LEADER, now - timedelta(days=9))
    early = now - timedelta(minutes=50)
    session = start(world, early, started_at=early)
    points = [point(n, early + timedelta(seconds=10 * n)) for n in range(20)]
    points[10]["lon"] += 0.1
    services.take_positions(actor=world.actor(LEADER), session_id=session.pk, points=points, now=now)
    return session


def walk_again(world: World, now: datetime, *, days_ago: int, every: float) -> PatrolSession:
    """A walk of 130 fixes along the street; the same one on every day for the same `every` seconds."""
    begin = now - timedelta(days=days_ago, minutes=50)
    PatrolSession.objects.filter(ended_at=None).update(ended_at=now)
    session = start(world, begin, started_at=begin)
    points = [
        point(n, begin + timedelta(seconds=every * n), lon=121.1705 + n * 7e-5, accuracy_m=5.0 + n % 3)
        for n in range(130)
    ]
    services.take_positions(
        actor=world.actor(LEADER), session_id=session.pk, points=points, now=begin + timedelta(minutes=45)
    )
    PatrolSession.objects.filter(pk=session.pk).update(ended_at=begin + timedelta(minutes=45))
    return session


def judge(world: World, who: str, now: datetime, **more: Any) -> TrackLook:
    asked = {"worker_id": world.people[LEADER].pk, "day": now.date(), "verdict": "fine", "note": "", **more}
    return suspicions.judge(actor=world.actor(who), now=now, **asked)


@pytest.mark.usefixtures("jumped")
def test_a_word_is_kept_audited_and_read_by_the_worker(world: World, now: datetime, client_of: ClientOf) -> None:
    desk, asked = client_of("community:002011"), {"worker": world.people[LEADER].pk, "date": str(now.date())}
    seen = desk.get(TRACKS, asked).json()
    assert (seen["hints"]["teleport"] > 0, seen["look"], seen["repeats"]) == (True, None, None)
    [flagged] = client_of(LEADER).get(OWN).json()["items"]
    assert ("teleport" in flagged["hints"], flagged["look"]) == (True, None)

    said = desk.post(LOOK, {**asked, "verdict": "talk", "note": "下周面谈"}, format="json")
    assert (said.status_code, said.json()["verdict"]) == (200, "talk")
    assert desk.get(TRACKS, asked).json()["look"]["note"] == "下周面谈"
    [own] = client_of(LEADER).get(OWN).json()["items"]
    assert (own["look"]["verdict"], own["look"]["note"]) == ("talk", "下周面谈")

    desk.post(LOOK, {**asked, "verdict": "fine"}, format="json")
    assert [look.verdict for look in TrackLook.objects.all()] == ["fine"]
    kept = AuditEntry.objects.filter(action="judge_track").order_by("seq")
    assert [entry.facts["verdict"] for entry in kept] == ["talk", "fine"]
    assert client_of("worker:002011001").get(OWN).json()["items"] == []


@pytest.mark.usefixtures("jumped")
def test_who_may_say_something(world: World, now: datetime, client_of: ClientOf) -> None:
    for who in ("district", LEADER, "auditor"):
        with pytest.raises(TrackLookNotAllowed):
            judge(world, who, now)
    with pytest.raises(SessionNotFound):
        judge(world, "community:002012", now)
    asked = {"worker": world.people[LEADER].pk, "date": str(now.date()), "verdict": "fine"}
    assert client_of("community:002012").post(LOOK, asked, format="json").status_code == 404
    assert client_of("district").post(LOOK, asked, format="json").status_code == 403
    # Figures only: neither the hints nor what was said.
    seen = client_of("district").get(TRACKS, asked).json()
    assert (seen["hints"], seen["look"]) == ({}, None)
    assert not TrackLook.objects.exists()


def test_nothing_to_say_about_a_plain_walk(world: World, now: datetime) -> None:
    agree(world, LEADER, now - timedelta(days=9))
    walk_again(world, now, days_ago=0, every=7)
    with pytest.raises(NothingToLookAt):
        judge(world, "street:002", now)


def test_a_recording_sent_again_is_said_with_its_day(world: World, now: datetime, client_of: ClientOf) -> None:
    agree(world, LEADER, now - timedelta(days=9))
    walk_again(world, now, days_ago=3, every=7)
    walk_again(world, now, days_ago=0, every=7)
    asked = {"worker": world.people[LEADER].pk, "date": str(now.date())}
    seen = client_of("street:002").get(TRACKS, asked).json()
    assert (seen["hints"].get("replayed"), seen["repeats"]) == (1, str((now - timedelta(days=3)).date()))
    assert judge(world, "street:002", now, verdict="talk").hints["replayed"] == 1
    own = client_of(LEADER).get(OWN).json()["items"]
    assert own[0]["repeats"] == str((now - timedelta(days=3)).date())


def test_the_same_way_at_another_pace_is_not(world: World, now: datetime) -> None:
    agree(world, LEADER, now - timedelta(days=9))
    walk_again(world, now, days_ago=3, every=7)
    session = walk_again(world, now, days_ago=0, every=7.6)
    assert suspicions.hints_of([session], now=now) == ({}, None)
