"""A division proposed by the engine from what is imported: streets, water, buildings, door plates and visit duties."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely
from django.db import connection, transaction
from shapely import LineString, MultiLineString, MultiPolygon, Polygon

from backend.accounts.actor import Actor
from backend.areas import access, force
from backend.areas.drafts import Drawn, create_draft
from backend.areas.errors import CannotPropose
from backend.areas.models import Area, Division
from backend.areas.shapes import shape_of
from gis.division import Demand, DivisionError, Figures, GridDraft, Ground, Street, Wish, propose
from gis.division import Proposal as Answer
from gis.outlines import Shape

SOURCE = "proposal"
# A grid of this kind is a school, a market, a park: it is cut by hand, not by the number of its homes.
DEDICATED = "dedicated"
# A proposed grid is the grid of today with which it shares at least this part of the land of both together.
SAME_SHARE = 0.5

_STREETS = """
    SELECT highway, ST_AsBinary(line) FROM places_networkedge
    WHERE line && ST_GeomFromWKB(%(ground)s, 4326) ORDER BY number"""
_WATER = """
    SELECT 'water', ST_AsBinary(ST_Transform(shape, 4326)) FROM places_basefeature
    WHERE layer = 'water' AND ST_Dimension(shape) = 1
      AND shape && ST_Transform(ST_GeomFromWKB(%(ground)s, 4326), 3857) ORDER BY id"""
_BUILDINGS = """
    SELECT ST_AsBinary(ST_Transform(shape, 4326)) FROM places_basefeature
    WHERE layer = 'buildings' AND ST_Dimension(shape) = 2
      AND shape && ST_Transform(ST_GeomFromWKB(%(ground)s, 4326), 3857) ORDER BY id"""
_HOMES = """
    SELECT coalesce(sum(households), 0) FROM places_address
    WHERE ST_Intersects(location, ST_GeomFromWKB(%(ground)s, 4326))
      AND NOT ST_Intersects(location, ST_GeomFromWKB(%(set_aside)s, 4326))"""
_DOORS = """
    SELECT ST_X(location), ST_Y(location), households, 0, street || ' ' || plate FROM places_address
    WHERE ST_Intersects(location, ST_GeomFromWKB(%(ground)s, 4326))
    UNION ALL
    SELECT ST_X(place.location), ST_Y(place.location), 0,
           sum(7.0 * duty.dwell_minutes / duty.interval_days)::float8, NULL
    FROM places_visitduty AS duty JOIN places_place AS place ON place.id = duty.place_id
    WHERE place.is_active AND ST_Intersects(place.location, ST_GeomFromWKB(%(ground)s, 4326))
      AND (duty.ends_on IS NULL OR duty.ends_on >= %(today)s)
    GROUP BY place.id
    ORDER BY 1, 2, 3, 4"""


@dataclass(frozen=True, slots=True)
class Land:
    """An area with all that the engine needs of it, read once. `under`: code of each region of the ground.

    `today`: outlines of the grids that may live on under their codes; `dedicated`: codes of those that stay as they
    are, in the order of the ground's. `stamp` names the boundaries that all this was read from.
    """

    parent: Area
    ground: Ground
    under: list[str]
    today: dict[str, Shape]
    dedicated: list[str]
    stamp: str


@dataclass(frozen=True, slots=True)
class Homes:
    """What a proposal would share out: households outside of dedicated grids, and the regions that each need a grid."""

    households: int
    regions: int


@dataclass(frozen=True, slots=True)
class Proposed:
    """The draft that was made, and how good it is."""

    division: Division
    figures: Figures


def propose_draft(
    *, actor: Actor, parent_code: str, wish: Wish, name: str, now: datetime, keeps_dedicated: bool = True
) -> Proposed:
    """Cuts a street or community into grids as wished and keeps the result as a draft, to be checked and edited.

    Slow (seconds to minutes), and outside of any transaction until the draft is written. A grid that is mostly one of
    today keeps its code and names. Raises MayNotDivide, AreaNotFound, CannotPropose, and what `create_draft` raises.
    """
    access.refuse_readers(actor)
    land = land_of(access.get_area(actor, parent_code), keeps_dedicated=keeps_dedicated, now=now)
    proposal = solve(land, wish)
    return Proposed(write_draft(actor=actor, land=land, proposal=proposal, name=name, now=now), proposal.figures)


def land_of(parent: Area, *, keeps_dedicated: bool, now: datetime) -> Land:
    """What is imported and in force of the parent's land. Raises CannotPropose where outline or streets are missing.

    Dedicated grids are set aside; where they are not kept, they end and their ground is shared out like any other.
    """
    communities = force.last_published(parent, Area.Level.COMMUNITY) if parent.level != Area.Level.COMMUNITY else []
    grids = force.last_published(parent, Area.Level.GRID)
    kept = [one for one in grids if keeps_dedicated and one.kind == DEDICATED]
    others = [one for one in grids if one not in kept]
    set_aside, existing = force.shapes_of(kept), force.shapes_of(others)
    return Land(
        parent=parent,
        ground=_ground(
            parent,
            regions=list(force.shapes_of(communities).values()),
            existing=list(existing.values()),
            dedicated=list(set_aside.values()),
            now=now,
        ),
        under=[one.area.code for one in communities] or [parent.code],
        today={one.area.code: existing[one.area.code] for one in others if one.kind != DEDICATED},
        dedicated=list(set_aside),
        stamp=force.stamp_of(one.pk for one in grids),
    )


def homes_of(area: Area, *, keeps_dedicated: bool, now: datetime) -> Homes:
    """A quick look before a proposal is asked for. Raises CannotPropose where outline or streets are missing."""
    said = {"ground": shapely.to_wkb(_outline_of(area)), "today": now.date()}
    if not _rows(f"SELECT EXISTS ({_STREETS})", said)[0][0]:
        raise _no_streets()
    kept = [
        one.outline for one in force.last_published(area, Area.Level.GRID) if keeps_dedicated and one.kind == DEDICATED
    ]
    said["set_aside"] = shapely.to_wkb(shapely.union_all([shape_of(outline) for outline in kept]))
    regions = 1
    if area.level != Area.Level.COMMUNITY:
        regions = max(1, len(force.last_published(area, Area.Level.COMMUNITY)))
    return Homes(int(_rows(_HOMES, said)[0][0]), regions)


def solve(land: Land, wish: Wish) -> Answer:
    """The engine's answer for the land. Raises CannotPropose."""
    try:
        return propose(land.ground, wish)
    except DivisionError as error:
        raise CannotPropose(error.detail, field=error.field, reason=error.code) from error


