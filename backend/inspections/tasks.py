"""When rounds are planned and tidied up; what is done once stands in the services."""

from celery import shared_task
from django.utils import timezone

from backend.accounts.actor import SYSTEM
from backend.core.clock import week_start_of
from backend.inspections import booking, plans, reminders, visits


@shared_task
def plan_grid(job_grid_id: int) -> bool:
    """Plans one grid of a job."""
    return plans.run_job_grid(job_grid_id=job_grid_id, now=timezone.now())


@shared_task
def plan_current_week() -> int:
    """Asks for the week's plans of all grids and publishes them as they are made; how many grids. Monday mornings."""
    now = timezone.now()
    job = plans.request_plans(
        actor=SYSTEM, week_start=week_start_of(now), grid_codes=None, now=now, publish=True
    )
    return job.grids.count()


@shared_task
def free_stuck_plans() -> int:
    """Gives up planners that were lost and sends what waits again; how many tasks went out."""
    now = timezone.now()
    plans.free_stuck(now=now)
    return reminders.send(plans.waiting_job_grids(now=now))


@shared_task
def mark_missed_stops() -> int:
    """Ends what a past day left undone, and appointments whose case ended by another door."""
    now = timezone.now()
    booking.release_appointments(now=now)
    return visits.mark_missed_stops(now=now)
