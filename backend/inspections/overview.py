"""The week at a glance for the console: a line per grid, and the outline that a plan was made for."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.contrib.gis.geos import MultiPolygon
from django.db.models import Count, Q, Sum

from backend.accounts.actor import Actor
from backend.areas.models import Boundary
from backend.inspections.errors import PlanNotFound
from backend.inspections.models import Route, Stop, WeeklyPlan

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
    """The newest shown plan of each of the actor's grids in the week, by grid code; three queries whatever the number."""
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


def outline_of(plan: WeeklyPlan) -> MultiPolygon:
    """The grid's outline (WGS84) in force when the plan was made. Raises PlanNotFound for a grid that never had one."""
    boundaries = Boundary.objects.filter(area=plan.grid, valid__isnull=False)
    boundary = boundaries.in_force(plan.created_at).first() or boundaries.order_by("-valid").first()
    if boundary is None:
        raise PlanNotFound("the grid of this plan has no boundary")
    return boundary.outline
