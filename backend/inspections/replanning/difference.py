"""What a proposal changes in the plan in force, for a person to read: by worker and day, with the reason of each."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Prefetch

from backend.accounts.models import User
from backend.inspections import queries
from backend.inspections.models import Replan, Route, Stop, WeeklyPlan
from backend.inspections.subjects import subject_key
from gis.rounds import Reason

ADDED: Final = "added"
REMOVED: Final = "removed"
MOVED: Final = "moved"
RETIMED: Final = "retimed"
KINDS: Final = (ADDED, REMOVED, MOVED, RETIMED)
# A stop that begins this much earlier or later is told of; less than that a round always has.
NOTICED: Final = timedelta(minutes=10)
_OF_TARGET: Final[Mapping[str, str]] = {
    Replan.Kind.URGENT_CASE: "is_urgent",
    Replan.Kind.COME_AGAIN: "comes_again",
    Replan.Kind.MOVED_APPOINTMENT: "window_moved",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One stop that is added, removed, moved to another half day or worker, or begins at another time.

    `old` is the stop in the plan in force, `new` that of the proposal; their routes carry worker and day.
    """

    kind: str
    reason: Reason
    old: Stop | None
    new: Stop | None

    @property
    def stop(self) -> Stop:
        found = self.new or self.old
        if found is None:
            raise ValueError("a change of nothing")
        return found


@dataclass(frozen=True, slots=True)
class Load:
    """What a worker's day holds: stops, minutes at them, and the way."""

    stops: int = 0
    dwell_s: int = 0
    travel_s: int = 0
    travel_m: int = 0

    @property
    def work_s(self) -> int:
        return self.dwell_s + self.travel_s


@dataclass
class DayChange:
    """One worker's day before and after. A moved stop is told on both days that it concerns.

    `before_routes` and `after_routes`: the half days with their ways.
    """

    worker: User
    day: date
    before: Load = field(default_factory=Load)
    after: Load = field(default_factory=Load)
    changes: list[Change] = field(default_factory=list)
    before_routes: list[Route] = field(default_factory=list)
    after_routes: list[Route] = field(default_factory=list)


@dataclass(frozen=True)
class Difference:
    """`days` that change, by worker and day; `changes` each once, by time."""

    replan: Replan
    days: list[DayChange]
    changes: list[Change]
    before: Load
    after: Load

    def count(self, kind: str) -> int:
        return sum(change.kind == kind for change in self.changes)


def between(replan: Replan) -> Difference:
    """The proposal against the plan that it is to replace; the same before and after it is accepted."""
    old_routes, new_routes = _routes(replan.base), _routes(replan.plan)
    changes = sorted(_changes(replan, old_routes, new_routes), key=lambda change: (change.stop.start_at, change.kind))
    days: dict[tuple[str, date], DayChange] = {}
    for change in changes:
        for stop in {stop.route_id: stop for stop in (change.old, change.new) if stop is not None}.values():
            route = stop.route
            key = (route.worker.username, route.day)
            day = days.setdefault(key, DayChange(route.worker, route.day))
            if change not in day.changes:
                day.changes.append(change)
    for (name, on), day in days.items():
        day.before_routes = [one for one in old_routes if (one.worker.username, one.day) == (name, on)]
        day.after_routes = [one for one in new_routes if (one.worker.username, one.day) == (name, on)]
        day.before, day.after = _load(day.before_routes), _load(day.after_routes)
    ordered = [days[key] for key in sorted(days, key=lambda key: (key[1], key[0]))]
    return Difference(replan, ordered, changes, _load(old_routes), _load(new_routes))


def _routes(plan: WeeklyPlan) -> list[Route]:
    stops = Prefetch(
        "stops", queries.with_subjects(Stop.objects.select_related("route__worker").order_by("arrive_at", "seq"))
    )
    return list(plan.routes.select_related("worker").prefetch_related(stops).order_by("day", "shift", "worker_id"))


def _load(routes: Iterable[Route]) -> Load:
    routes = list(routes)
    stops = [stop for route in routes for stop in route.stops.all()]
    return Load(
        stops=len(stops),
        dwell_s=round(sum((stop.leave_at - stop.start_at).total_seconds() for stop in stops)),
        travel_s=sum(route.travel_s for route in routes),
        travel_m=sum(route.travel_m for route in routes),
    )


def _changes(replan: Replan, old_routes: Sequence[Route], new_routes: Sequence[Route]) -> list[Change]:
    """Stops of both plans paired by what they are about, those that stay first, the others by time."""
    old, new = _by_subject(old_routes), _by_subject(new_routes)
    away = _absent(replan)
    found = []
    for key in sorted(old.keys() | new.keys()):
        for before, after in _paired(old.get(key, []), new.get(key, [])):
            if before is not None and before.state != Stop.State.PLANNED:
                continue
            kind = _kind(before, after)
            if kind is not None:
                found.append(Change(kind, _reason(replan, key, kind, before, away), before, after))
    return found


def _by_subject(routes: Sequence[Route]) -> dict[str, list[Stop]]:
    found: dict[str, list[Stop]] = defaultdict(list)
    for route in routes:
        for stop in route.stops.all():
            found[subject_key(stop)].append(stop)
    return found


def _spot(stop: Stop) -> tuple[UUID, datetime]:
    return stop.route.worker_id, stop.route.shift.lower


def _paired(old: list[Stop], new: list[Stop]) -> list[tuple[Stop | None, Stop | None]]:
    pairs: list[tuple[Stop | None, Stop | None]] = []
    left = sorted(new, key=lambda stop: stop.start_at)
    gone = []
    for stop in sorted(old, key=lambda stop: stop.start_at):
        same = next((other for other in left if _spot(other) == _spot(stop)), None)
        if same is None:
            gone.append(stop)
        else:
            left.remove(same)
            pairs.append((stop, same))
    # A stop that has ended stays where it was; only one that was still to be made can have moved.
    open_still = [stop for stop in gone if stop.state == Stop.State.PLANNED]
    pairs += [(stop, None) for stop in gone if stop.state != Stop.State.PLANNED]
    for number in range(max(len(open_still), len(left))):
        before = open_still[number] if number < len(open_still) else None
        pairs.append((before, left[number] if number < len(left) else None))
    return pairs


def _kind(before: Stop | None, after: Stop | None) -> str | None:
    if before is None:
        return ADDED
    if after is None:
        return REMOVED
    if _spot(before) != _spot(after):
        return MOVED
    return RETIMED if abs(after.start_at - before.start_at) >= NOTICED else None


def _absent(replan: Replan) -> str:
    return str(replan.facts["said"].get("worker_id") or "") if replan.kind == Replan.Kind.ABSENCE else ""


def _reason(replan: Replan, key: str, kind: str, before: Stop | None, away: str) -> Reason:
    if kind == REMOVED:
        return next((Reason(row["reason"]["code"], row["reason"]["facts"]) for row in replan.plan.unserved
                     if key in _keys_of(row)), Reason("no_longer_due"))  # fmt: skip
    if key == replan.target and kind != RETIMED:
        return Reason(_OF_TARGET[replan.kind])
    if before is not None and away and str(before.route.worker_id) == away:
        return Reason("worker_absent")
    if kind == ADDED:
        return Reason("has_room_now")
    return Reason("makes_room" if kind == MOVED else "follows")


def _keys_of(row: dict[str, Any]) -> set[str]:
    return {f"{kind}:{row[f'{kind}_id']}" for kind in ("appointment", "case", "place") if row.get(f"{kind}_id")}
