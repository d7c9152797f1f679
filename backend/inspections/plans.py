"""The life of a weekly plan: claimed by one planner, stored as a draft, published as a whole, planned again."""

import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Max, Q, QuerySet

from backend.accounts.actor import SYSTEM, Actor
from backend.accounts.roles import Role
from backend.areas.models import Area
from backend.core import outbox
from backend.core.errors import DomainError
from backend.core.ids import uuid7
from backend.inspections import access, laying, planning, reminders
from backend.inspections.carrying import carry_over
from backend.inspections.errors import (
    MayNotPlan,
    NotAMonday,
    PlanningUnderWay,
    PlanNotPublishable,
    StaleDraft,
    UnknownGrid,
)
from backend.inspections.models import Appointment, PlanJob, PlanJobGrid, Route, Stop, StopDuty, WeeklyPlan
from backend.inspections.planning import Collected
from backend.inspections.shifts import grids_that_may_lend

log = logging.getLogger(__name__)

CLAIM = timedelta(minutes=5)
RETRY_AFTER = timedelta(seconds=20)
MOST_ATTEMPTS = 5
PLANNERS = frozenset({Role.GRID_LEADER, Role.COMMUNITY, Role.STREET, Role.SYSTEM})
_WORN_OUT = "gave up after several tries"
_UNDER_WAY = "somebody plans this grid and week just now"


def plan_week(
    *, grid_id: UUID, week_start: date, now: datetime, seed: int = 1, plan_from: datetime | None = None
) -> WeeklyPlan:
    """A plan of the grid's week for what is known now; one that answers the same question is given again.

    The newest draft or published plan with equal input is returned as it is; else a new draft is made, one planner at a
    time. `plan_from`: the half days from this moment on are planned instead of those from now on. Raises NotAMonday,
    UnknownGrid, PlanningUnderWay, NobodyServes, NoNetwork.
    """
    if week_start.weekday() != 0:
        raise NotAMonday("a week is named by its Monday", week_start=str(week_start))
    grid = Area.objects.filter(pk=grid_id, level=Area.Level.GRID).first()
    if grid is None:
        raise UnknownGrid("no such grid", grid_id=str(grid_id))
    collected = planning.collect(grid, week_start, now=plan_from or now, seed=seed)
    known = _same_question(collected)
    if known is not None:
        return known
    plan = _claim(collected, seed=seed, now=now)
    # Another planner may have finished between the question and the claim: with the claim in hand, ask once more.
    known = _same_question(collected)
    if known is not None:
        plan.delete()
        return known
    try:
        solved = planning.solve(collected, seed=seed, steps=settings.PLAN_STEPS)
        return _store(plan, collected, laying.rows_of(plan.pk, collected, solved))
    except Exception as error:
        _fail(plan.pk, error)
        raise


def _same_question(collected: Collected) -> WeeklyPlan | None:
    """The newest finished plan of the week, when it was made from equal input."""
    finished = (WeeklyPlan.State.DRAFT, WeeklyPlan.State.PUBLISHED)
    newest = (
        WeeklyPlan.objects.filter(grid=collected.grid, week_start=collected.week_start, state__in=finished)
        .order_by("-version")
        .first()
    )
    return newest if newest is not None and bytes(newest.input_digest) == collected.digest else None


def _claim(collected: Collected, *, seed: int, now: datetime) -> WeeklyPlan:
    """Takes the place of the one planner; a constraint decides between two. A claim that has run out is taken over."""
    of_week = WeeklyPlan.objects.filter(grid=collected.grid, week_start=collected.week_start)
    free_stuck(now=now, plans=of_week)
    newest = of_week.aggregate(newest=Max("version"))["newest"] or 0
    try:
        with transaction.atomic():
            return WeeklyPlan.objects.create(
                id=uuid7(),
                grid=collected.grid,
                week_start=collected.week_start,
                version=newest + 1,
                seed=seed,
                state=WeeklyPlan.State.PLANNING,
                input_digest=collected.digest,
                claimed_until=now + CLAIM,
                created_at=now,
            )
    except IntegrityError as error:
        raise PlanningUnderWay(_UNDER_WAY, grid_code=collected.grid.code) from error


