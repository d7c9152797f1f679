"""Dates as GeoReport writes and reads them: a subset of ISO 8601 by the W3C note, offset included."""

from datetime import datetime, timedelta

from django.utils import timezone
from rest_framework.request import Request

from backend.core.clock import LOCAL
from mobile_api.common.moments import FIRST_YEAR, LAST_YEAR
from mobile_api.open311.base import Refused, parameter

MOST_DAYS = 90


def written(moment: datetime | None) -> str | None:
    """Local time with its offset, to the second."""
    return moment.astimezone(LOCAL).isoformat(timespec="seconds") if moment else None


def moment_in(request: Request, name: str) -> datetime | None:
    """A moment with its offset, or a day (its first moment here). Raises Refused."""
    text = parameter(request, name)
    if not text:
        return None
    # A plus sign that nobody encoded arrives as a blank.
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise Refused("write it like 2026-11-25T08:15:30+08:00", field=name) from error
    if moment.tzinfo is None:
        if "T" in text:
            raise Refused("the offset is missing: 2026-11-25T08:15:30+08:00", field=name)
        moment = moment.replace(tzinfo=LOCAL)
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise Refused(f"years from {FIRST_YEAR} to {LAST_YEAR}", field=name)
    return moment


def span_in(request: Request) -> tuple[datetime, datetime]:
    """`start_date` to `end_date`; with one or none of them the 90 days after, before, or up to now.

    Raises Refused for more than 90 days and for an end before the start.
    """
    start, end = moment_in(request, "start_date"), moment_in(request, "end_date")
    longest = timedelta(days=MOST_DAYS)
    if end is None:
        end = start + longest if start else timezone.now()
    start = start or end - longest
    if end < start:
        raise Refused("lies before start_date", field="end_date")
    if end - start > longest:
        raise Refused(f"at most {MOST_DAYS} days after start_date", field="end_date")
    return start, end
