"""Between whom a dispute is: the neighbour across the nearest border, the level that rules, the owners named."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib.gis.geos import LineString

from backend.accounts.models import Department
from backend.areas import queries as areas
from backend.areas.models import Area, Boundary
from backend.areas.neighbours import neighbours_at
from backend.cases.errors import UnknownOwner
from backend.cases.models import Case

# Deeper inside its grid than this a case is not about the border.
BORDER_CASE_M: Final = 100.0
# Parts of a path down to each level: city, county, street, community, grid.
_DEPTHS: Final = {1: Area.Level.CITY, 2: Area.Level.COUNTY, 3: Area.Level.STREET, 4: Area.Level.COMMUNITY}
_STREET_DEPTH: Final = 3


@dataclass(frozen=True, slots=True)
class Sides:
    """The other side of a dispute, the border between, and the area whose desk rules."""

    other_grid: Area | None
    boundary: Boundary | None
    other_boundary: Boundary | None
    stretch: LineString | None
    border_m: float | None
    level: str
    arbiter_path: str


def sides_of(case: Case, *, proposed: Area | None, concerns_department: bool, now: datetime) -> Sides:
    """The proposed grid, or the neighbour whose border is nearest and within BORDER_CASE_M.

    Two grids of one community are the community's to rule on, of one street the street's, and so on; whatever concerns
    a department is the street's.
    """
    boundary = areas.boundary_in_force(case.grid, now=now) if case.grid else None
    other, other_boundary, stretch, border_m = proposed, None, None, None
    lon, lat = case.location.coords
    for one in neighbours_at(boundary, (lon, lat), now=now) if boundary else []:
        if one.distance_m > BORDER_CASE_M or (concerns_department and proposed is None):
            break
        if proposed is None or one.boundary.area_id == proposed.pk:
            other, other_boundary = one.boundary.area, one.boundary
            stretch, border_m = one.stretch, one.distance_m
            break
    depth, path = _common(case.area_path, other.path if other else case.area_path)
    if concerns_department:
        depth = min(depth, _STREET_DEPTH)
    level = _DEPTHS[max(1, min(depth, 4))]
    return Sides(other, boundary, other_boundary, stretch, border_m, level, path_down_to(path, depth))


def _common(first: str, second: str) -> tuple[int, str]:
    """How many parts two paths share, at most those of a community."""
    parts = list(zip(first.rstrip(".").split("."), second.rstrip(".").split("."), strict=False))
    depth = next((n for n, (a, b) in enumerate(parts) if a != b), len(parts))
    return min(depth, 4), first


def path_down_to(path: str, depth: int) -> str:
    """`path_down_to("3302.81.002.011.001.", 3)` is the path of the street, `3302.81.002.`."""
    return ".".join(path.rstrip(".").split(".")[:depth]) + "."


def street_of(path: str) -> str:
    return path_down_to(path, _STREET_DEPTH)


def named_grid(code: str, *, field: str, now: datetime) -> Area:
    """A grid by its full code. Raises UnknownOwner for one that is not in force."""
    grid = Area.objects.open_at(now).filter(level=Area.Level.GRID, code=code).first()
    if grid is None or areas.boundary_in_force(grid, now=now) is None:
        raise UnknownOwner("no such grid is in force", field=field)
    return grid


def named_department(department_id: UUID, *, field: str) -> Department:
    """An active department. Raises UnknownOwner."""
    department = Department.objects.filter(pk=department_id, is_active=True).first()
    if department is None:
        raise UnknownOwner("no such department", field=field)
    return department
