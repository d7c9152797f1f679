"""What of an area was walked in some weeks, and what waits: streets, ground and duties by grid. Nobody is named.

Walked is what lies within SIGHT_M of any cleaned patrol of those weeks, by whomever and however often: no count, no
moment and no worker is in the answer. Which streets they are is told to the roles that may see tracks
(`patrols.queries.TRACK_ROLES`); the others read shares.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import shapely
from django.contrib.gis.geos import Polygon
from django.db.models import Q

from backend.accounts.actor import Actor
from backend.accounts.roles import Role
from backend.areas.models import Area, within
from backend.areas.shapes import shape_of
from backend.core.clock import LOCAL
from backend.patrols import queries as patrols
from backend.patrols.models import PatrolSession
from backend.places import overdue
from backend.places.models import NetworkEdge
from backend.stats.hotspots import Ground, ground_of
from gis.coordinates import MetricZone
from gis.tracks import GroundSeen, Trodden, ground_seen

SIGHT_M: Final = 25.0
WEEKS_MOST: Final = 13
_STREET_ROLES: Final = patrols.TRACK_ROLES | {Role.SYSTEM}

Ring = list[list[float]]
Watch = Callable[[Sequence[PatrolSession]], Iterable[PatrolSession]]


@dataclass(frozen=True, slots=True)
class GridLine:
    """One grid: metres of street, shares of 1 (None where there is no street), and its places with a duty."""

    code: str
    name: str
    name_en: str
    community: str
    community_en: str
    street_m: float
    walked_m: float
    street_share: float | None
    ground_share: float
    places: int
    unseen: int
    overdue: int
    outline: list[Ring]


@dataclass(frozen=True, slots=True)
class PlaceSpot:
    """A place that nobody looked at for long, or whose duty is overdue; homes are in the counts alone."""

    name: str
    name_en: str
    grid: str
    lon: float
    lat: float
    unseen_days: int | None
    overdue_days: int


@dataclass(frozen=True, slots=True)
class CoverageFacts:
    """Everything that a coverage map says; plain values, so that it can be kept.

    `streets` None: the role reads shares only. `patrols_gone`: patrols of those weeks whose positions are deleted.
    """

    area_code: str
    area_name: str
    area_name_en: str
    since: str
    until: str
    made_at: str
    unseen_days: int
    patrols: int
    patrols_gone: int
    street_m: float
    walked_m: float
    ground_share: float
    walked: list[Ring] | None
    not_walked: list[Ring] | None
    grids: list[GridLine]
    places: list[PlaceSpot]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(told: dict[str, Any]) -> "CoverageFacts":
        grids = [GridLine(**line) for line in told["grids"]]
        return CoverageFacts(**{**told, "grids": grids, "places": [PlaceSpot(**spot) for spot in told["places"]]})


def coverage_of(
    actor: Actor, *, area: Area, week_start: date, weeks: int, unseen_days: int, now: datetime, watch: Watch = iter
) -> CoverageFacts:
    """The coverage of an area from a Monday on, over whole weeks; duties and boundaries as they are now.

    `watch` gets the patrols and hands them on one by one: a progress bar, a claim that is renewed. Raises NoGround.
    """
    ground = ground_of(actor, area, now=now)
    since, until = week_start, week_start + timedelta(days=7 * weeks - 1)
    sessions = _sessions(actor, area, since, until)
    kept = [session for session in sessions if session.raw_dropped_at is None]
    trodden = Trodden(MetricZone.of(ground.shape))
    for session in watch(kept):
        for track in patrols.clean_tracks([session], now=now):
            trodden.add(track)
    parts = [shape_of(grid.outline) for grid in ground.grids]
    found = ground_seen(_streets(ground), parts, trodden, sight_m=SIGHT_M)
    today = now.astimezone(LOCAL).date()
    may_see = actor.role in _STREET_ROLES
    sizes = [grid.area_m2 for grid in ground.grids]
    shares = [part.ground_share for part in found.parts]
    return CoverageFacts(
        area_code=area.code,
        area_name=area.name,
        area_name_en=area.name_en,
        since=str(since),
        until=str(until),
        made_at=now.isoformat(),
        unseen_days=unseen_days,
        patrols=len(kept),
        patrols_gone=len(sessions) - len(kept),
        street_m=round(found.street_m),
        walked_m=round(found.seen_m),
        ground_share=round(sum(size * share for size, share in zip(sizes, shares, strict=True)) / sum(sizes), 4),
        walked=_rings(found.seen) if may_see else None,
        not_walked=_rings(found.unseen) if may_see else None,
        grids=_grid_lines(actor, ground, found, today=today, unseen_days=unseen_days),
        places=_spots(actor, area, today=today, unseen_days=unseen_days),
    )


def _sessions(actor: Actor, area: Area, since: date, until: date) -> list[PatrolSession]:
    """Patrols that may have led through the area: of its own grids, of those beside, of whoever had duty in it."""
    near = area.parent.path if area.level == Area.Level.GRID and area.parent else area.path
    held = Q(worker__duties__grid__path__startswith=area.path)
    found = PatrolSession.objects.visible_to(actor).filter(day__gte=since, day__lte=until)
    return list(found.filter(within([near], "area_path") | held).order_by("day", "started_at", "pk").distinct())


def _streets(ground: Ground) -> list[shapely.LineString]:
    box = Polygon.from_bbox(ground.shape.bounds)
    lines = NetworkEdge.objects.filter(line__bboverlaps=box).order_by("number").values_list("line", flat=True)
    return [shapely.LineString(line.coords) for line in lines]


def _rings(lines: Iterable[shapely.LineString]) -> list[Ring]:
    return [[[round(x, 6), round(y, 6)] for x, y in line.coords] for line in lines]


def _grid_lines(actor: Actor, ground: Ground, found: GroundSeen, *, today: date, unseen_days: int) -> list[GridLine]:
    counts = overdue.counts_by_grid(actor, today=today, unseen_days=unseen_days, path=ground.area.path)
    lines = []
    for boundary, part in zip(ground.grids, found.parts, strict=True):
        grid, community = boundary.area, boundary.area.parent
        held = counts.get(grid.code, overdue.NOTHING)
        lines.append(
            GridLine(
                code=grid.code,
                name=grid.name,
                name_en=grid.name_en,
                community=community.name if community else "",
                community_en=community.name_en if community else "",
                street_m=round(part.street_m),
                walked_m=round(part.seen_m),
                street_share=None if part.street_share is None else round(part.street_share, 4),
                ground_share=round(part.ground_share, 4),
                places=held.places,
                unseen=held.unseen,
                overdue=held.overdue,
                outline=[
                    [[round(x, 6), round(y, 6)] for x, y in polygon.exterior.coords]
                    for polygon in shape_of(boundary.outline).geoms
                ],
            )
        )
    return lines


def _spots(actor: Actor, area: Area, *, today: date, unseen_days: int) -> list[PlaceSpot]:
    lines = overdue.waiting_places(actor, today=today, unseen_days=unseen_days, path=area.path)
    return [
        PlaceSpot(
            name=line.place.name,
            name_en=line.place.name_en,
            grid=line.place.grid.code if line.place.grid else "",
            lon=round(line.place.location.x, 6),
            lat=round(line.place.location.y, 6),
            unseen_days=line.unseen_days,
            overdue_days=line.overdue_days,
        )
        for line in lines
    ]
