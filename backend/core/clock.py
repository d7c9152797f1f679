"""Working time and deadlines.

Default working day 08:00–12:00 and 14:00–18:00; weekends and public holidays are off, make-up days are worked
(domain_standards §4). Four units: UH clock hours, WH working hours, WD working days of 8 working hours, ND clock days.
Everything is pure: the calendar is handed in.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Shanghai")
SHIFTS = ((time(8), time(12)), (time(14), time(18)))
WORK_DAY = timedelta(hours=8)


class Unit(StrEnum):
    CLOCK_HOUR = "UH"
    WORK_HOUR = "WH"
    WORK_DAY = "WD"
    CLOCK_DAY = "ND"


class Lamp(StrEnum):
    GREEN = "green"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"
    NONE = "none"


@dataclass(frozen=True)
class WorkCalendar:
    """Which days are worked. `exceptions` holds True for a worked weekend day, False for a day off in the week."""

    exceptions: Mapping[date, bool] = field(default_factory=dict)

    def is_worked(self, day: date) -> bool:
        return self.exceptions.get(day, day.weekday() < 5)

    def shifts_on(self, day: date) -> list[tuple[datetime, datetime]]:
        """Working spans of the day, as aware local times; none on a day off."""
        if not self.is_worked(day):
            return []
        return [(datetime.combine(day, a, LOCAL), datetime.combine(day, b, LOCAL)) for a, b in SHIFTS]

    def spans_from(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Working spans that end after `moment`, the first one cut to begin not before it."""
        day = moment.astimezone(LOCAL).date()
        while True:
            for start, end in self.shifts_on(day):
                if end > moment:
                    yield max(start, moment), end
            day += timedelta(days=1)

    def add_working_time(self, moment: datetime, amount: timedelta) -> datetime:
        """The moment when `amount` of working time has passed.

        >>> WorkCalendar().add_working_time(datetime(2025, 9, 26, 13, tzinfo=LOCAL), timedelta(hours=2)).isoformat()
        '2025-09-26T16:00:00+08:00'
        """
        if amount < timedelta(0):
            raise ValueError(f"working time of {amount}")
        left = amount
        for start, end in self.spans_from(moment):
            if left <= end - start:
                return start + left
            left -= end - start
        raise AssertionError("the calendar has no end")

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """Working time that passes between two moments; zero when `end` is not after `start`."""
        passed = timedelta(0)
        if end <= start:
            return passed
        for begin, finish in self.spans_from(start):
            if begin >= end:
                return passed
            passed += min(finish, end) - begin
        raise AssertionError("the calendar has no end")


def deadline(calendar: WorkCalendar, start: datetime, amount: float, unit: Unit) -> datetime:
    """When a limit of `amount` units that starts at `start` ends. Clock units ignore nights and holidays."""
    if unit is Unit.CLOCK_HOUR:
        return start + timedelta(hours=amount)
    if unit is Unit.CLOCK_DAY:
        return start + timedelta(days=amount)
    if unit is Unit.WORK_HOUR:
        return calendar.add_working_time(start, timedelta(hours=amount))
    return calendar.add_working_time(start, WORK_DAY * amount)


def lamp(calendar: WorkCalendar, *, start: datetime | None, due: datetime | None, now: datetime, unit: Unit) -> Lamp:
    """Green above half of the limit left, yellow to 20 %, orange below, red overdue; none without a running limit."""
    if start is None or due is None:
        return Lamp.NONE
    if now >= due:
        return Lamp.RED
    if unit in (Unit.CLOCK_HOUR, Unit.CLOCK_DAY):
        whole, left = due - start, due - now
    else:
        whole = calendar.working_time_between(start, due)
        left = calendar.working_time_between(max(start, now), due)
    share = left / whole if whole else 0.0
    if share > 0.5:
        return Lamp.GREEN
    return Lamp.YELLOW if share > 0.2 else Lamp.ORANGE


def week_start_of(moment: datetime) -> date:
    """Monday of the local week: a plan's week is always named by this date, never by a week number."""
    day = moment.astimezone(LOCAL).date()
    return day - timedelta(days=day.weekday())
