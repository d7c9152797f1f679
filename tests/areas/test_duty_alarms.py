"""Nobody on duty is an alarm: stored once, told once, cleared by itself."""

from datetime import datetime, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.areas.duty import gaps
from backend.areas.models import Absence, Duty, DutyAlarm
from backend.core.models import OutboxMessage
from backend.notify import relay
from backend.notify.models import Notification
from backend.notify.texts import notice_text
from tests.world import World

GRID = "002011002"  # has a leader and nobody else


def away(world: World, start: datetime, hours: float) -> Absence:
    period = DateTimeTZRange(start, start + timedelta(hours=hours))
    return Absence.objects.create(worker=world.people[f"leader:{GRID}"], period=period)


def test_a_gap_of_the_coming_week_is_stored_and_told_once(world: World, now: datetime) -> None:
    away(world, now + timedelta(days=3), 24)
    found = [gaps.sweep(now=now + timedelta(minutes=5 * turn)).found for turn in range(3)]
    assert found == [1, 0, 0]
    alarm = DutyAlarm.objects.get()
    assert alarm.grid == world.grid(GRID)
    assert (alarm.period.lower, alarm.period.upper) == (now + timedelta(days=3), now + timedelta(days=4))
    for _ in range(2):
        relay.relay(now=lambda: now)
    told = Notification.objects.filter(topic="duty_gap").order_by("user__username")
    assert [one.user.username for one in told] == ["community-002011", "street-002"]
    zh, en = notice_text("duty_gap", told[0].facts)
    assert "无人值守" in zh
    assert "Nobody is on duty" in en


def test_a_gap_beyond_the_week_waits_and_one_that_is_over_is_none(world: World, now: datetime) -> None:
    away(world, now + timedelta(days=8), 24)
    away(world, now - timedelta(days=2), 24)
    assert gaps.sweep(now=now).found == 0
    assert gaps.sweep(now=now + timedelta(days=1, hours=1)).found == 1


def test_a_filled_gap_clears_itself_and_a_new_one_is_told_anew(world: World, now: datetime) -> None:
    absence = away(world, now, 24)
    gaps.sweep(now=now)
    cover = Duty.objects.create(
        grid=world.grid(GRID), worker=world.people["leader:002011003"], post="cover", valid=absence.period
    )
    assert gaps.sweep(now=now) == gaps.Swept(found=0, cleared=1)
    assert not DutyAlarm.objects.standing().exists()
    cover.delete()
    assert gaps.sweep(now=now) == gaps.Swept(found=1, cleared=0)
    assert OutboxMessage.objects.filter(topic="duty_gap").count() == 2


def test_a_gap_that_grows_keeps_its_alarm(world: World, now: datetime) -> None:
    absence = away(world, now, 24)
    gaps.sweep(now=now)
    absence.period = DateTimeTZRange(now, now + timedelta(hours=36))
    absence.save(update_fields=["period"])
    assert gaps.sweep(now=now).found == 0
    assert DutyAlarm.objects.get().period.upper == now + timedelta(hours=36)


def test_two_gaps_that_trade_places_are_kept_apart(world: World, now: datetime) -> None:
    first, second = away(world, now + timedelta(hours=1), 1), away(world, now + timedelta(hours=3), 6)
    gaps.sweep(now=now)
    second.period = DateTimeTZRange(now + timedelta(hours=5), now + timedelta(hours=9))
    second.save(update_fields=["period"])
    first.period = DateTimeTZRange(now + timedelta(hours=1), now + timedelta(hours=4))
    first.save(update_fields=["period"])
    assert gaps.sweep(now=now).found == 0
    assert [alarm.period.upper - now for alarm in DutyAlarm.objects.standing().order_by("period")] == [
        timedelta(hours=4),
        timedelta(hours=9),
    ]


def test_a_grid_without_anybody_in_sight_has_one_alarm_without_an_end(world: World, now: datetime) -> None:
    Duty.objects.filter(grid=world.grid(GRID)).delete()
    gaps.sweep(now=now)
    gaps.sweep(now=now + timedelta(days=1))
    assert DutyAlarm.objects.get().period.upper is None


@pytest.mark.parametrize(
    ("who", "sees"), [("community:002011", 1), ("street:002", 1), ("community:002012", 0), ("street:003", 0)]
)
def test_alarms_are_seen_in_their_own_area(world: World, now: datetime, who: str, sees: int) -> None:
    away(world, now, 24)
    gaps.sweep(now=now)
    assert len(gaps.standing_alarms(world.actor(who))) == sees
