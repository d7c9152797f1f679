"""What the console reads of plans, jobs, stops and appointments. Scoped like everything; built in few queries."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.contrib.gis.geos import MultiPolygon
from django.db.models import Count, Prefetch, Q, Sum

from backend.accounts.actor import Actor
from backend.accounts.models import User
from backend.areas.models import Boundary
from backend.inspections import access, queries
from backend.inspections.errors import PlanNotFound
from backend.inspections.models import Appointment, PlanJob, Route, Stop, WeeklyPlan
from backend.inspections.queries import LeftOut
from backend.places import queries as places
from backend.places.models import VisitTarget

_SHOWN = (WeeklyPlan.State.PUBLISHED, WeeklyPlan.State.DRAFT, WeeklyPlan.State.PLANNING, WeeklyPlan.State.FAILED)


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
    """The newest shown plan of each of the actor's grids in the week, by grid code; three queries for any number."""
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
            planned=Count("pk"),
            done=Count("pk", filter=Q(state=Stop.State.DONE)),
            booked=Count("pk", filter=Q(kind=Stop.Kind.APPOINTMENT)),
        )
    )
    counted = {row[0]: row[1:] for row in stops}
    travel = Route.objects.filter(plan__in=plan_ids).values_list("plan").annotate(Sum("travel_s"), Sum("travel_m"))
    return {plan: (*counted.get(plan, (0, 0, 0)), seconds, metres) for plan, seconds, metres in travel}


def outline_of(plan: WeeklyPlan) -> MultiPolygon:
    """The grid's outline (WGS84) in force when the plan was made. Raises PlanNotFound for a grid that never had one."""
    boundaries = Boundary.objects.filter(area=plan.grid, valid__isnull=False)
    boundary = boundaries.in_force(plan.created_at).first() or boundaries.order_by("-valid").first()
    if boundary is None:
        raise PlanNotFound("the grid of this plan has no boundary")
    return boundary.outline


@dataclass(frozen=True, slots=True)
class Reader:
    """A worker on the plan's routes, and when they saw this version of it; None: not yet."""

    worker: User
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class PlanDetail:
    """A plan with everything on it; `routes` have their `stops` fetched, in walking order."""

    plan: WeeklyPlan
    routes: list[Route]
    unserved: list[LeftOut]
    targets: dict[str, VisitTarget]
    readers: list[Reader]


def plan_detail(actor: Actor, plan_id: UUID) -> PlanDetail:
    """Raises PlanNotFound."""
    plan = access.get_plan(actor, plan_id)
    stops = Prefetch("stops", queries.with_subjects(Stop.objects.order_by("arrive_at", "seq")))
    routes = plan.routes.select_related("worker").prefetch_related(stops).order_by("day", "shift", "worker__username")
    found = list(routes)
    return PlanDetail(plan, found, queries.left_out(actor, plan), places.visit_targets(), _readers(plan, found))


def _readers(plan: WeeklyPlan, routes: list[Route]) -> list[Reader]:
    """By user name; nobody before the plan is in force."""
    if plan.published_at is None:
        return []
    seen = dict(plan.seen_by.values_list("worker_id", "seen_at"))
    workers = {route.worker_id: route.worker for route in routes}
    return [Reader(one, seen.get(one.pk)) for one in sorted(workers.values(), key=lambda one: one.username)]


def routes_in_force(actor: Actor, *, day: date, grid_code: str = "") -> list[Route]:
    """Routes of the published plans of one day in the actor's areas, with worker, grid and stops."""
    found = Route.objects.filter(
        day=day, plan__in=WeeklyPlan.objects.visible_to(actor).filter(state=WeeklyPlan.State.PUBLISHED)
    )
    if grid_code:
        found = found.filter(plan__grid__code=grid_code)
    stops = Prefetch("stops", queryset=Stop.objects.select_related("place", "case__matter"))
    found = found.select_related("worker", "plan__grid").prefetch_related(stops)
    return list(found.order_by("plan__grid__code", "shift")[:3000])


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a request to plan has come. `failures` names grids by code with what stopped them."""

    job: PlanJob
    total: int
    done: int
    failures: list[tuple[str, str]]

    @property
    def is_finished(self) -> bool:
        return self.done == self.total


def job_progress(actor: Actor, job_id: UUID) -> JobProgress:
    """Raises JobNotFound."""
    job = access.get_job(actor, job_id)
    told = job.grids.aggregate(total=Count("pk"), done=Count("pk", filter=Q(done_at__isnull=False)))
    failures = job.grids.exclude(error="").order_by("grid__code").values_list("grid__code", "error")
    return JobProgress(job, told["total"], told["done"], list(failures))


@dataclass(frozen=True, slots=True)
class StopCounts:
    """Stops of one day in the plans in force; reached ones count as soon as the track shows it."""

    planned: int
    reached: int
    done: int


def stop_counts(actor: Actor, day: date) -> StopCounts:
    stops = Stop.objects.published().visible_to(actor).filter(route__day=day)
    states = dict(stops.values_list("state").annotate(Count("pk")))
    done = states.get(Stop.State.DONE.value, 0)
    return StopCounts(planned=sum(states.values()), reached=done + states.get(Stop.State.ARRIVED.value, 0), done=done)


def appointment_of(case_id: UUID) -> Appointment | None:
    """The newest appointment of a case that the caller has fetched for its actor."""
    return Appointment.objects.filter(case_id=case_id).order_by("-booked_at").first()
