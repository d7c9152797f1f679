"""When case sweeps run; what they do stands in the services, which may run twice."""

from celery import shared_task
from django.utils import timezone

from backend.cases import photos, services


@shared_task
def escalate_overdue() -> int:
    return services.escalate_overdue(now=timezone.now())


@shared_task
def resume_suspended() -> int:
    return services.resume_suspended(now=timezone.now())


@shared_task
def drop_unclaimed_photos() -> int:
    return photos.drop_unclaimed(now=timezone.now())
