"""Stops that follow their case: out of a round that it has left, to the right place where it was corrected."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet

from backend.cases.models import Case
from backend.cases.round_lines import record_left_round
from backend.cases.workflow import RUNNING
from backend.core import outbox
from backend.core.clock import LOCAL
from backend.inspections import access
from backend.inspections.models import Route, Stop, WeeklyPlan
from backend.inspections.visits import owe_change

# In the facts of a stop's reason: it was taken out of its round, and the next version of the plan owes it nothing.
LEFT_ROUND: Final = "left_round"
CASE_MOVED: Final = "case_moved"
VISIT_MOVED: Final = "visit_moved"
_SKIPPED: Final = {
    CASE_MOVED: "事项已转走 / the case went elsewhere",
    VISIT_MOVED: "上门已转走或取消 / the visit went elsewhere or was given back",
}
_WAITING: Final = tuple(state.value for state in RUNNING)


def take_out_moved(*, now: datetime, limit: int = 500) -> int:
    """Takes cases that went to another grid or to a department out of the rounds in force, from today on; how many.

    Whoever has begun a case and keeps it keeps its stop. A stop where somebody is, or that has ended, stays as it is.
    """
    today = now.astimezone(LOCAL).date()
    left = _moved().filter(route__plan__state=WeeklyPlan.State.PUBLISHED, route__day__gte=today)
    ids = list(left.order_by("start_at", "id").values_list("pk", flat=True)[:limit])
    return sum(take_out(stop_id=stop_id, now=now) for stop_id in ids)


def _moved() -> QuerySet[Stop]:
    elsewhere = ~Q(case__grid=F("route__plan__grid")) & ~Q(case__responsible=F("route__worker"))
    return Stop.objects.filter(
        Q(case__responsible=None) | elsewhere,
        kind=Stop.Kind.CASE,
        state=Stop.State.PLANNED,
        case__state__in=_WAITING,
    )


@transaction.atomic
def take_out(*, stop_id: UUID, now: datetime) -> bool:
    """One stop of a case that has left: ended, a line in the case's history, news to the worker. True once."""
    asked = Stop.objects.select_related("route__plan").get(pk=stop_id)
    access.lock_rounds(asked.route.plan.grid_id)
    case_id = asked.case_id
    if case_id is None or not _moved().filter(pk=stop_id).exists() or not _ended(asked, CASE_MOVED, now):
        return False
    stop = Stop.objects.select_related("route__plan__grid").get(pk=stop_id)
    record_left_round(case_id=case_id, grid_code=stop.route.plan.grid.code, day=stop.route.day, now=now)
    return True


def take_out_visit(*, appointment_id: UUID, now: datetime) -> int:
    """Ends the stops of a visit in the rounds in force, which the caller has locked; how many."""
    planned = Stop.objects.published().filter(appointment=appointment_id, state=Stop.State.PLANNED)
    return sum(_ended(stop, VISIT_MOVED, now) for stop in planned.select_related("route__plan__grid"))


def _ended(stop: Stop, cause: str, now: datetime) -> bool:
    """A planned stop of a plan in force is skipped, once; the worker whose round it was hears of a changed plan."""
    in_force = Route.objects.filter(plan__state=WeeklyPlan.State.PUBLISHED)
    claimed = Stop.objects.filter(pk=stop.pk, state=Stop.State.PLANNED, route__in=in_force).update(
        state=Stop.State.SKIPPED,
        ended_at=now,
        skip_reason=_SKIPPED[cause],
        reason_facts={**stop.reason_facts, LEFT_ROUND: True},
        version=F("version") + 1,
    )
    if not claimed:
        return False
    stop = Stop.objects.select_related("route__plan__grid").get(pk=stop.pk)
    owe_change(stop, now)
    outbox.owe(
        "round_changed",
        stop.route.plan_id,
        now=now,
        area_path=stop.route.plan.grid.path,
        worker_id=str(stop.route.worker_id),
        cause=cause,
        days=[str(stop.route.day)],
        more=0,
        fewer=1,
        changed=1,
    )
    return True


def follow_place(case: Case, *, now: datetime) -> int:
    """Planned stops of a case go to where it lies now; how many. Their times stay until the week is planned again."""
    planned = Stop.objects.published().filter(case=case, state=Stop.State.PLANNED).exclude(location=case.location)
    stops = list(planned.select_related("route__plan__grid"))
    for stop in stops:
        stop.location, stop.version = case.location, stop.version + 1
        stop.save(update_fields=["location", "version"])
        owe_change(stop, now)
    return len(stops)
