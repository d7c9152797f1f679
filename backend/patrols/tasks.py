"""When patrols are tidied up; what is done once stands in the services."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from backend.patrols import queries, retention, services


@shared_task
def close_forgotten_sessions() -> int:
    """Closes sessions that nobody has ended; how many."""
    now = timezone.now()
    overdue = queries.forgotten_sessions(now=now, longest=services.LONGEST_SESSION)
    return sum(services.close_forgotten_session(session_id=session_id, now=now) for session_id in overdue)


@shared_task(time_limit=600)
def keep_track_partitions() -> None:
    """Makes the partitions of the next months and deletes raw tracks past the retention."""
    retention.keep_partitions(now=timezone.now(), retention_days=settings.TRACK_RETENTION_DAYS)
