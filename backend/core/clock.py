"""Working time and deadlines.

Default working day 08:00–12:00 and 14:00–18:00; weekends and public holidays are off, make-up days are worked
(domain_standards §4). Four units: UH clock hours, WH working hours, WD working days of 8 working hours, ND clock days.
Everything is pure: the calendar is handed in.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
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


_CLOCK_UNITS = frozenset({Unit.CLOCK_HOUR, Unit.CLOCK_DAY})
# Shares of the limit at which the lamp turns yellow and orange.
YELLOW_SHARE = 0.5
ORANGE_SHARE = 0.2


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


def duration_of(amount: Decimal, unit: Unit) -> timedelta:
    """The whole of a limit: clock time for clock units, working time for the others.

    >>> duration_of(Decimal("1.5"), Unit.WORK_DAY)
    datetime.timedelta(seconds=43200)
    """
    one = {Unit.CLOCK_DAY: timedelta(days=1), Unit.WORK_DAY: WORK_DAY}.get(unit, timedelta(hours=1))
    return timedelta(microseconds=int(amount * (one // timedelta(microseconds=1))))


def still_left_after(calendar: WorkCalendar, moment: datetime, amount: timedelta, unit: Unit) -> datetime:
    """The last moment up to which no more than `amount` of the unit's time passes: a break that begins is included.

    >>> morning = datetime(2025, 9, 25, 10, tzinfo=LOCAL)
    >>> still_left_after(WorkCalendar(), morning, timedelta(hours=2), Unit.WORK_HOUR).isoformat()
    '2025-09-25T14:00:00+08:00'
    """
    if unit in _CLOCK_UNITS:
        return moment + amount
    start, _ = next(calendar.spans_from(calendar.add_working_time(moment, amount)))
    return start


def lamp(calendar: WorkCalendar, *, amount: Decimal, unit: Unit, due: datetime, now: datetime) -> Lamp:
    """Green above half of the limit left, yellow to 20 %, orange below, red overdue.

    What is left is measured against the limit itself, so time that the clock stood still changes no colour.
    """
    if now >= due:
        return Lamp.RED
    left = due - now if unit in _CLOCK_UNITS else calendar.working_time_between(now, due)
    whole = duration_of(amount, unit)
    if left > whole * YELLOW_SHARE:
        return Lamp.GREEN
    return Lamp.YELLOW if left > whole * ORANGE_SHARE else Lamp.ORANGE


@dataclass(frozen=True, slots=True)
class LampCuts:
    """Deadlines that part the colours of one limit at one moment: due later than `green` is green, than `yellow`
    yellow, than `orange` orange, and red up to there. The inverse of `lamp`, for queries."""

    green: datetime
    yellow: datetime
    orange: datetime


def lamp_cuts(calendar: WorkCalendar, *, amount: Decimal, unit: Unit, now: datetime) -> LampCuts:
    """More than x of the limit is left exactly when the deadline lies after the last moment at which x has passed."""
    whole = duration_of(amount, unit)
    return LampCuts(
        green=still_left_after(calendar, now, whole * YELLOW_SHARE, unit),
        yellow=still_left_after(calendar, now, whole * ORANGE_SHARE, unit),
        orange=now,
    )


def week_start_of(moment: datetime) -> date:
    """Monday of the local week: a plan's week is always named by this date, never by a week number."""
    day = moment.astimezone(LOCAL).date()
    return day - timedelta(days=day.weekday())
