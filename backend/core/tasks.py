"""Scheduled watch over shared tables."""

import logging

from celery import shared_task
from django.utils import timezone

from backend.core import calendar

log = logging.getLogger(__name__)


@shared_task
def watch_calendar() -> None:
    """Raises the alarm in the log when holidays of a year are not imported: deadlines would be wrong."""
    for year in calendar.missing_years(timezone.localtime()):
        log.error("no holidays of %s are imported; run import_matters --holidays", year)
