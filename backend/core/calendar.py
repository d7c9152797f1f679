"""The working calendar from the table, and the alarm when a year is missing."""

import time
from datetime import date, datetime

from backend.core.clock import WorkCalendar
from backend.core.models import CalendarDay

_KEPT_S = 60.0
_kept: tuple[float, WorkCalendar] | None = None


def work_calendar() -> WorkCalendar:
    """The calendar as stored; kept in the process for a minute, since it changes once a year."""
    global _kept
    if _kept is None or time.monotonic() - _kept[0] > _KEPT_S:
        rows = CalendarDay.objects.values_list("date", "kind")
        _kept = (time.monotonic(), WorkCalendar({day: kind == CalendarDay.Kind.WORKDAY for day, kind in rows}))
    return _kept[1]


def forget_calendar() -> None:
    """Drops the kept copy after an import."""
    global _kept
    _kept = None


def missing_years(now: datetime) -> list[int]:
    """This year, and from November on the next one, when the table holds no day of it."""
    wanted = [now.year] + ([now.year + 1] if now.month >= 11 else [])
    return [
        year
        for year in wanted
        if not CalendarDay.objects.filter(date__range=(date(year, 1, 1), date(year, 12, 31))).exists()
    ]