@transaction.atomic
def write_draft(*, actor: Actor, land: Land, proposal: Answer, name: str, now: datetime) -> Division:
    """The proposal as a draft of the land's area. Raises CannotPropose when other boundaries were published meanwhile,
    and what `create_draft` raises.
    """
    kept = [
        Drawn(outline, code=code, kind=DEDICATED)
        for code, outline in zip(land.dedicated, proposal.dedicated, strict=True)
    ]
    division = create_draft(
        actor=actor,
        parent_code=land.parent.code,
        level=Area.Level.GRID,
        name=name,
        now=now,
        drawn=kept + drawn_of(proposal.grids, under=land.under, today=land.today),
        source=SOURCE,
    )
    if division.base_stamp != land.stamp:
        raise CannotPropose(
            "other boundaries were published meanwhile; ask again", field="area", reason="boundaries_changed"
        )
    return division


def drawn_of(grids: Sequence[GridDraft], *, under: Sequence[str], today: Mapping[str, Shape]) -> list[Drawn]:
    """Outlines for a draft. `under`: code of each region; `today`: grids in force, whose codes live on."""
    pairs = []
    codes = list(today)
    tree = shapely.STRtree([today[code] for code in codes])
    for number, grid in enumerate(grids):
        for at in tree.query(grid.outline, predicate="intersects").tolist():
            code = codes[at]
            common = shapely.area(shapely.intersection(grid.outline, today[code]))
            share = common / (grid.outline.area + today[code].area - common)
            if share >= SAME_SHARE and code.startswith(under[grid.region]):
                pairs.append((-share, code, number))
    same: dict[int, str] = {}
    for _, code, number in sorted(pairs):
        if number not in same and code not in same.values():
            same[number] = code
    kept = [Drawn(grids[number].outline, code=code) for number, code in sorted(same.items())]
    # Codes of today first: a new grid never takes one of them.
    return kept + [
        Drawn(grid.outline, under_code=under[grid.region]) for number, grid in enumerate(grids) if number not in same
    ]


def _ground(
    parent: Area, *, regions: list[Shape], existing: list[Shape], dedicated: list[Shape], now: datetime
) -> Ground:
    outline = _outline_of(parent)
    said = {"ground": shapely.to_wkb(outline), "today": now.date()}
    drawn = [(kind, shapely.from_wkb(bytes(line))) for kind, line in _rows(_STREETS, said) + _rows(_WATER, said)]
    streets = [Street(line, kind) for kind, line in drawn if isinstance(line, LineString | MultiLineString)]
    if not streets:
        raise _no_streets()
    buildings = [shapely.from_wkb(bytes(shape)) for (shape,) in _rows(_BUILDINGS, said)]
    doors = _rows(_DOORS, said)
    lons, lats, households, minutes, compounds = zip(*doors, strict=True) if doors else ((), (), (), (), ())
    return Ground(
        parent=outline,
        streets=streets,
        buildings=[one for one in buildings if isinstance(one, Polygon | MultiPolygon) and one.is_valid],
        demand=Demand(lons, lats, [float(one) for one in households], [float(one) for one in minutes], compounds),
        regions=regions,
        existing=existing,
        dedicated=dedicated,
    )


def _outline_of(area: Area) -> Shape:
    outline = force.ground_of(area)
    if outline is None:
        raise CannotPropose("the area has no outline yet; import its boundary first", field="area", reason="no_outline")
    return outline


def _no_streets() -> CannotPropose:
    return CannotPropose("no street is known here; import a network first", field="area", reason="no_streets")


def _rows(statement: str, said: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, said)
        return list(cursor.fetchall())
