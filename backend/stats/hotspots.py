"""Where more cases are reported than chance puts there: hexagons with small cells kept back (`gis.hotspots`).

What is told may be handed on: no cell leads to a household, and no person is in it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

import numpy as np
import shapely
from django.contrib.gis.geos import Polygon
from django.db.models import F, FloatField, Func, Sum

from backend.accounts.actor import Actor
from backend.areas.models import Area, Boundary
from backend.areas.shapes import shape_of
from backend.cases.models import Case
from backend.matters.models import Matter
from backend.places.models import Address
from backend.stats.errors import CellsTooSmall, MatterUnknown, NoGround
from gis.hotspots import CELLS_MOST, HexLattice, TooManyCells, hot_levels, kept_back
from gis.outlines import Shape

# domain_standards §10 P4: people on maps are put together to at least five households; five cases as well.
LEAST: Final = 5
CHANNELS: Final = tuple(channel.value for channel in Case.Channel)


@dataclass(frozen=True, slots=True)
class Ground:
    """Grids in force of an area, by code, with all of their outlines as one shape (WGS84)."""

    area: Area
    grids: list[Boundary]
    shape: Shape


@dataclass(frozen=True, slots=True)
class HotCell:
    """A cell of the map. `cases` None: fewer than LEAST, or too few homes, and not told. `level` 0 to 3, 3 the surest.

    `grid` is the one in which its middle lies; None just outside.
    """

    shape: shapely.Polygon
    cases: int | None
    level: int
    grid: Area | None


@dataclass(frozen=True, slots=True)
class HotspotMap:
    """Cells that are told, the hottest first; `looked_at` is how many there are with those that are not."""

    ground: Ground
    since: datetime
    until: datetime
    matter: Matter | None
    channel: str
    cell_m: int
    looked_at: int
    cells: list[HotCell]


def ground_of(actor: Actor, area: Area, *, now: datetime) -> Ground:
    """The grids of an area as far as they are the actor's. Raises NoGround."""
    found = Boundary.objects.visible_to(actor).in_force(now)
    found = found.filter(area__level=Area.Level.GRID, area__path__startswith=area.path)
    grids = list(found.select_related("area__parent").order_by("area__code"))
    if not grids:
        raise NoGround("no grid of this area has a boundary in force; name another area", field="area")
    # Grids of one division share their borders to the last digit.
    whole = cast(Shape, shapely.union_all([shape_of(grid.outline) for grid in grids]))
    return Ground(area, grids, whole)


def hotspots(
    actor: Actor,
    *,
    since: datetime,
    until: datetime,
    area: Area,
    matter_code: str = "",
    channel: str = "",
    cell_m: int,
    now: datetime,
) -> HotspotMap:
    """Cases of an area that were reported between two moments (until excluded), on cells of `cell_m` metres.

    Raises NoGround, MatterUnknown, CellsTooSmall.
    """
    matter = _matter(matter_code)
    ground = ground_of(actor, area, now=now)
    try:
        lattice = HexLattice.over(ground.shape, size_m=cell_m)
    except TooManyCells as error:
        least_m = int(np.ceil(cell_m * np.sqrt(error.cells / CELLS_MOST) / 50) * 50)
        raise CellsTooSmall(
            f"the area is too large for cells of {cell_m} m; take {least_m} m or more", field="cell_m", least_m=least_m
        ) from error
    counts, at_homes = _counted(actor, lattice, since=since, until=until, matter=matter, channel=channel)
    homes = _homes(lattice)
    # Where no home is known, nobody's home is named; unless the case itself is a call at one.
    is_few = (homes < LEAST) & ((homes > 0) | at_homes)
    around = lattice.around()
    shown = kept_back(counts, hot_levels(counts, around), around, least=LEAST, is_few=is_few)
    told = np.flatnonzero((shown.counts >= 0) | (shown.levels > 0))
    order = told[np.lexsort((told, -shown.counts[told], -shown.levels[told]))]
    shapes, grids = lattice.polygons(), _grids_of(ground, lattice)
    cells = [
        HotCell(
            shapes[number],
            int(shown.counts[number]) if shown.counts[number] >= 0 else None,
            int(shown.levels[number]),
            grids[number],
        )
        for number in order.tolist()
    ]
    return HotspotMap(ground, since, until, matter, channel, cell_m, len(lattice), cells)


def _matter(code: str) -> Matter | None:
    if not code:
        return None
    found = Matter.objects.filter(code=code).order_by("-version").first()
    if found is None:
        raise MatterUnknown("no matter has this code; take one of the matter list", field="matter")
    return found


def _counted(
    actor: Actor, lattice: HexLattice, *, since: datetime, until: datetime, matter: Matter | None, channel: str
) -> tuple[np.ndarray, np.ndarray]:
    """Cases of each cell, and whether one of them is a service at somebody's home."""
    cases = Case.objects.visible_to(actor).filter(reported_at__gte=since, reported_at__lt=until)
    if matter is not None:
        cases = cases.filter(matter__code=matter.code)
    if channel:
        cases = cases.filter(channel=channel)
    rows = list(cases.values_list(_ordinate("X"), _ordinate("Y"), "matter__kind"))
    cells = lattice.cells_of([row[0] for row in rows], [row[1] for row in rows]) if rows else np.zeros(0, dtype=int)
    inside = cells >= 0
    at_home = np.array([row[2] == Matter.Kind.HOME_SERVICE for row in rows], dtype=bool)
    counts = np.bincount(cells[inside], minlength=len(lattice)).astype(np.int64)
    return counts, np.bincount(cells[inside & at_home], minlength=len(lattice)) > 0


def _homes(lattice: HexLattice) -> np.ndarray:
    """Households known in each cell."""
    west, south, east, north = shapely.total_bounds(lattice.polygons())
    found = Address.objects.filter(location__contained=Polygon.from_bbox((west, south, east, north)), households__gt=0)
    rows = list(found.values_list(_ordinate("X"), _ordinate("Y")).annotate(homes=Sum("households")).order_by())
    if not rows:
        return np.zeros(len(lattice), dtype=np.int64)
    cells = lattice.cells_of([row[0] for row in rows], [row[1] for row in rows])
    inside = cells >= 0
    weights = np.array([row[2] for row in rows], dtype=np.float64)[inside]
    return np.bincount(cells[inside], weights=weights, minlength=len(lattice)).astype(np.int64)


def _grids_of(ground: Ground, lattice: HexLattice) -> list[Area | None]:
    lons, lats = lattice.centres()
    tree = shapely.STRtree([shape_of(grid.outline) for grid in ground.grids])
    points, owners = tree.query(shapely.points(lons, lats), predicate="intersects")
    found: dict[int, int] = {}
    for point, owner in zip(points.tolist(), owners.tolist(), strict=True):
        found[point] = min(owner, found.get(point, owner))
    return [ground.grids[found[number]].area if number in found else None for number in range(len(lattice))]


def _ordinate(axis: str) -> Func:
    return Func(F("location"), function=f"ST_{axis}", output_field=FloatField())
