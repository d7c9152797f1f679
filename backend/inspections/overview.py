"""What the console reads of appointments, plans and stops. Scoped like everything; built in few queries."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet, Sum

from backend.accounts.actor import Actor
from backend.inspections.errors import JobNotFound, PlanNotFound
from backend.inspections.models import Appointment, PlanJob, Route, Stop, StopDuty, WeeklyPlan

_SHOWN = (WeeklyPlan.State.PUBLISHED, WeeklyPlan.State.DRAFT, WeeklyPlan.State.PLANNING, WeeklyPlan.State.FAILED)


def latest_appointment(case_id: UUID) -> Appointment | None:
    """The newest appointment of a case that the caller has already fetched for somebody."""
    return Appointment.objects.filter(case_id=case_id).order_by("-booked_at").first()


@dataclass(frozen=True, slots=True)
class StopCounts:
    """Stops of the published plans of one day."""

    planned: int
    done: int


def stop_counts(actor: Actor, *, day: date) -> StopCounts:
    found = Stop.objects.published().visible_to(actor).filter(route__day=day)
    told = found.aggregate(planned=Count("pk"), done=Count("pk", filter=Q(state=Stop.State.DONE)))
    return StopCounts(planned=told["planned"], done=told["done"])


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One grid's newest plan of a week with its figures."""

    plan: WeeklyPlan
    stops: int
    done: int
    appointments: int
    travel_s: int
    travel_m: int


def plan_lines(actor: Actor, *, week_start: date, grid_code: str = "") -> list[PlanLine]:
    """The newest shown plan of each of the actor's grids in the week, by grid code."""
    plans = WeeklyPlan.objects.visible_to(actor).filter(week_start=week_start, state__in=_SHOWN)
    if grid_code:
        plans = plans.filter(grid__code=grid_code)
    newest = plans.order_by("grid__code", "-version").distinct("grid__code").select_related("grid__parent")
    lines = list(newest)
    figures = _figures([plan.pk for plan in lines])
    return [PlanLine(plan, *figures.get(plan.pk, (0, 0, 0, 0, 0))) for plan in lines]


def _figures(plan_ids: list[UUID]) -> dict[UUID, tuple[int, int, int, int, int]]:
    stops = (
        Stop.objects.filter(route__plan__in=plan_ids)
        .values_list("route__plan")
        .annotate(
            Count("pk"),
            Count("pk", filter=Q(state=Stop.State.DONE)),
            Count("pk", filter=Q(kind=Stop.Kind.APPOINTMENT)),
        )
    )
    counted = {row[0]: row[1:] for row in stops}
    travel = Route.objects.filter(plan__in=plan_ids).values_list("plan").annotate(Sum("travel_s"), Sum("travel_m"))
    return {plan: (*counted.get(plan, (0, 0, 0)), seconds, metres) for plan, seconds, metres in travel}


_STOPS = Prefetch(
    "stops",
    Stop.objects.select_related("place", "appointment", "case__matter")
    .prefetch_related(Prefetch("duties", StopDuty.objects.select_related("duty")))
    .order_by("seq"),
)


def get_plan(actor: Actor, plan_id: UUID) -> WeeklyPlan:
    """One plan with its routes and stops loaded. Raises PlanNotFound for a missing or foreign one."""
    plan = (
        WeeklyPlan.objects.visible_to(actor)
        .select_related("grid__parent")
        .prefetch_related(
            Prefetch("routes", Route.objects.select_related("worker").prefetch_related(_STOPS).order_by("shift"))
        )
        .filter(pk=plan_id)
        .first()
    )
    if plan is None:
        raise PlanNotFound("no such plan")
    return plan


def published_routes(actor: Actor, *, day: date, grid_code: str = "") -> QuerySet[Route]:
    """Routes of the published plans on one day, with worker and stops."""
    found = Route.objects.filter(
        day=day, plan__state=WeeklyPlan.State.PUBLISHED, plan__in=WeeklyPlan.objects.visible_to(actor)
    )
    if grid_code:
        found = found.filter(plan__grid__code=grid_code)
    return found.select_related("worker", "plan__grid").prefetch_related(_STOPS).order_by("plan__grid__code", "shift")


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a request to plan has come."""

    job: PlanJob
    total: int
    done: int
    failed: list[tuple[str, str]]


def job_progress(actor: Actor, job_id: UUID) -> JobProgress:
    """Raises JobNotFound for a job of somebody else's area."""
    job = PlanJob.objects.filter(pk=job_id).first()
    if job is None or not actor.covers(job.area_path):
        raise JobNotFound("no such planning job")
    told = job.grids.aggregate(total=Count("pk"), done=Count("pk", filter=Q(done_at__isnull=False)))
    failed = list(job.grids.exclude(error="").values_list("grid__code", "error"))
    return JobProgress(job, told["total"], told["done"], failed)
