"""The moment of a division: open work comes to the grids that are in force from then on, once, all or nothing.

Readers have switched by themselves, since boundaries carry their periods. Here follow places and door plates, open
cases (a new decision and a line in the history), appointments, and the rounds of every team whose ground changed. One
transaction per division: a crash leaves it to the next sweep. What was reported by a request that was under way at the
moment is found by a second look, SETTLE_AFTER later.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import shapely
from django.db import connection, transaction
from django.db.models import Q

from backend.areas import force, switching
from backend.areas.models import Area, Division
from backend.areas.publishing import lock_publishing
from backend.cases.rehoming import rehome_cases
from backend.cases.workflow import OPEN_STATES, State
from backend.core import outbox
from backend.core.clock import week_start_of
from backend.dispatch import ruling_places, succession
from backend.inspections import plans
from backend.inspections.models import Route, Stop, WeeklyPlan
from backend.places.rehoming import located, rehome_ground
from gis.locate.rule import DEGREE_M

log = logging.getLogger(__name__)

SETTLE_AFTER = timedelta(minutes=3)
SNAP_REACH_M = 30.0
_SKIPPED = "网格调整 / boundaries changed: {name}"
_IN_FORCE = (Division.State.PUBLISHED,)
_ENDED = sorted(state.value for state in set(State) - OPEN_STATES)
_OPEN_CASES = """
    SELECT one.id::text, one.grid_id::text, ST_X(one.location), ST_Y(one.location), coalesce(one.accuracy_m, 0)
    FROM cases_case AS one
    WHERE one.state <> ALL(%(ended)s)
      AND (one.area_path LIKE %(below)s OR (one.grid_id IS NULL AND one.location && ST_GeomFromWKB(%(ground)s, 4326)))
    ORDER BY one.id"""
_FOLLOW_CASES = """
    WITH held AS (
        SELECT one.id, cases_case.grid_id
        FROM inspections_appointment AS one JOIN cases_case ON cases_case.id = one.case_id
        WHERE one.state = 'booked' AND cases_case.grid_id IS NOT NULL
          AND one.grid_id <> cases_case.grid_id AND cases_case.area_path LIKE %(below)s
        ORDER BY one.id FOR NO KEY UPDATE OF one)
    UPDATE inspections_appointment AS one SET grid_id = held.grid_id FROM held WHERE held.id = one.id"""


@dataclass(frozen=True)
class Touched:
    """Grids whose ground changed: those that go on or are new, and those that were closed."""

    going_on: tuple[Area, ...]
    closed: tuple[Area, ...]

    @property
    def ids(self) -> frozenset[UUID]:
        return frozenset(area.pk for area in (*self.going_on, *self.closed))


def switch_due(*, now: datetime) -> int:
    """Brings open work home for every division whose moment has come, in their order; how many were switched."""
    due = Division.objects.filter(state__in=_IN_FORCE, effective_at__lte=now)
    switched = sum(
        switch_division(division_id=pk, now=now)
        for pk in due.filter(switched_at=None).order_by("effective_at", "id").values_list("pk", flat=True)
    )
    for pk in due.filter(settled_at=None, switched_at__lte=now - SETTLE_AFTER).values_list("pk", flat=True):
        settle_division(division_id=pk, now=now)
    return switched


@transaction.atomic
def switch_division(*, division_id: UUID, now: datetime) -> bool:
    """Once. False: another run was first, has it in hand, or the moment has not come."""
    lock_publishing()
    division = _claimed(Q(pk=division_id, switched_at=None, effective_at__lte=now))
    if division is None:
        return False
    force.lock_grids(division.parent.path)
    switching.take_names(division)
    succession.hand_over(division, now=now)
    ruling_places.carry(division)
    division.moved = bring_home(division, now=now)
    division.switched_at = now
    division.save(update_fields=["moved", "switched_at"])
    return True


@transaction.atomic
def settle_division(*, division_id: UUID, now: datetime) -> bool:
    """The second look, once: what was written while the switch ran."""
    division = _claimed(Q(pk=division_id, settled_at=None, switched_at__isnull=False))
    if division is None:
        return False
    ruling_places.carry(division)
    late = bring_home(division, now=now)
    if any(late.values()):
        log.info("division %s: %s came late", division.pk, late)
    division.moved = {kind: count + late.get(kind, 0) for kind, count in division.moved.items()}
    division.settled_at = now
    division.save(update_fields=["moved", "settled_at"])
    return True


def _claimed(condition: Q) -> Division | None:
    found = Division.objects.select_for_update(skip_locked=True, of=("self",)).select_related("parent")
    return found.filter(condition, state__in=_IN_FORCE).first()


def bring_home(division: Division, *, now: datetime) -> dict[str, int]:
    """Moves everything open under the division's parent to the grids in force; how many rows, by kind.

    Runs inside the transaction that marks the division. Raises what the rooms below raise.
    """
    path = division.parent.path
    touched = touched_by(division)
    force.lock_grids(path)
    stops = _stops_ahead(touched, now)
    moved = rehome_ground(path, now=now)
    looked_at = _open_cases(division, touched, now)
    moved["cases"] = len(rehome_cases(looked_at, change_id=division.pk, now=now))
    moved["appointments"] = _follow_cases(path)
    moved["stops"] = stops if any(moved.values()) or touched.closed else 0
    if any(moved.values()) or touched.closed:
        _plan_again(division, touched, now)
        for area in (*touched.going_on, *touched.closed, division.parent):
            outbox.owe("division_switched", division.pk, now=now, area_path=area.path, level=division.level)
    _bring_latest(division, touched, moved, looked_at=frozenset(looked_at), now=now)
    return moved


def _bring_latest(
    division: Division, touched: Touched, moved: dict[str, int], *, looked_at: frozenset[str], now: datetime
) -> None:
    """What was reported while the rest went on; from here to the commit reports wait with their last step."""
    switching.bar_reports()
    latest = _open_cases(division, touched, now, but=looked_at)
    moved["cases"] += len(rehome_cases(latest, change_id=division.pk, now=now))


def _follow_cases(path: str) -> int:
    """Booked appointments go to the grids of their cases; how many."""
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOW_CASES, {"below": path + "%"})
        return int(cursor.rowcount)


def touched_by(division: Division) -> Touched:
    """Grids whose ground the division changed; none where it drew communities."""
    if division.level != Area.Level.GRID:
        return Touched((), ())
    new: dict[UUID, Area] = {}
    old: dict[UUID, Area] = {}
    for line in division.lineage.exclude(kind="kept").select_related("old", "new"):
        new |= {line.new.pk: line.new} if line.new else {}
        old |= {line.old.pk: line.old} if line.old else {}
    in_force = set(division.boundaries.values_list("area_id", flat=True))
    going_on = {pk: area for pk, area in (old | new).items() if pk in in_force}
    closed = {pk: area for pk, area in old.items() if pk not in in_force}
    return Touched(
        tuple(sorted(going_on.values(), key=lambda area: area.code)),
        tuple(sorted(closed.values(), key=lambda area: area.code)),
    )


def _open_cases(division: Division, touched: Touched, now: datetime, *, but: frozenset[str] = frozenset()) -> list[str]:
    """Open cases that may have another answer now: in or near changed ground, or in no grid; ids as text.

    Fifty thousand cases would spend a second on UUID objects that nobody looks at.
    """
    ground = force.ground_of(division.parent)
    if ground is None:
        return []
    parameters: dict[str, Any] = {
        "ended": _ENDED, "below": division.parent.path + "%", "ground": shapely.to_wkb(ground.envelope)
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_CASES, parameters)
        rows = [row for row in cursor.fetchall() if row[0] not in but]
    if not rows:
        return []
    owners = located([(row[2], row[3]) for row in rows], now=now)
    near = _near(division, touched, rows)
    touched_ids = touched.ids
    return [
        row[0]
        for row, owner, is_near in zip(rows, owners, near, strict=True)
        if is_near or owner in touched_ids or (str(owner) if owner else None) != row[1]
    ]


def _near(division: Division, touched: Touched, rows: list[tuple[str, str, float, float, float]]) -> list[bool]:
    """Whether a point with its accuracy reaches ground that changed."""
    outlines = [boundary.outline for boundary in division.boundaries.all() if boundary.area_id in touched.ids]
    if not outlines:
        return [False] * len(rows)
    ground = shapely.union_all(shapely.from_wkb([bytes(one.wkb) for one in outlines]))
    shapely.prepare(ground)
    figures = np.array([row[2:] for row in rows], dtype=float)
    reach = (figures[:, 2] + SNAP_REACH_M) / (DEGREE_M * np.cos(np.radians(figures[:, 1])))
    return [bool(one) for one in np.atleast_1d(shapely.dwithin(shapely.points(figures[:, :2]), ground, reach))]


def _stops_ahead(touched: Touched, now: datetime) -> int:
    return (
        Stop.objects.published()
        .filter(route__plan__grid__in=touched.ids, state=Stop.State.PLANNED, start_at__gt=now)
        .count()
    )


def _plan_again(division: Division, touched: Touched, now: datetime) -> None:
    """Ends what closed grids had planned from now on, and asks for new plans of all weeks that were planned.

    The plans are asked for in a subquery: an update through a join would find a stop by its old state, and take back
    what a sweep ended meanwhile (`visits._claimed`).
    """
    ahead = WeeklyPlan.objects.filter(
        grid__in=touched.ids, state=WeeklyPlan.State.PUBLISHED, week_start__gte=week_start_of(now)
    )
    weeks = sorted(set(ahead.values_list("week_start", flat=True)))
    routes = Route.objects.filter(plan__in=ahead.filter(grid__in=touched.closed))
    Stop.objects.filter(route__in=routes, state=Stop.State.PLANNED, start_at__gt=now).update(
        state=Stop.State.SKIPPED, ended_at=now, skip_reason=_SKIPPED.format(name=division.name)[:300]
    )
    for week_start in weeks:
        if touched.going_on:
            plans.ask(touched.going_on, week_start=week_start, asked_by=None, now=now, publish=True)
