"""Where a running week is cut: what is over, under way or about to be reached stays; the rest may be changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from backend.inspections.models import Route, Stop, WeeklyPlan
from backend.inspections.planning import Cut, Head, stops_of_plan
from backend.inspections.shifts import WorkerShift

# A stop that begins within this time has its worker on the way; nothing new begins earlier.
LEAD: Final = timedelta(minutes=10)
# What is left of a half day is planned again when it is at least this long.
SHORTEST_REST: Final = timedelta(minutes=15)
_UNDER_WAY: Final = (Stop.State.ARRIVED, Stop.State.DONE)


def cut_week(
    published: WeeklyPlan | None, shifts: tuple[WorkerShift, ...], now: datetime, *, cases: frozenset[UUID]
) -> Cut:
    """Half days that run are cut at the stop that is under way, the others lie wholly before or after the cut."""
    if published is None:
        raise ValueError("a week without a plan in force can't be cut")
    stops = stops_of_plan(published)
    routes = list(published.routes.prefetch_related("stops__duties", "stops__place").order_by("shift", "worker_id"))
    cutting = _Cutting(now, [], [], [], {})
    for shift in shifts:
        if shift.end > now + LEAD:
            cutting.take(shift, next((route for route in routes if _walks(route, shift)), None))
    for route in routes:
        cutting.leave(route)
    kept = {stop.pk for route in cutting.frozen for stop in route.stops.all()}
    kept |= {stop.pk for head in cutting.heads for stop in head.kept}
    return Cut(
        free=tuple(cutting.free),
        frozen=tuple(cutting.frozen),
        kept=tuple(stop for stop in stops if stop.pk in kept or stop.state in _UNDER_WAY),
        movable=tuple(stop for stop in stops if stop.pk not in kept and stop.state == Stop.State.PLANNED),
        heads=tuple(cutting.heads),
        cases=cases,
    )


@dataclass
class _Cutting:
    """What is known of the cut so far; `taken` are the routes that a half day goes on from, or is laid anew in."""

    now: datetime
    free: list[WorkerShift]
    frozen: list[Route]
    heads: list[Head]
    taken: dict[UUID, bool]

    def take(self, shift: WorkerShift, route: Route | None) -> None:
        """A half day that somebody walks, or goes on walking."""
        earliest = self.now + LEAD
        if shift.start > earliest:
            self.free.append(shift)
        else:
            kept = _begun(route, self.now) if route else ()
            ready = _whole_minute(max([shift.start, earliest, *(stop.leave_at for stop in kept[-1:])]))
            if shift.end - ready < SHORTEST_REST:
                return
            start, end = (route.shift.lower, route.shift.upper) if route else (shift.start, shift.end)
            self.heads.append(Head(shift.worker_id, start, end, kept, len(self.free)))
            self.free.append(WorkerShift(ready, shift.end, shift.worker_id))
        if route is not None:
            self.taken[route.pk] = True

    def leave(self, route: Route) -> None:
        """A route that nobody goes on with: over, nearly over, or its worker is away."""
        if route.pk in self.taken:
            return
        if route.shift.upper <= self.now + LEAD + SHORTEST_REST:
            self.frozen.append(route)
            return
        kept = tuple(stop for stop in _in_order(route) if stop.state != Stop.State.PLANNED)
        if kept and route.shift.lower <= self.now + LEAD:
            self.heads.append(Head(route.worker_id, route.shift.lower, route.shift.upper, kept, None))


def _walks(route: Route, shift: WorkerShift) -> bool:
    return bool(
        route.worker_id == shift.worker_id and route.shift.lower < shift.end and shift.start < route.shift.upper
    )


def _begun(route: Route, now: datetime) -> tuple[Stop, ...]:
    """What stays of a route that runs: what has ended, where somebody is, and else the next stop when it is near."""
    stops = _in_order(route)
    kept = [stop for stop in stops if stop.state != Stop.State.PLANNED]
    if not any(stop.state == Stop.State.ARRIVED for stop in kept):
        ahead = [stop for stop in stops if stop.state == Stop.State.PLANNED]
        kept += [stop for stop in ahead[:1] if stop.arrive_at <= now + LEAD]
    return tuple(sorted(kept, key=lambda stop: stop.seq))


def _in_order(route: Route) -> Sequence[Stop]:
    return sorted(route.stops.all(), key=lambda stop: stop.seq)


def _whole_minute(moment: datetime) -> datetime:
    return (
        moment
        if not (moment.second or moment.microsecond)
        else moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
    )
