"""Whom a worker or a desk may name as the owner: the grids beside, and the departments."""

from datetime import datetime

from backend.accounts.actor import Actor
from backend.accounts.models import Department
from backend.areas import queries as areas
from backend.areas.models import Area
from backend.areas.neighbours import grids_beside, neighbours_at
from backend.cases.disputes.sides import street_of
from backend.cases.models import Dispute
from backend.cases.queries import departments


def around(actor: Actor, *, now: datetime) -> tuple[list[Area], list[Department]]:
    """Grids beside a field worker's own ones, by code, and every department."""
    own = areas.areas_at(actor.area_paths)
    return grids_beside([grid.pk for grid in own], now=now), departments()


def choices_of(dispute: Dispute, actor: Actor, *, now: datetime) -> tuple[list[Area], list[Department]]:
    """Where an arbiter may send the case: grids beside it in the actor's areas, and departments where the street rules.

    The proposed grid stands first, then the nearest.
    """
    case = dispute.case
    lon, lat = case.location.coords
    beside = (
        [one.boundary.area for one in neighbours_at(dispute.boundary, (lon, lat), now=now)] if dispute.boundary else []
    )
    own = [case.grid] if case.department_id and case.grid else []
    proposed = [dispute.other_grid] if dispute.other_grid else []
    grids = {grid.pk: grid for grid in (*proposed, *own, *beside) if actor.covers(grid.path)}
    return list(grids.values()), departments() if actor.covers(street_of(case.area_path)) else []
