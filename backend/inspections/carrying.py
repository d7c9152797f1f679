"""What happened under the plan before goes into the one that follows it."""

from datetime import datetime

from django.db.models import Max

from backend.inspections.laying import copy_stop
from backend.inspections.leaving import LEFT_ROUND
from backend.inspections.models import Route, Stop, StopDuty, WeeklyPlan
from backend.inspections.subjects import subject_key


def carry_over(former: WeeklyPlan, plan: WeeklyPlan, *, now: datetime) -> int:
    """Gives the new plan's stops the state that theirs reached in the former; adds those it doesn't hold. How many.

    Called inside the transaction that publishes, with the grid's rounds locked. What was taken out because its case
    left is left behind: should the case come back, it is a visit like any other. A stop that the new plan has on
    another day than the one on which it was done is taken out of it: once is enough.
    """
    ended = (
        Stop.objects.filter(route__plan=former)
        .exclude(state=Stop.State.PLANNED)
        .exclude(reason_facts__has_key=LEFT_ROUND)
        .select_related("route")
        .prefetch_related("duties")
        .order_by("start_at")
    )
    new_stops: dict[str, list[Stop]] = {}
    for stop in Stop.objects.filter(route__plan=plan).select_related("route").order_by("start_at"):
        new_stops.setdefault(subject_key(stop), []).append(stop)
    carried = 0
    for old in ended:
        carried += _carry(old, new_stops.get(subject_key(old), []), plan)
    return carried


def _carry(old: Stop, candidates: list[Stop], plan: WeeklyPlan) -> bool:
    same_day = next((stop for stop in candidates if stop.route.day == old.route.day), None)
    if same_day is not None:
        return _take_state(same_day, old)
    if len(candidates) == 1 and old.state in (Stop.State.DONE, Stop.State.ARRIVED):
        candidates.pop().delete()
    route = _route_for(old, plan)
    last = route.stops.aggregate(last=Max("seq"))["last"] or 0
    copied, links = copy_stop(old, route=route, seq=last + 1)
    copied.save(force_insert=True)
    StopDuty.objects.bulk_create(links)
    return True


def _take_state(stop: Stop, old: Stop) -> bool:
    if stop.state == old.state:
        return False
    stop.state, stop.arrived_at, stop.ended_at = old.state, old.arrived_at, old.ended_at
    stop.skip_reason, stop.version = old.skip_reason, old.version + 1
    stop.save(update_fields=["state", "arrived_at", "ended_at", "skip_reason", "version"])
    return True


def _route_for(old: Stop, plan: WeeklyPlan) -> Route:
    """The new plan's route of the same worker and half day; one without a way of its own when there is none."""
    former = old.route
    route = plan.routes.filter(worker_id=former.worker_id, shift__overlap=former.shift).first()
    if route is not None:
        return route
    return Route.objects.create(
        plan=plan, worker_id=former.worker_id, day=former.day, shift=former.shift, travel_s=0, travel_m=0, path=None
    )