@transaction.atomic
def _store(plan: WeeklyPlan, collected: Collected, rows: laying.Rows) -> WeeklyPlan:
    """Stores the rows when the claim still holds; a planner that was given up stores nothing."""
    stored = WeeklyPlan.objects.filter(pk=plan.pk, state=WeeklyPlan.State.PLANNING).update(
        state=WeeklyPlan.State.DRAFT, claimed_until=None, cost=rows.cost, unserved=rows.unserved
    )
    if not stored:
        raise PlanningUnderWay("this planner took too long and was replaced", grid_code=collected.grid.code)
    Route.objects.bulk_create(rows.routes)
    Stop.objects.bulk_create(rows.stops)
    StopDuty.objects.bulk_create(rows.links)
    plan.refresh_from_db()
    return plan


def _fail(plan_id: UUID, error: Exception) -> None:
    WeeklyPlan.objects.filter(pk=plan_id, state=WeeklyPlan.State.PLANNING).update(
        state=WeeklyPlan.State.FAILED, claimed_until=None, error=f"{type(error).__name__}: {error}"[:300]
    )


def free_stuck(*, now: datetime, plans: QuerySet[WeeklyPlan] | None = None) -> int:
    """Gives up claims that have run out, so that somebody else may plan; how many."""
    of = WeeklyPlan.objects.all() if plans is None else plans
    return of.filter(state=WeeklyPlan.State.PLANNING, claimed_until__lt=now).update(
        state=WeeklyPlan.State.FAILED, claimed_until=None, error="the planner did not finish in time"
    )


@transaction.atomic
def publish_plan(*, actor: Actor, plan_id: UUID, now: datetime, is_told: bool = False) -> WeeklyPlan:
    """Puts a draft in force: the plan before it ends, what was done under it is carried over, everybody hears of it.

    `is_told`: the caller tells those whom it touches, and phones only fetch the plan. Publishing a published plan again
    changes nothing. Raises PlanNotFound, MayNotPlan, PlanNotPublishable, StaleDraft.
    """
    if actor.role not in PLANNERS:
        raise MayNotPlan("plans are published by grid leaders, communities and streets")
    found = access.get_plan(actor, plan_id)
    access.lock_rounds(found.grid_id)
    plan = WeeklyPlan.objects.select_related("grid").get(pk=found.pk)
    if plan.state == WeeklyPlan.State.PUBLISHED:
        return plan
    if plan.state != WeeklyPlan.State.DRAFT:
        raise PlanNotPublishable("only a draft can be published", state=plan.state)
    former = access.published_plan(plan.grid_id, plan.week_start)
    _refuse_stale(plan, former)
    if former is not None:
        former.state = WeeklyPlan.State.SUPERSEDED
        former.save(update_fields=["state"])
        carry_over(former, plan, now=now)
    plan.state, plan.published_at = WeeklyPlan.State.PUBLISHED, now
    plan.save(update_fields=["state", "published_at"])
    workers = sorted({str(worker) for worker in plan.routes.values_list("worker_id", flat=True)})
    outbox.owe(
        "plan_published",
        plan.pk,
        now=now,
        area_path=plan.grid.path,
        week_start=str(plan.week_start),
        version=plan.version,
        worker_ids=workers,
        is_told=is_told,
    )
    _tell_of_lost_visits(plan, former, now)
    return plan


def _tell_of_lost_visits(plan: WeeklyPlan, former: WeeklyPlan | None, now: datetime) -> None:
    """A booked visit that finds nobody is an alarm for the desks, once: they name a cover or move it."""
    known = {row.get("appointment_id") for row in former.unserved} if former else set()
    lost = {row["appointment_id"] for row in plan.unserved if row["kind"] == "appointment"} - known
    for appointment in Appointment.objects.filter(pk__in=lost).order_by("window", "id"):
        outbox.owe(
            "visit_unserved",
            appointment.pk,
            now=now,
            area_path=plan.grid.path,
            case_id=str(appointment.case_id),
            start=appointment.window.lower.isoformat(),
            end=appointment.window.upper.isoformat(),
        )


