"""When coverage maps are computed and cleared away; what is done once stands in the service."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from backend.stats import coverage_maps


@shared_task
def compute_coverage_map(map_id: str) -> bool:
    """Computes one request. It may take longer than other tasks: its limit comes with the message."""
    return coverage_maps.compute(map_id=UUID(map_id))


@shared_task
def tend_coverage_maps() -> int:
    """Gives up what loses every worker, clears old answers away, sends again what waits; how many went out."""
    return coverage_maps.tend(now=timezone.now())
