"""Moments of a week as the planner counts them: days since its Monday, seconds since local midnight."""

from datetime import date, datetime, time

from backend.core.clock import LOCAL
from backend.inspections.models import Appointment
from gis.rounds import Window


def local_midnight(day: date) -> datetime:
    return datetime.combine(day, time(), LOCAL)


def day_of(moment: datetime, week_start: date) -> int:
    return (moment.astimezone(LOCAL).date() - week_start).days


def second_of(moment: datetime) -> int:
    """Whole seconds since local midnight."""
    local = moment.astimezone(LOCAL)
    return local.hour * 3600 + local.minute * 60 + local.second


def window_of(appointment: Appointment, week_start: date) -> Window:
    lower, upper = appointment.window.lower, appointment.window.upper
    return Window(day_of(lower, week_start), second_of(lower), second_of(upper))
