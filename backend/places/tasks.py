"""When proposals are computed; what is done once stands in the services."""

from typing import Any
from uuid import UUID

from celery import shared_task
from celery.signals import worker_init
from django.utils import timezone

from backend.places import proposals
from gis.division import warm_up


@worker_init.connect
def _make_engine_ready(**_: Any) -> None:
    """Compiles the engine before the worker splits into processes, so that no task pays for it."""
    warm_up()


@shared_task
def compute_proposal(proposal_id: str) -> bool:
    """Makes the draft of one request. It may take longer than other tasks: its limit comes with the message."""
    return proposals.compute(proposal_id=UUID(proposal_id))


@shared_task
def free_stuck_proposals() -> int:
    """Gives up requests that lose every worker and sends again what waits; how many tasks went out."""
    now = timezone.now()
    proposals.give_up_lost(now=now)
    return proposals.send(proposals.waiting(now=now))
