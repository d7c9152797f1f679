"""When old tokens and counted tries go."""

from celery import shared_task
from django.utils import timezone

from backend.accounts import services


@shared_task(acks_late=True)
def forget_expired() -> int:
    """Hourly. A second run finds nothing left."""
    return services.forget_expired(now=timezone.now())