def _refuse_stale(plan: WeeklyPlan, former: WeeklyPlan | None) -> None:
    """A draft must be newer than what is in force and know every appointment of the week as it is now."""
    if former is not None and former.version > plan.version:
        raise StaleDraft("a newer plan is in force; plan again", published_version=former.version)
    wanted = {str(one.pk) for one in planning.live_appointments(plan.grid_id, plan.week_start)}
    stops = Stop.objects.filter(route__plan=plan, kind=Stop.Kind.APPOINTMENT).select_related("appointment")
    planned = {str(stop.appointment_id) for stop in stops}
    left_out = {row["appointment_id"] for row in plan.unserved if row["kind"] == "appointment"}
    unknown = wanted - planned - left_out
    changed = [stop for stop in stops if stop.appointment is not None and _is_elsewhere(stop, stop.appointment)]
    if unknown or changed:
        raise StaleDraft("appointments have changed since; plan again", appointments=len(unknown) + len(changed))


def _is_elsewhere(stop: Stop, appointment: Appointment) -> bool:
    """Given back, or moved to another window, after the stop was planned."""
    if appointment.state == Appointment.State.BOOKED:
        return bool(appointment.window != stop.window)
    return appointment.state == Appointment.State.CANCELLED


def request_plans(
    *,
    actor: Actor,
    week_start: date,
    grid_codes: Sequence[str] | None,
    now: datetime,
    publish: bool = False,
    plan_from: datetime | None = None,
) -> PlanJob:
    """Asks for plans of several grids; workers take one grid at a time. None for `grid_codes`: all grids of the actor.

    `plan_from`: a week that has no plan yet is planned from this moment on, even if the task runs later.
    Raises MayNotPlan, NotAMonday, UnknownGrid.
    """
    if actor.role not in PLANNERS:
        raise MayNotPlan("plans are asked for by grid leaders, communities and streets")
    if week_start.weekday() != 0:
        raise NotAMonday("a week is named by its Monday", week_start=str(week_start))
    visible = Area.objects.visible_to(actor).open_at(now).filter(level=Area.Level.GRID).order_by("code")
    grids = list(visible if grid_codes is None else visible.filter(code__in=grid_codes))
    missing = sorted(set(grid_codes or ()) - {grid.code for grid in grids})
    if missing or not grids:
        raise UnknownGrid("no such grid in your areas", grid_code=missing[0] if missing else "")
    return ask(grids, week_start=week_start, asked_by=actor.user_id, now=now, publish=publish, plan_from=plan_from)


@transaction.atomic
def ask(
    grids: Sequence[Area],
    *,
    week_start: date,
    asked_by: UUID | None,
    now: datetime,
    publish: bool,
    plan_from: datetime | None = None,
) -> PlanJob:
    """Stores the request; the tasks are a courtesy, the sweep finds what they miss."""
    job = PlanJob.objects.create(
        id=uuid7(),
        week_start=week_start,
        area_path=common_path([grid.path for grid in grids]),
        asked_by_id=asked_by,
        asked_at=now,
        publish=publish,
        plan_from=plan_from,
    )
    rows = PlanJobGrid.objects.bulk_create(PlanJobGrid(job=job, grid=grid) for grid in grids)
    reminders.after_commit([row.pk for row in rows])
    return job


def common_path(paths: Sequence[str]) -> str:
    """The smallest area that holds all of these paths."""
    parts = [path.rstrip(".").split(".") for path in paths]
    shared = []
    for column in zip(*parts, strict=False):
        if len(set(column)) > 1:
            break
        shared.append(column[0])
    return "".join(f"{part}." for part in shared)


def ask_again(grid: Area, *, week_start: date, now: datetime) -> PlanJob | None:
    """Asks for a new version of a published week after a booking, cancellation or change of duty.

    Rounds that lend this grid somebody, or get them back, are planned with it. None where no plan is in force.
    """
    bound = Area.objects.filter(pk__in=grids_that_may_lend(grid.pk, week_start)).order_by("code")
    planned = [one for one in (grid, *bound) if access.published_plan(one.pk, week_start) is not None]
    return ask(planned, week_start=week_start, asked_by=None, now=now, publish=True) if planned else None


