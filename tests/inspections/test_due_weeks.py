"""A town has plans for the days ahead whenever somebody looks, and a worker without stops today sees the next ones."""

import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client

from backend.accounts.actor import SYSTEM
from backend.areas.models import Area
from backend.config.celery import app
from backend.core.calendar import forget_calendar
from backend.core.models import CalendarDay
from backend.inspections import queries, reminders, tasks
from backend.inspections.models import PlanJob, PlanJobGrid, WeeklyPlan
from backend.inspections.services import ask_for_due_weeks, plan_week, publish_plan, run_job_grid
from tests.inspections.conftest import GRID, MONDAY
from tests.world import World

NEXT_MONDAY = MONDAY + timedelta(days=7)


def at(weekday: int, clock: str) -> datetime:
    """A moment of the week of MONDAY: 0 is the Monday."""
    return datetime.fromisoformat(f"{MONDAY + timedelta(days=weekday)}T{clock}+08:00")


def weeks_asked() -> list[tuple[date, int]]:
    return [(job.week_start, job.grids.count()) for job in PlanJob.objects.order_by("asked_at", "week_start")]


@pytest.mark.parametrize(
    ("weekday", "weeks"),
    [(0, [MONDAY]), (3, [MONDAY]), (4, [MONDAY, NEXT_MONDAY]), (5, [MONDAY, NEXT_MONDAY]), (6, [MONDAY, NEXT_MONDAY])],
    ids=["Monday", "Thursday", "Friday", "Saturday", "Sunday"],
)
def test_the_coming_week_is_due_from_the_last_working_day_on(town: World, weekday: int, weeks: list[date]) -> None:
    grids = Area.objects.filter(level="grid").count()
    assert ask_for_due_weeks(now=at(weekday, "04:35")) == grids * len(weeks)
    assert weeks_asked() == [(week, grids) for week in weeks]
    assert ask_for_due_weeks(now=at(weekday, "05:35")) == 0
    assert len(weeks_asked()) == len(weeks)


@pytest.fixture
def fresh_calendar() -> Iterator[None]:
    """The calendar is kept for a minute; nothing of another test, and nothing for the next."""
    forget_calendar()
    yield
    forget_calendar()


@pytest.mark.usefixtures("fresh_calendar")
def test_the_eve_of_holidays_and_a_worked_saturday_move_it(town: World) -> None:
    for day in (3, 4):
        CalendarDay.objects.create(date=MONDAY + timedelta(days=day), kind="holiday", name_zh="节")
    CalendarDay.objects.create(date=MONDAY + timedelta(days=12), kind="workday", name_zh="调休")
    ask_for_due_weeks(now=at(1, "08:00"))
    assert {week for week, _ in weeks_asked()} == {MONDAY}
    ask_for_due_weeks(now=at(2, "08:00"))
    assert {week for week, _ in weeks_asked()} == {MONDAY, NEXT_MONDAY}
    ask_for_due_weeks(now=at(11, "08:00"))  # a Friday, but its Saturday is worked
    assert {week for week, _ in weeks_asked()} == {MONDAY, NEXT_MONDAY}
    ask_for_due_weeks(now=at(12, "08:00"))
    assert {week for week, _ in weeks_asked()} == {MONDAY, NEXT_MONDAY, NEXT_MONDAY + timedelta(days=7)}


def test_what_was_planned_by_hand_is_not_asked_for_and_a_new_grid_is(town: World) -> None:
    plan_week(grid_id=town.grid(GRID).pk, week_start=MONDAY, now=at(0, "04:30"))
    ask_for_due_weeks(now=at(0, "08:00"))
    assert town.grid(GRID).pk not in PlanJobGrid.objects.values_list("grid_id", flat=True)
    new = Area.objects.get(pk=town.grid("002011003").pk)
    PlanJobGrid.objects.filter(grid=new).delete()
    assert ask_for_due_weeks(now=at(0, "08:35")) == 1


@pytest.mark.django_db(transaction=True)
def test_sweeps_side_by_side_ask_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    request.getfixturevalue("town")
    monkeypatch.setattr(reminders, "send", len)
    barrier = threading.Barrier(4)

    def sweep() -> None:
        barrier.wait()
        ask_for_due_weeks(now=at(5, "09:00"))
        connection.close()

    threads = [threading.Thread(target=sweep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [week for week, _ in weeks_asked()] == [MONDAY, NEXT_MONDAY]


def test_it_is_scheduled_every_hour() -> None:
    entry = app.conf.beat_schedule["plan-due-weeks"]
    assert entry["task"] == tasks.plan_due_weeks.name
    assert entry["schedule"].hour == set(range(24))


def test_on_a_saturday_the_phone_shows_mondays_stops(town: World) -> None:
    saturday, phone = at(5, "10:00"), Client()
    phone.force_login(town.people[f"leader:{GRID}"])
    with time_machine.travel(saturday, tick=False):
        tasks.plan_due_weeks()
        row = PlanJobGrid.objects.get(grid=town.grid(GRID), job__week_start=NEXT_MONDAY)
        assert run_job_grid(job_grid_id=row.pk, now=saturday)
        assert WeeklyPlan.objects.get(grid=town.grid(GRID), week_start=NEXT_MONDAY).state == "published"
        told: dict[str, Any] = phone.get("/api/v1/field/today").json()
    assert (told["date"], told["stops"], told["route"]) == (str(saturday.date()), [], None)
    assert told["next_day"]["date"] == str(NEXT_MONDAY)
    assert told["next_day"]["stops"]
    assert all(stop["planned"]["arrive"].startswith(str(NEXT_MONDAY)) for stop in told["next_day"]["stops"])
    with time_machine.travel(at(7, "10:00"), tick=False):
        monday = phone.get("/api/v1/field/today").json()
    assert (len(monday["stops"]), monday["next_day"]) == (len(told["next_day"]["stops"]), None)


def test_a_draft_and_other_peoples_rounds_are_no_next_day(town: World) -> None:
    now = at(5, "10:00")
    draft = plan_week(grid_id=town.grid(GRID).pk, week_start=NEXT_MONDAY, now=now)
    leader, other = town.actor(f"leader:{GRID}"), town.actor("leader:002011002")
    assert queries.today(leader, now.date()).next_day is None
    publish_plan(actor=SYSTEM, plan_id=draft.pk, now=now)
    found = queries.today(leader, now.date()).next_day
    assert found is not None
    assert found.day == NEXT_MONDAY
    assert queries.today(other, now.date()).next_day is None
