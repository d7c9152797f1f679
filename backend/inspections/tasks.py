"""When rounds are planned and tidied up; what is done once stands in the services."""

from typing import Any

from celery import Task, shared_task
from celery.signals import worker_init
from django.utils import timezone

from backend.accounts.actor import SYSTEM
from backend.cases import directory_effects
from backend.core.clock import week_start_of
from backend.inspections import booking, due_weeks, leaving, plans, rehoming, reminders, staffing, visits
from backend.inspections.replanning import accepting
from gis.rounds import warm_up


@worker_init.connect
def _make_planner_ready(**_: Any) -> None:
    """Compiles the planner before the worker splits into processes, so that no task pays for it."""
    warm_up()


@shared_task(bind=True)
def plan_grid(self: Task, job_grid_id: int) -> bool:
    """Plans one grid of a job; once more when the worker that had it was lost."""
    about = self.request.delivery_info or {}
    return plans.run_job_grid(
        job_grid_id=job_grid_id, now=timezone.now(), is_redelivered=bool(about.get("redelivered"))
    )


@shared_task
def plan_current_week() -> int:
    """Asks for the week's plans of all grids and publishes them as they are made; how many grids. Monday mornings.

    The moment is kept: workers that come late on Monday still give people the day that was planned for them.
    """
    now = timezone.now()
    job = plans.request_plans(
        actor=SYSTEM, week_start=week_start_of(now), grid_codes=None, now=now, publish=True, plan_from=now
    )
    return job.grids.count()


@shared_task
def plan_due_weeks() -> int:
    """Asks for plans that are due and that nobody asked for, the coming week's from the last working day on."""
    return due_weeks.ask_for_due_weeks(now=timezone.now())


@shared_task
def free_stuck_plans() -> int:
    """Gives up lost planners, clears old proposals away and sends what waits again; how many tasks went out."""
    now = timezone.now()
    plans.free_stuck(now=now)
    accepting.drop_old(now=now)
    return reminders.send(plans.waiting_job_grids(now=now))


@shared_task
def mark_missed_stops() -> int:
    """Ends what a past day left undone, and what was settled by another door (appointments, cases)."""
    now = timezone.now()
    booking.release_appointments(now=now)
    visits.settle_case_stops(now=now)
    return visits.mark_missed_stops(now=now)


@shared_task
def take_out_moved_stops() -> int:
    """Takes cases that went elsewhere by any door out of the rounds of the teams that they left; how many."""
    return leaving.take_out_moved(now=timezone.now())


@shared_task
def switch_divisions() -> int:
    """Brings open work to the grids of divisions whose moment has come; how many."""
    return rehoming.switch_due(now=timezone.now())


@shared_task
def sweep_duty_changes() -> int:
    """Gives away the work of people whose absence has begun, and what a cover leaves behind; tells whoever newly
    answers for a department. How many cases moved or were told on.
    """
    now = timezone.now()
    return staffing.sweep_changes(now=now) + directory_effects.sweep(now=now)