def run_job_grid(*, job_grid_id: int, now: datetime, is_redelivered: bool = False) -> bool:
    """Plans one grid of a job, once. False: somebody else has it, or it is done.

    `is_redelivered`: the broker took the task back from a worker that is gone; what that one had claimed is free.
    """
    if is_redelivered:
        _give_up_lost(job_grid_id, now)
    claimed = (
        PlanJobGrid.objects.filter(pk=job_grid_id, done_at=None)
        .filter(Q(claimed_until=None) | Q(claimed_until__lt=now))
        .update(claimed_until=now + CLAIM, attempts=F("attempts") + 1)
    )
    if not claimed:
        return False
    row = PlanJobGrid.objects.select_related("job").get(pk=job_grid_id)
    try:
        plan = plan_week(grid_id=row.grid_id, week_start=row.job.week_start, now=now, plan_from=_planned_from(row))
        if row.job.publish:
            plan = publish_plan(actor=SYSTEM, plan_id=plan.pk, now=now)
    except (PlanningUnderWay, StaleDraft) as error:
        _later(row, error, now)
        return False
    except DomainError as error:
        _finish(row, plan=None, error=f"{error.code}: {error.detail}", now=now)
        return False
    _finish(row, plan=plan, error="", now=now)
    return True


@transaction.atomic
def _give_up_lost(job_grid_id: int, now: datetime) -> None:
    """Ends the claims of a worker that was lost: of the job's grid, and of the plan that it began under it.

    Of two at once the second finds another claim, which it leaves alone. A row whose workers are lost again and again
    is given up.
    """
    row = PlanJobGrid.objects.select_related("job").filter(pk=job_grid_id).first()
    if row is None:
        return
    if not PlanJobGrid.objects.filter(pk=row.pk, claimed_until=row.claimed_until).update(claimed_until=None):
        return
    WeeklyPlan.objects.filter(
        grid_id=row.grid_id,
        week_start=row.job.week_start,
        state=WeeklyPlan.State.PLANNING,
        claimed_until=row.claimed_until,
    ).update(state=WeeklyPlan.State.FAILED, claimed_until=None, error="the planner was lost")
    if row.attempts >= MOST_ATTEMPTS:
        _finish(row, plan=None, error=_WORN_OUT, now=now)


def _planned_from(row: PlanJobGrid) -> datetime | None:
    """The job's own moment for a week without a plan; a plan in force is only changed from now on."""
    is_in_force = access.published_plan(row.grid_id, row.job.week_start) is not None
    return None if is_in_force else row.job.plan_from


def _later(row: PlanJobGrid, error: DomainError, now: datetime) -> None:
    """Frees the grid for another try; after MOST_ATTEMPTS the refusal stands."""
    if row.attempts >= MOST_ATTEMPTS:
        _finish(row, plan=None, error=f"{error.code}: {error.detail}", now=now)
    else:
        PlanJobGrid.objects.filter(pk=row.pk, done_at=None).update(claimed_until=now + RETRY_AFTER)


@transaction.atomic
def _finish(row: PlanJobGrid, *, plan: WeeklyPlan | None, error: str, now: datetime) -> None:
    """Once: who was given up and replaced changes nothing. Of two last grids at once the second ends the job."""
    PlanJob.objects.select_for_update(no_key=True).get(pk=row.job_id)
    PlanJobGrid.objects.filter(pk=row.pk, done_at=None).update(
        plan=plan, done_at=now, error=error[:300], claimed_until=None
    )
    waiting = PlanJobGrid.objects.filter(job_id=row.job_id, done_at=None)
    if not waiting.exists():
        PlanJob.objects.filter(pk=row.job_id, finished_at=None).update(finished_at=now)


def waiting_job_grids(*, now: datetime, limit: int = 500) -> list[int]:
    """Grids of jobs that nobody works on: never sent, lost with a worker, or due for another try."""
    hanging = PlanJobGrid.objects.filter(done_at=None).filter(
        Q(claimed_until__lt=now) | Q(claimed_until=None, job__asked_at__lt=now - RETRY_AFTER)
    )
    worn_out = hanging.filter(attempts__gte=MOST_ATTEMPTS)
    for row in worn_out.select_related("job")[:limit]:
        _finish(row, plan=None, error=_WORN_OUT, now=now)
    return list(hanging.order_by("id").values_list("pk", flat=True)[:limit])
