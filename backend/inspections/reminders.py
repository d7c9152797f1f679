"""Hurries the planner after a commit. A courtesy: when the broker is away, the sweep finds what waits."""

import logging
from collections.abc import Sequence

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

_TASK = "backend.inspections.tasks.plan_grid"


def after_commit(job_grid_ids: Sequence[int]) -> None:
    """Sends one task per grid once the request is stored."""
    ids = list(job_grid_ids)

    def remind() -> None:
        send(ids)

    transaction.on_commit(remind, robust=True)


def send(job_grid_ids: Sequence[int]) -> int:
    """Sends the tasks; how many the broker took. Never raises for a broker that is away."""
    sent = 0
    for job_grid_id in job_grid_ids:
        try:
            current_app.send_task(_TASK, args=[job_grid_id], retry=False)
        except (OperationalError, OSError) as error:
            log.warning("plan tasks not sent: %s", type(error).__name__)
            break
        sent += 1
    return sent
