"""When the relay runs: every ten seconds, and soon after each commit that owes something."""

from celery import shared_task
from django.utils import timezone

from backend.notify.relay import relay


@shared_task
def relay_outbox() -> int:
    return relay(now=timezone.now)
