"""Which weeks should have plans by now: the present one, and in good time the one to come."""

from datetime import datetime, time, timedelta
from typing import Final

from django.db import connection, transaction

from backend.areas.models import Area
from backend.core.calendar import work_calendar
from backend.core.clock import LOCAL, week_start_of
from backend.inspections import plans
from backend.inspections.models import PlanJobGrid, WeeklyPlan

_DUE_WEEKS_LOCK: Final = 4_210_012


@transaction.atomic
def ask_for_due_weeks(*, now: datetime) -> int:
    """Asks for the plans of weeks that are due and that nobody has asked for; of how many grids.

    Due is the present week (people get the day that is under way whole), and from its last working day on the coming
    one. Whether a grid was asked for is read from the jobs and plans, so a town that was off on Monday morning, and a
    grid that a new division has made, get theirs within the hour. Runs side by side find nothing twice.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_DUE_WEEKS_LOCK])
    grids = Area.objects.open_at(now).filter(level=Area.Level.GRID).order_by("code")
    present = week_start_of(now)
    today = datetime.combine(now.astimezone(LOCAL).date(), time(), LOCAL)
    asked = 0
    for week_start, plan_from in ((present, today), (present + timedelta(days=7), now)):
        if week_start > present and not _is_last_working_day(now):
            continue
        named = PlanJobGrid.objects.filter(job__week_start=week_start).values("grid_id")
        planned = WeeklyPlan.objects.filter(week_start=week_start).values("grid_id")
        missing = list(grids.exclude(pk__in=named).exclude(pk__in=planned))
        if missing:
            plans.ask(missing, week_start=week_start, asked_by=None, now=now, publish=True, plan_from=plan_from)
            asked += len(missing)
    return asked


def _is_last_working_day(now: datetime) -> bool:
    """Whether no later day of the week is worked: a Friday, the days after it, the eve of holidays."""
    day, calendar = now.astimezone(LOCAL).date(), work_calendar()
    return not any(calendar.is_worked(day + timedelta(days=later)) for later in range(1, 7 - day.weekday()))
