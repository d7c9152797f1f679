"""When rosters are looked over; what is done once stands in `areas.duty`."""

from celery import shared_task
from django.utils import timezone

from backend.areas.duty import gaps


@shared_task
def watch_duty() -> int:
    """Finds grids without anybody on duty, now and in the coming week; how many alarms are new."""
    return gaps.sweep(now=timezone.now()).found
