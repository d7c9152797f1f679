"""What a draft would move, by old and new grid, before anything is published. Reads only."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import numpy as np
import shapely
from django.db import connection

from backend.accounts.actor import Actor
from backend.areas import access, force
from backend.areas.checking import Draft, draft_of
from backend.areas.heirs import closings_of_draft
from backend.areas.models import Area, Division, Duty
from backend.cases.workflow import OPEN_STATES, State
from backend.dispatch import succession
from backend.dispatch.succession import Naming
from gis.lineage import Kinship, descent_of
from gis.locate import GridIndex, GridShape
from gis.outlines import Shape, polygons_of

_DRAFTS: Final = (Division.State.DRAFT, Division.State.CHECKED)
KINDS: Final = ("cases", "appointments", "stops", "places", "households")
_ENDED = sorted(state.value for state in set(State) - OPEN_STATES)
_SQL = """
    SELECT 'cases', grid.code, 1, ST_X(one.location), ST_Y(one.location)
    FROM cases_case AS one LEFT JOIN areas_area AS grid ON grid.id = one.grid_id
    WHERE one.state <> ALL(%(ended)s) AND one.area_path LIKE %(below)s
    UNION ALL
    SELECT 'appointments', grid.code, 1, ST_X(held.location), ST_Y(held.location)
    FROM inspections_appointment AS one JOIN areas_area AS grid ON grid.id = one.grid_id
    JOIN cases_case AS held ON held.id = one.case_id
    WHERE one.state = 'booked' AND upper(one."window") > %(now)s AND grid.path LIKE %(below)s
    UNION ALL
    SELECT 'stops', grid.code, 1, ST_X(one.location), ST_Y(one.location)
    FROM inspections_stop AS one JOIN inspections_route AS route ON route.id = one.route_id
    JOIN inspections_weeklyplan AS plan ON plan.id = route.plan_id JOIN areas_area AS grid ON grid.id = plan.grid_id
    WHERE plan.state = 'published' AND one.state = 'planned' AND one.start_at > %(now)s AND grid.path LIKE %(below)s
    UNION ALL
    SELECT 'places', grid.code, 1, ST_X(one.location), ST_Y(one.location)
    FROM places_place AS one JOIN areas_area AS grid ON grid.id = one.grid_id
    WHERE one.is_active AND grid.path LIKE %(below)s
    UNION ALL
    SELECT 'households', grid.code, one.households, ST_X(one.location), ST_Y(one.location)
    FROM places_address AS one JOIN areas_area AS grid ON grid.id = one.grid_id
    WHERE grid.path LIKE %(below)s"""


@dataclass
class Pair:
    """What lies in one old and one new grid. An empty code: in none. `kind`: how the new came from the old."""

    old_code: str
    new_code: str
    kind: str
    shared_m2: float = 0.0
    ground: Shape | None = None
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*KINDS, "workers"), 0))

    @property
    def is_moved(self) -> bool:
        return self.old_code != self.new_code


@dataclass(frozen=True)
class Impact:
    """Pairs by old and new code; totals of what changes its grid; names of all grids by code.

    `named`: rules and department duty that name what the draft closes, those in the way first.
    """

    version: int
    pairs: list[Pair]
    totals: dict[str, int]
    names: dict[str, tuple[str, str]]
    named: list[Naming]


def impact_of(*, actor: Actor, division_id: UUID, now: datetime) -> Impact:
    """How the draft would lie over what is published last and over the work of `now`. Raises DivisionNotFound."""
    division = access.get_division(actor, division_id)
    draft = draft_of(division)
    base = force.last_published(division.parent, division.level)
    old = force.shapes_of(base)
    pairs = _lineage(draft, old)
    if division.level == Area.Level.GRID and draft.shapes:
        _count(division, draft, pairs, now)
    workers = _count_workers(pairs, now)
    ordered = sorted(pairs.values(), key=lambda pair: (pair.old_code, pair.new_code))
    totals = {kind: sum(pair.counts[kind] for pair in ordered if pair.is_moved) for kind in KINDS}
    totals["workers"] = workers
    names = {boundary.area.code: (boundary.name, boundary.name_en) for boundary in base} | dict(draft.names)
    named = succession.names_closed(closings_of_draft(draft), at=now) if division.state in _DRAFTS else []
    return Impact(division.version, ordered, totals, names, named)


def _lineage(draft: Draft, old: dict[str, Shape]) -> dict[tuple[str, str], Pair]:
    pairs = {}
    for line in descent_of(old, draft.shapes):
        ground = None
        if line.kind is not Kinship.KEPT and line.old is not None and line.old != line.new:
            parts = polygons_of(shapely.intersection(old[line.old], draft.shapes[line.new]))
            ground = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
        key = (line.old or "", line.new)
        pairs[key] = Pair(*key, line.kind.value, line.shared_m2, ground)
    return pairs


def _count(division: Division, draft: Draft, pairs: dict[tuple[str, str], Pair], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"ended": _ENDED, "below": division.parent.path + "%", "now": now})
        rows = cursor.fetchall()
    if not rows:
        return
    index = GridIndex([GridShape(code, code, shape) for code, shape in draft.shapes.items()])
    spots = np.array([row[3:] for row in rows], dtype=float)
    owners = index.locate_batch(spots[:, 0], spots[:, 1]).tolist()
    for (kind, old_code, amount, _, _), owner in zip(rows, owners, strict=True):
        key = (old_code or "", index.grids[owner].code if owner >= 0 else "")
        pair = pairs.setdefault(key, Pair(*key, Kinship.MOVED.value))
        pair.counts[kind] += amount


def _count_workers(pairs: dict[tuple[str, str], Pair], now: datetime) -> int:
    """People on duty in an old grid, at each new grid that takes ground of it; how many are touched, each once."""
    teams: dict[str, set[object]] = defaultdict(set)
    codes = {pair.old_code for pair in pairs.values()}
    duties = Duty.objects.filter(grid__code__in=codes, valid__contains=now).values_list("grid__code", "worker_id")
    for code, worker_id in duties:
        teams[code].add(worker_id)
    for pair in pairs.values():
        pair.counts["workers"] = len(teams[pair.old_code])
    return len(set().union(*(teams[pair.old_code] for pair in pairs.values() if pair.is_moved)))
