"""A simulated year of cases: every deadline equals one counted minute by minute, by code that knows none of ours.

The holidays are invented; a make-up Saturday and a holiday that begins in mid-week are among them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from backend.cases import services
from backend.cases.flows import holding
from backend.cases.models import Case
from backend.cases.services import Step
from backend.cases.workflow import Action
from backend.core import calendar
from backend.core.models import CalendarDay
from backend.matters.models import FilingCondition
from tests.cases.test_flow_tables import changed, load, written
from tests.cases.test_spine import report
from tests.world import World

YEAR = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(hours=8)  # midnight in Shanghai
DAYS = 480
OFF = [date(2026, 2, day) for day in range(16, 24)] + [date(2026, 5, 1), date(2026, 6, 17), date(2026, 10, 1)]
WORKED = [date(2026, 2, 14), date(2026, 5, 9), date(2026, 10, 10)]
LIMITS = [("UH", 12), ("WH", 6), ("WD", 1), ("ND", 1)]
LIVES = 4
LEADER, DESK = "leader:002011001", "community:002011"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def year(world: World, tmp_path: Path) -> Iterator[World]:
    rows = [(day, "holiday") for day in OFF] + [(day, "workday") for day in WORKED]
    CalendarDay.objects.all().delete()
    for day, kind in rows:
        CalendarDay.objects.create(date=day, kind=kind, name_zh="测试", source="tests")
    calendar.forget_calendar()
    # A town that suspends as often as it likes.
    load(written(tmp_path, changed("suspend", "guards", "")))
    yield world
    holding.forget_flows()
    calendar.forget_calendar()


def counted_minutes(unit: str) -> NDArray[np.bool_]:
    """For every minute since the year began whether it counts for a limit of this unit."""
    minutes = np.ones((DAYS, 24 * 60), dtype=bool)
    if unit in ("WH", "WD"):
        minutes[:] = False
        for day in range(DAYS):
            on = date(2026, 1, 1) + timedelta(days=day)
            if (on.weekday() < 5 and on not in OFF) or on in WORKED:
                minutes[day, 8 * 60 : 12 * 60] = True
                minutes[day, 14 * 60 : 18 * 60] = True
    return minutes.reshape(-1)


def due_after(
    counts: NDArray[np.bool_], begun: datetime, limit: int, pauses: list[tuple[datetime, datetime]]
) -> datetime:
    """The minute at which `limit` counted minutes are used up; a pause that begins before it stops the count."""
    runs = counts.copy()
    for paused_at, resumed_at in pauses:
        used = int(runs[(begun - YEAR) // MINUTE : (paused_at - YEAR) // MINUTE].sum())
        if used < limit:
            runs[(paused_at - YEAR) // MINUTE : (resumed_at - YEAR) // MINUTE] = False
    start = (begun - YEAR) // MINUTE
    last = start + int(np.flatnonzero(np.cumsum(runs[start:]) == limit)[0])
    return YEAR + (last + 1) * MINUTE


@dataclass
class Life:
    """One case, walked along; what its deadline must be is counted beside it."""

    world: World
    random: Random
    counts: NDArray[np.bool_]
    limit: int
    now: datetime
    case: Case = field(init=False)
    begun: datetime = field(init=False)
    pauses: list[tuple[datetime, datetime]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        told = services.report_case(actor=self.world.actor("resident:1"), report=report(self.world), now=self.now)
        self.case, self.begun = told.case, self.now

    @property
    def due(self) -> datetime:
        return due_after(self.counts, self.begun, self.limit, self.pauses)

    def step(self, who: str, action: Action, *, after_h: float) -> None:
        """The step after some hours; afterwards the stored deadline is compared."""
        self.now += max(1, int(self.random.expovariate(1 / (after_h * 60)))) * MINUTE
        self.case = services.act(
            actor=self.world.actor(who), case_id=self.case.pk, step=Step(action, note="因故"), now=self.now
        )
        if action is Action.REOPEN:
            self.begun, self.pauses = self.now, []
        if action is not Action.SUSPEND:
            assert self.case.due_at == self.due, (action, self.begun, self.pauses)

    def pause(self) -> bool:
        """Stands still for a while; says whether the deadline was missed before."""
        self.step(DESK, Action.SUSPEND, after_h=9)
        paused_at, was_late = self.now, self.now >= self.due
        self.now += max(1, int(self.random.expovariate(1 / (40 * 60)))) * MINUTE
        self.pauses.append((paused_at, self.now))
        self.case = services.act(
            actor=self.world.actor(DESK), case_id=self.case.pk, step=Step(Action.RESUME), now=self.now
        )
        assert self.case.due_at == self.due, (self.begun, self.pauses)
        return was_late


@pytest.mark.parametrize(("unit", "amount"), LIMITS)
def test_every_deadline_of_a_year_is_the_counted_one(year: World, unit: str, amount: int) -> None:
    FilingCondition.objects.filter(matter=year.matters["exposed_garbage"]).update(
        limit_unit=unit, limit_amount=Decimal(amount)
    )
    counts, limit = counted_minutes(unit), amount * {"UH": 60, "WH": 60, "WD": 480, "ND": 1440}[unit]
    random = Random(f"{unit}{amount}")
    pauses: list[bool] = []
    for _ in range(LIVES):
        life = Life(year, random, counts, limit, now=YEAR + random.randrange(300 * 1440) * MINUTE)
        for _ in range(2):
            life.step(LEADER, Action.ACCEPT, after_h=2)
            for _ in range(random.randrange(1, 3)):
                pauses += [life.pause() for _ in range(random.randrange(1, 4))]
                life.step(LEADER, Action.SUBMIT, after_h=3)
                life.step(DESK, Action.REWORK, after_h=3)
            life.step(LEADER, Action.SUBMIT, after_h=1)
            life.step(DESK, Action.CLOSE, after_h=1)
            life.step("resident:1", Action.REOPEN, after_h=24)
    assert {True, False} == set(pauses), "both a running and a missed deadline were paused"
