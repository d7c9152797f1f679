"""A division proposed by the engine from what is imported: streets, water, buildings, door plates and visit duties."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely
from django.db import connection
from shapely import LineString, MultiLineString, MultiPolygon, Polygon

from backend.accounts.actor import Actor
from backend.areas import access, force
from backend.areas.drafts import Drawn, create_draft
from backend.areas.errors import CannotPropose
from backend.areas.models import Area, Division
from gis.division import Demand, DivisionError, Figures, GridDraft, Ground, Street, Wish, propose
from gis.outlines import Shape

SOURCE = "proposal"
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
class Proposed:
    """The draft that was made, and how good it is."""

    division: Division
    figures: Figures


def propose_draft(*, actor: Actor, parent_code: str, wish: Wish, name: str, now: datetime) -> Proposed:
    """Cuts a street or community into grids as wished and keeps the result as a draft, to be checked and edited.

    Slow (seconds to minutes), and outside of any transaction until the draft is written. A grid that is mostly one of
    today keeps its code and names. Raises MayNotDivide, AreaNotFound, CannotPropose, and what `create_draft` raises.
    """
    access.refuse_readers(actor)
    parent = access.get_area(actor, parent_code)
    communities = force.last_published(parent, Area.Level.COMMUNITY) if parent.level != Area.Level.COMMUNITY else []
    today = force.shapes_of(force.last_published(parent, Area.Level.GRID))
    ground = _ground(parent, list(force.shapes_of(communities).values()), list(today.values()), now=now)
    try:
        proposal = propose(ground, wish)
    except DivisionError as error:
        raise CannotPropose(error.detail, field=error.field, reason=error.code) from error
    under = [one.area.code for one in communities] or [parent.code]
    drawn = drawn_of(proposal.grids, under=under, today=today)
    division = create_draft(
        actor=actor, parent_code=parent_code, level=Area.Level.GRID, name=name, now=now, drawn=drawn, source=SOURCE
    )
    return Proposed(division, proposal.figures)


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


def _ground(parent: Area, regions: list[Shape], existing: list[Shape], *, now: datetime) -> Ground:
    """What is imported of the parent's land. Raises CannotPropose where no outline or no network is known."""
    outline = force.ground_of(parent)
    if outline is None:
        raise CannotPropose(
            "the area has no outline yet; import its boundary first", field="parent", reason="no_outline"
        )
    said = {"ground": shapely.to_wkb(outline), "today": now.date()}
    drawn = [(kind, shapely.from_wkb(bytes(line))) for kind, line in _rows(_STREETS, said) + _rows(_WATER, said)]
    streets = [Street(line, kind) for kind, line in drawn if isinstance(line, LineString | MultiLineString)]
    if not streets:
        raise CannotPropose("no street is known here; import a network first", field="parent", reason="no_streets")
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
    )


def _rows(statement: str, said: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, said)
        return list(cursor.fetchall())
